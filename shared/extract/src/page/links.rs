//! The feeds and articles that a page links to.

use std::collections::HashSet;

use dom_query::Document;
use url::Url;

use super::print::is_print_url;

const MAX_FEEDS: usize = 32;
const MAX_LINKS: usize = 500;
/// The most anchors that are examined. Further ones are navigation.
const MAX_ANCHORS: usize = 10_000;

const FEED_TYPES: [&str; 7] = [
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/x-rss+xml",
    "application/xml",
    "text/xml",
];

/// The ends of the paths of feeds.
const FEED_ENDS: [&str; 8] =
    ["/feed", "/rss", "/atom", ".rss", ".rdf", ".atom", "/feed.xml", "/feed.json"];

/// First or second path segments below which no article stands.
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

/// Returns the feeds that a page announces, absolute, each once. Returns those that it links to on
/// the same site if it announces none. Feeds of comments are left out.
pub(super) fn feeds(document: &Document, url: &Url, base: &Url) -> Vec<Url> {
    let links = document.select("link[rel~='alternate'][href], link[rel~='feed'][href]");
    let announced = links.iter().filter(|link| match link.attr("type") {
        Some(media) => FEED_TYPES.contains(&media.trim().to_ascii_lowercase().as_str()),
        None => link.attr_or("rel", "").contains("feed"),
    });
    let announced = announced.filter_map(|link| http(base, &link.attr("href")?));
    let announced = each_once(announced.filter(|feed| !is_of_comments(feed)), MAX_FEEDS);
    if announced.is_empty() { linked_feeds(document, base, url) } else { announced }
}

fn linked_feeds(document: &Document, base: &Url, url: &Url) -> Vec<Url> {
    let anchors = document.select("a[href]");
    let links =
        anchors.iter().take(MAX_ANCHORS).filter_map(|anchor| http(base, &anchor.attr("href")?));
    let feeds = links.filter(|link| is_same_site(link, url) && looks_like_feed(link));
    each_once(feeds.filter(|feed| !is_of_comments(feed)), MAX_FEEDS)
}

fn looks_like_feed(url: &Url) -> bool {
    let path = url.path().trim_end_matches('/').to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_xml = name.ends_with(".xml") && (name.contains("rss") || name.contains("atom"));
    is_xml || FEED_ENDS.iter().any(|end| path.ends_with(end))
}

fn is_of_comments(feed: &Url) -> bool {
    feed.path().split('/').any(|part| part.eq_ignore_ascii_case("comments"))
}

/// Returns the links of the same site that look like articles, absolute, each once. Links to print
/// views are left out, since they repeat an article.
pub(super) fn articles(document: &Document, url: &Url, base: &Url) -> Vec<Url> {
    let anchors = document.select("a[href]");
    let links =
        anchors.iter().take(MAX_ANCHORS).filter_map(|anchor| http(base, &anchor.attr("href")?));
    let articles = links
        .filter(|link| is_same_site(link, url) && looks_like_article(link) && !is_print_url(link));
    each_once(
        articles.filter(|link| link.path() != url.path() || link.query() != url.query()),
        MAX_LINKS,
    )
}

/// Returns the URL against which a page's relative links are resolved.
pub(super) fn base(document: &Document, url: &Url) -> Url {
    let declared = document.select_single("base[href]").attr("href");
    let declared = declared.and_then(|href| http(url, &href));
    declared.unwrap_or_else(|| url.clone())
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

/// Returns true if the hosts are the same apart from `www.`, or if one is below the other.
fn is_same_site(link: &Url, url: &Url) -> bool {
    let bare = |url: &Url| url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
    let (link, own) = (bare(link), bare(url));
    link == own || link.ends_with(&format!(".{own}")) || own.ends_with(&format!(".{link}"))
}

/// Returns true if the path has a slug of several words, a long number, or a date.
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

/// Returns true if the path has a year, a month, and a segment after them.
fn has_date(segments: &[&str]) -> bool {
    segments.windows(3).any(|parts| {
        let year = parts[0].parse().is_ok_and(|year: u32| (1990..2100).contains(&year));
        year && parts[1].parse().is_ok_and(|month: u32| (1..=12).contains(&month))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feeds_of(html: &str) -> Vec<String> {
        let url = "https://a.example/section/".parse().unwrap();
        feeds(&Document::from(html), &url, &url).into_iter().map(String::from).collect()
    }

    #[test]
    fn announced_feeds_count_but_for_those_of_comments() {
        let html = "<link rel=alternate type=application/rss+xml href=/feed/>\
            <link rel='alternate' type='application/rss+xml' href='/comments/feed/'>\
            <link rel=alternate type=application/json href=/wp-json/1>\
            <link rel=alternate hreflang=de href=/de/><link rel=feed href=all.atom>\
            <link rel='ALTERNATE' type='Application/Atom+XML ' href='//a.example/atom'><a href=/rss>RSS</a>";
        let found = feeds_of(html);
        assert!(found.contains(&"https://a.example/feed/".to_owned()), "{found:?}");
        assert!(found.contains(&"https://a.example/section/all.atom".to_owned()), "{found:?}");
        assert!(!found.iter().any(|feed| feed.contains("comments") || feed.contains("json")));
        assert!(!found.iter().any(|feed| feed.ends_with("/rss")), "announced is enough");
    }

    #[test]
    fn without_any_the_linked_ones_are_tried() {
        let html = "<a href=/rss/>RSS</a><a href=x/news-rss.xml>x</a><a href=https://other.example/feed>o</a>\
            <a href=/comments/feed>c</a><a href=/feedback>f</a><a href=/story.xml>s</a>";
        assert_eq!(
            feeds_of(html),
            ["https://a.example/rss/", "https://a.example/section/x/news-rss.xml"]
        );
    }

    #[test]
    fn relative_links_start_at_the_base_that_a_page_declares() {
        let url: Url = "https://a.example/x/y?z=1".parse().unwrap();
        for (head, expected) in [
            ("<base href=https://a.example/en/>", "https://a.example/en/"),
            ("<base href=/de/>", "https://a.example/de/"),
            ("<base target=_top><base href=up/>", "https://a.example/x/up/"),
            ("<base href=data:text/html,x>", "https://a.example/x/y?z=1"),
            ("<base href='http://['>", "https://a.example/x/y?z=1"),
            ("", "https://a.example/x/y?z=1"),
        ] {
            assert_eq!(base(&Document::from(head), &url).as_str(), expected, "{head}");
        }
    }
}
