//! The canonical form of an article's URL.

use courant_article::CanonicalUrl;
use url::Url;

use crate::{domain, percent, tracking};

/// A longer URL is refused: no article's address needs it.
pub const MAX_URL_BYTES: usize = 4096;

/// Why a text is not the URL of an article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Longer than [`MAX_URL_BYTES`].
    #[error("the URL has {0} bytes, more than {MAX_URL_BYTES}")]
    TooLong(usize),
    /// Not a URL at all.
    #[error("not a URL: {0}")]
    Syntax(#[from] url::ParseError),
    /// Another scheme than http and https.
    #[error("the scheme is {0:?}, not http or https")]
    Scheme(String),
    /// A host that is empty once its trailing dots are gone.
    #[error("the URL has no host")]
    NoHost,
}

/// The canonical form of `url`, which may have white space around it.
///
/// - http becomes https where the port is the default one: no publisher serves
///   two different articles under one address that differ in the scheme alone,
///   and feeds and sitemaps mix both. A port in the URL keeps its scheme.
/// - The host is lower-case, in its ASCII form, without trailing dots. `www.`
///   stays: a bare host may be another site.
/// - User name, password and fragment go. A fragment that starts with `!` or
///   `/` stays: single-page sites name their articles with it.
/// - Tracking parameters and session ids go; the others are sorted by name
///   where all are `name=value`, and keep their order among equal names.
/// - Percent-encoding is upper-case, and only where it is needed. The path's
///   case, doubled slashes and trailing slash stay.
///
/// Idempotent: the canonical form of a canonical URL is that URL.
///
/// # Errors
/// [`InvalidUrl`] says which part cannot be an article's URL.
pub fn canonicalize(url: &str) -> Result<CanonicalUrl, InvalidUrl> {
    let url = parse(url)?;
    let host = url.host_str().ok_or(InvalidUrl::NoHost)?;
    let scheme = if url.port().is_none() { "https" } else { url.scheme() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = tracking::without_session(&percent::normalized(url.path()));
    let query = url.query().and_then(tracking::significant_query).unwrap_or_default();
    let fragment = url.fragment().and_then(routing_fragment).unwrap_or_default();
    Ok(CanonicalUrl::from_canonical(format!("{scheme}://{host}{port}{path}{query}{fragment}")))
}

/// The canonical URL of a page: what it declares, where that counts, else where
/// it was fetched.
///
/// `declared` may be relative to `fetched`. It counts only within the registered
/// domain of `fetched`: else any page could overwrite another publisher's
/// article. A site's home page does not count for a page below it: that is a
/// template's mistake, and would merge the whole site into one article.
///
/// # Errors
/// [`InvalidUrl`] for `fetched`; a wrong `declared` is passed over.
pub fn canonical_url(fetched: &str, declared: Option<&str>) -> Result<CanonicalUrl, InvalidUrl> {
    let own = canonicalize(fetched)?;
    Ok(declared.and_then(|declared| credible(&own, fetched, declared)).unwrap_or(own))
}

fn credible(own: &CanonicalUrl, fetched: &str, declared: &str) -> Option<CanonicalUrl> {
    let absolute = parse(fetched).ok()?.join(declared.trim()).ok()?;
    let declared = canonicalize(absolute.as_str()).ok()?;
    let same_domain = domain::registered_domain(&declared) == domain::registered_domain(own);
    let swallows_the_site = is_home(&declared) && !is_home(own);
    (same_domain && !swallows_the_site).then_some(declared)
}

fn is_home(url: &CanonicalUrl) -> bool {
    Url::parse(url.as_str())
        .is_ok_and(|url| url.path() == "/" && url.query().is_none() && url.fragment().is_none())
}

fn parse(url: &str) -> Result<Url, InvalidUrl> {
    let url = url.trim();
    if url.len() > MAX_URL_BYTES {
        return Err(InvalidUrl::TooLong(url.len()));
    }
    let url = Url::parse(url)?;
    match url.scheme() {
        "http" | "https" => without_trailing_dots(url),
        other => Err(InvalidUrl::Scheme(other.to_owned())),
    }
}

/// The host is parsed again: `0.` is a name, `0` is an address.
fn without_trailing_dots(mut url: Url) -> Result<Url, InvalidUrl> {
    let host = url.host_str().unwrap_or_default();
    let trimmed = host.trim_end_matches('.').to_owned();
    if trimmed.is_empty() {
        return Err(InvalidUrl::NoHost);
    }
    if trimmed.len() < host.len() {
        url.set_host(Some(&trimmed))?;
    }
    Ok(url)
}

fn routing_fragment(fragment: &str) -> Option<String> {
    (fragment.len() > 1 && fragment.starts_with(['!', '/']))
        .then(|| format!("#{}", percent::normalized(fragment)))
}

#[cfg(test)]
mod tests;
