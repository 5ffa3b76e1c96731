//! The publisher that answers for a URL.

use courant_article::{CanonicalUrl, registered_domain};
use url::Url;

/// Domains below which anybody may publish and that the Public Suffix List lacks.
const BLOG_HOSTS: [&str; 8] = [
    "beehiiv.com",
    "livejournal.com",
    "medium.com",
    "over-blog.com",
    "substack.com",
    "tumblr.com",
    "typepad.com",
    "wordpress.com",
];

/// Returns true if one publisher answers for both URLs: they share the registered domain,
/// and the whole host too if that domain lends its names to anybody.
pub(crate) fn share_a_publisher(one: &CanonicalUrl, other: &CanonicalUrl) -> bool {
    let domain = registered_domain(one);
    let host = |url: &CanonicalUrl| {
        Url::parse(url.as_str()).ok().and_then(|url| url.host_str().map(str::to_owned))
    };
    domain == registered_domain(other)
        && (!BLOG_HOSTS.contains(&domain.as_str()) || host(one) == host(other))
}
