//! The canonical form of an article's URL.

use courant_article::CanonicalUrl;
use url::Url;

use crate::percent::{self, Part};
use crate::slug::names_an_article;
use crate::{publisher, tracking};

mod amp;
mod host;
mod path;
mod wrapper;

/// A longer URL is refused: no article's address needs it.
pub const MAX_URL_BYTES: usize = courant_article::MAX_URL_BYTES;

/// The most rewritings of one URL: each takes what the one before it left behind. The second
/// mostly finds nothing to do. Also the most AMP viewers around one another.
const MAX_ROUNDS: usize = 16;

/// Why a text is not the URL of an article.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// Longer than [`MAX_URL_BYTES`], as it is or in canonical form.
    #[error("the URL has {0} bytes, more than {MAX_URL_BYTES}")]
    TooLong(usize),
    /// Not a URL at all.
    #[error("not a URL: {}", fault(*.0))]
    Syntax(#[from] url::ParseError),
    /// Another scheme than http and https.
    #[error("the scheme is {0:?}, not http or https")]
    Scheme(String),
    /// A host that is empty once its trailing dots are gone.
    #[error("the URL has no host")]
    NoHost,
    /// URLs within URLs, deeper than any reader's link.
    #[error("the URL wraps others more than {MAX_ROUNDS} times")]
    Nested,
}

/// Returns the fault of a URL in the words of its writer.
fn fault(error: url::ParseError) -> String {
    match error {
        url::ParseError::RelativeUrlWithoutBase => "it has no scheme, such as https://".to_owned(),
        error => error.to_string(),
    }
}

/// The canonical form of `url`, which may have white space around it.
///
/// It names the article: it is not where to fetch it, since a site may serve its
/// pages under `www.` alone.
///
/// - An AMP cache's or viewer's URL becomes the one it shows, and a link that counts clicks (of
///   Google, Facebook, Tumblr, …) the one that it names.
/// - http becomes https where the port is the default one: no publisher serves
///   two different articles under one address that differ in the scheme alone,
///   and feeds and sitemaps mix both. A port in the URL keeps its scheme.
/// - The host is lower-case, in its ASCII form, without trailing dots, and
///   without the labels `www`, `m`, `mobil`, `mobile`, `touch` and `amp` in front
///   of a registered domain: they choose how a page looks. `www2` stays.
/// - User name, password and fragment go. A fragment stays that starts with `!`
///   or `/`, or that all of a home page's address hangs on: single-page sites
///   name their articles with it.
/// - From the path go session ids, AMP markers, doubled slashes, an `index.html`
///   and the trailing slash; its case stays.
/// - Tracking parameters and session ids go; the others are sorted by name
///   where all are `name=value`, and keep their order among equal names.
/// - Percent-encoding is upper-case, and only where it is needed.
///
/// Idempotent: the canonical form of a canonical URL is that URL.
///
/// # Errors
/// [`InvalidUrl`] says which part cannot be an article's URL.
pub fn canonicalize(url: &str) -> Result<CanonicalUrl, InvalidUrl> {
    let mut form = rewritten(parse(url)?)?;
    for _ in 0..MAX_ROUNDS {
        let next = rewritten(parse(&form)?)?;
        if next == form {
            return Ok(CanonicalUrl::from_canonical(form));
        }
        form = next;
    }
    Err(InvalidUrl::Nested)
}

fn rewritten(url: Url) -> Result<String, InvalidUrl> {
    let url = unwrapped(url)?;
    let host = host::canonical(url.host_str().ok_or(InvalidUrl::NoHost)?);
    let scheme = if url.port().is_none() { "https" } else { url.scheme() };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = path::canonical(url.path());
    let query = url.query().and_then(|query| tracking::significant_query(&path, query));
    let path = if query.is_none() { path::without_index(&path) } else { &path };
    let is_home = path == "/" && query.is_none();
    let fragment = url.fragment().and_then(|fragment| routing_fragment(fragment, is_home));
    let (query, fragment) = (query.unwrap_or_default(), fragment.unwrap_or_default());
    Ok(format!("{scheme}://{host}{port}{path}{query}{fragment}"))
}

/// Returns the URL that an AMP cache or viewer shows or that a link with a counter names, even
/// inside others; `url` itself if it is none of these.
///
/// # Errors
/// [`InvalidUrl`] where what it names is none, or is wrapped too often.
pub fn unwrapped(mut url: Url) -> Result<Url, InvalidUrl> {
    for _ in 0..MAX_ROUNDS {
        let Some(origin) = amp::origin(&url).or_else(|| wrapper::origin(&url)) else {
            return Ok(url);
        };
        url = parse(&origin)?;
    }
    Err(InvalidUrl::Nested)
}

/// The canonical URL of a page: what it declares, where that counts, else where
/// it was fetched.
///
/// `declared` may be relative to `fetched`. It counts only within the registered
/// domain of `fetched`, and on a host of blogs within the blog: else any page
/// could overwrite another publisher's article. Passed over are two mistakes of templates, which would merge all of
/// a site's articles into one: the home page for a page below it, and the bare
/// script (`/view.php`) for a page that its query names (`/view.php?id=7`).
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
    let may_speak = publisher::share_a_publisher(&declared, own);
    (may_speak && !swallows_others(&declared, own)).then_some(declared)
}

/// Returns true if `declared` would also stand for pages other than `own`.
fn swallows_others(declared: &CanonicalUrl, own: &CanonicalUrl) -> bool {
    let (Ok(declared), Ok(own)) = (Url::parse(declared.as_str()), Url::parse(own.as_str())) else {
        return true;
    };
    let is_home =
        |url: &Url| url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let drops_the_query = own.query().is_some() && declared.query().is_none();
    let is_bare_script = declared.path() == own.path() && !names_an_article(own.path());
    (is_home(&declared) && !is_home(&own)) || (drops_the_query && is_bare_script)
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

/// The fragment with its `#`, if it chooses what is shown.
fn routing_fragment(fragment: &str, is_home: bool) -> Option<String> {
    let is_route = fragment.starts_with(['!', '/']) || (is_home && fragment.contains(['/', '=']));
    (is_route && fragment.len() > 1)
        .then(|| format!("#{}", percent::normalized(fragment, Part::Path)))
}

#[cfg(test)]
mod tests;
