//! Where a page leads.

use std::collections::HashSet;

use dom_query::Document;
use url::Url;

const MAX_FEEDS: usize = 32;
const MAX_LINKS: usize = 500;
/// Anchors looked at; more are navigation.
const MAX_ANCHORS: usize = 10_000;

const FEED_TYPES: [&str; 5] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "text/xml",
];

/// First or second path segments that no article stands under.
const SECTIONS_WITHOUT_ARTICLES: [&str; 25] = [
    "about",
    "account",
    "archive",
    "author",
    "authors",
    "autor",
    "cart",
    "category",
    "contact",
    "feed",
    "help",
    "impressum",
    "login",
    "newsletter",
    "page",
    "print",
    "privacy",
    "register",
    "search",
    "shop",
    "subscribe",
    "tag",
    "tags",
    "terms",
    "topic",
];

/// The feeds that a page announces, absolute, each once.
pub(super) fn feeds(document: &Document, url: &Url) -> Vec<Url> {
    let base = base(document, url);
    let links = document.select("link[rel~='alternate'][href][type]");
    let announced = links.iter().filter(|link| {
        let media = link.attr_or("type", "").trim().to_ascii_lowercase();
        FEED_TYPES.contains(&media.as_str())
    });
    each_once(announced.filter_map(|link| http(&base, &link.attr("href")?)), MAX_FEEDS)
}

/// Links of the same site that look like articles, absolute, each once.
pub(super) fn articles(document: &Document, url: &Url) -> Vec<Url> {
    let base = base(document, url);
    let anchors = document.select("a[href]");
    let links =
        anchors.iter().take(MAX_ANCHORS).filter_map(|anchor| http(&base, &anchor.attr("href")?));
    let articles = links.filter(|link| is_same_site(link, url) && looks_like_article(link));
    each_once(
        articles.filter(|link| link.path() != url.path() || link.query() != url.query()),
        MAX_LINKS,
    )
}

fn base(document: &Document, url: &Url) -> Url {
    let declared = document.select_single("base[href]").attr("href");
    declared.and_then(|href| url.join(&href).ok()).unwrap_or_else(|| url.clone())
}

fn http(base: &Url, href: &str) -> Option<Url> {
    let mut url = base.join(href.trim()).ok()?;
    url.set_fragment(None);
    matches!(url.scheme(), "http" | "https").then_some(url)
}

fn each_once(urls: impl Iterator<Item = Url>, limit: usize) -> Vec<Url> {
    let mut seen = HashSet::new();
    urls.filter(|url| seen.insert(url.clone())).take(limit).collect()
}

/// The same host but for `www.`, or one below the other.
fn is_same_site(link: &Url, url: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let (link, own) = (bare(link), bare(url));
    link == own || link.ends_with(&format!(".{own}")) || own.ends_with(&format!(".{link}"))
}

/// A slug of several words, a long number, or a date in the path.
fn looks_like_article(url: &Url) -> bool {
    let segments: Vec<&str> =
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let Some(last) = segments.last() else { return false };
    let is_section = segments.iter().take(2).any(|part| SECTIONS_WITHOUT_ARTICLES.contains(part));
    let digits = last.bytes().filter(u8::is_ascii_digit).count();
    let words = last.split(['-', '_']).filter(|word| !word.is_empty()).count();
    let is_slug =
        words >= 4 || (words >= 2 && digits >= 4) || digits >= 6 || last.matches('%').count() >= 12;
    !is_section && !is_file(last) && (is_slug || has_date(&segments))
}

fn is_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map_or("", |parts| parts.1).to_ascii_lowercase();
    let is_page = matches!(
        extension.as_str(),
        "" | "html" | "htm" | "php" | "aspx" | "shtml" | "jsp" | "ece" | "cms" | "amp"
    );
    !is_page && extension.len() <= 4 && extension.bytes().all(|c| c.is_ascii_alphanumeric())
}

/// A year and a month, and something behind them.
fn has_date(segments: &[&str]) -> bool {
    segments.windows(3).any(|parts| {
        let year = parts[0].parse().is_ok_and(|year: u32| (1990..2100).contains(&year));
        year && parts[1].parse().is_ok_and(|month: u32| (1..=12).contains(&month))
    })
}
