//! The kind of a source, as its first bytes show it.

use super::lists::is_http;
use crate::charset::{self, Site};
use crate::packing;

const SNIFF_BYTES: usize = 8192;

/// The kind of content in a file or a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// RSS, Atom, CDF or JSON Feed.
    Feed,
    /// A sitemap or an index of sitemaps in XML.
    Sitemap,
    /// An OPML outline of feeds.
    Opml,
    /// A web page.
    Html,
    /// One URL on each line.
    UrlList,
    /// A web archive.
    Warc,
    /// One JSON object on each line.
    Jsonl,
    /// None of these.
    Unknown,
}

/// Returns the kind of `bytes`, from which the start is enough. `content_type` is that of an HTTP
/// response. `name` is a path or URL, and may be empty. Both count only if the bytes leave the kind
/// open, since servers and extensions are often wrong.
pub fn kind(bytes: &[u8], content_type: Option<&str>, name: &str) -> Kind {
    let start = packing::unpacked(bytes, None, SNIFF_BYTES).bytes;
    if start.starts_with(b"WARC/") {
        return Kind::Warc;
    }
    let text = charset::decode(&start, None, Site::default());
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    by_text(text, &extension(name)).unwrap_or_else(|| by_name(content_type, &extension(name)))
}

fn by_text(text: &str, extension: &str) -> Option<Kind> {
    match text.chars().next()? {
        '<' => by_root(text),
        '{' if text.contains("jsonfeed.org/version") => Some(Kind::Feed),
        '{' if matches!(extension, "jsonl" | "ndjson") => Some(Kind::Jsonl),
        '{' => first_line_is_json(text).then_some(Kind::Jsonl),
        _ => is_url_list(text).then_some(Kind::UrlList),
    }
}

/// Tells the kind by the first element after declarations, comments and the doctype.
fn by_root(text: &str) -> Option<Kind> {
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if rest.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("!doctype htm")) {
            return Some(Kind::Html);
        } else if rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return root_kind(rest);
        }
    }
    None
}

fn root_kind(rest: &str) -> Option<Kind> {
    let name = rest.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
    let local = name.rsplit(':').next()?.to_ascii_lowercase();
    match local.as_str() {
        // A `channel` is the root of the Channel Definition Format.
        "rss" | "feed" | "rdf" | "channel" => Some(Kind::Feed),
        "entry" if rest.contains("http://www.w3.org/2005/Atom") => Some(Kind::Feed),
        "urlset" | "sitemapindex" => Some(Kind::Sitemap),
        "opml" => Some(Kind::Opml),
        "html" | "head" | "body" | "meta" | "title" | "script" | "div" | "p" => Some(Kind::Html),
        _ => None,
    }
}

fn first_line_is_json(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    line.len() == text.trim_end().len() && text.len() >= SNIFF_BYTES
        || serde_json::from_str::<serde_json::Map<_, _>>(line).is_ok()
}

/// Returns true if the first two lines are URLs. Blank lines and comments do not count.
fn is_url_list(text: &str) -> bool {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(is_http) && lines.next().is_none_or(is_http)
}

fn extension(name: &str) -> String {
    let name = name.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    name.rsplit('/')
        .next()
        .and_then(|file| file.rsplit_once('.'))
        .map_or("", |parts| parts.1)
        .to_owned()
}

fn by_name(content_type: Option<&str>, extension: &str) -> Kind {
    let media = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    match (media.to_ascii_lowercase().as_str(), extension) {
        ("text/html" | "application/xhtml+xml", _) | (_, "html" | "htm" | "xhtml") => Kind::Html,
        ("application/warc", _) | (_, "warc") => Kind::Warc,
        (_, "jsonl" | "ndjson") => Kind::Jsonl,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_decide() {
        for (bytes, expected) in [
            ("<?xml version='1.0'?><!-- x --><rss version='2.0'>", Kind::Feed),
            ("\u{feff}\n<feed xmlns='http://www.w3.org/2005/Atom'>", Kind::Feed),
            ("<rdf:RDF xmlns:rdf='x'>", Kind::Feed),
            ("<?xml version='1.0'?><!DOCTYPE Channel SYSTEM 'x'>\n<CHANNEL HREF='x'>", Kind::Feed),
            ("{\"version\": \"https://jsonfeed.org/version/1.1\"", Kind::Feed),
            ("<?xml version='1.0'?><urlset>", Kind::Sitemap),
            ("<ns:sitemapindex>", Kind::Sitemap),
            ("<opml version='1.0'>", Kind::Opml),
            ("<!DOCTYPE html><rss>", Kind::Html),
            ("<HTML lang=en>", Kind::Html),
            ("https://a.example/1\nhttps://a.example/2", Kind::UrlList),
            ("# mine\nhttps://a.example/1", Kind::UrlList),
            ("WARC/1.1\r\nWARC-Type: warcinfo", Kind::Warc),
            ("{\"url\":\"https://a.example\",\"text\":\"x\"}\n{", Kind::Jsonl),
            ("just text", Kind::Unknown),
            ("", Kind::Unknown),
        ] {
            assert_eq!(kind(bytes.as_bytes(), Some("text/plain"), "x"), expected, "{bytes}");
        }
    }

    #[test]
    fn names_and_types_fill_the_gaps() {
        assert_eq!(kind(b"<article>x", Some("text/html; charset=utf-8"), ""), Kind::Html);
        assert_eq!(kind(b"Hello", None, "https://a.example/x/page.html?y=1"), Kind::Html);
        assert_eq!(kind(b"<article>x", None, ""), Kind::Unknown);
    }
}
