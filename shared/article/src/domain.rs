//! The part of a host name that someone registered, by the Public Suffix List.

use std::net::IpAddr;

use url::Url;

use crate::CanonicalUrl;

/// The registered domain of `url` by the Public Suffix List: `bbc.co.uk` for
/// `news.bbc.co.uk`. The whole host where it is an address or itself a suffix.
///
/// The list's private section counts: whoever writes `one.blogspot.com` is
/// another publisher than `two.blogspot.com`, may not speak for it, and waits in
/// a queue of its own at the crawler. Below a suffix that nobody listed, the last
/// two labels are the domain.
pub fn registered_domain(url: &CanonicalUrl) -> String {
    Url::parse(url.as_str())
        .ok()
        .and_then(|url| url.host_str().map(registered_domain_of))
        .unwrap_or_default()
}

/// The registered domain of a host name; see [`registered_domain`].
pub fn registered_domain_of(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(&host).map_or(host.clone(), str::to_owned)
}

/// The public suffix of a host name, below which names are registered: `co.uk` for
/// `news.bbc.co.uk`.
pub fn public_suffix_of(host: &str) -> Option<&str> {
    psl::suffix_str(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_suffix_decides() {
        for (host, domain) in [
            ("www.example.com", "example.com"),
            ("News.BBC.co.uk.", "bbc.co.uk"),
            ("someone.github.io", "someone.github.io"),
            ("www.one.blogspot.com", "one.blogspot.com"),
            ("one.wordpress.com", "wordpress.com"),
            ("harbour-courier.example", "harbour-courier.example"),
            ("www.valley-ledger.example", "valley-ledger.example"),
            ("co.uk", "co.uk"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(registered_domain_of(host), domain, "{host}");
        }
    }
}
