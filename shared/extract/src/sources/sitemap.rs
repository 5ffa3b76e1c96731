//! Sitemaps in XML with the news extension, sitemap indexes and plain lists, with or without gzip.
//! Written by hand as a short walk over the tolerant XML reader that feeds need, too.

use std::ops::ControlFlow;

use courant_article::PublishedAt;
use url::Url;

use super::feed;
use crate::charset::{self, Site};
use crate::page::iso_639_1;
use crate::xml::{Node, local, walk};
use crate::{date, gzip};

/// The most bytes of a sitemap, uncompressed, as sitemaps.org allows. A compressed file is read up
/// to this limit.
pub const MAX_SITEMAP_BYTES: usize = 50 * 1024 * 1024;
/// The most pages, and the most sitemaps, that one file may name. The protocol sets this limit.
const MAX_URLS: usize = 50_000;
const MAX_TITLE_CHARS: usize = 500;

/// The URLs in a sitemap, in the order of their worth, so that archives of a million pages delay no
/// article. News comes before other pages. Within each, the latest change comes first. URLs without
/// a date come last, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sitemap {
    /// Pages of the site.
    pub pages: Vec<SitemapPage>,
    /// Further sitemaps, if the file is an index.
    pub sitemaps: Vec<SitemapPage>,
}

/// One URL of a sitemap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitemapPage {
    /// The address of the page or sitemap.
    pub url: Url,
    /// The time of the last change, as the site states it.
    pub last_modified: Option<PublishedAt>,
    /// The headline in the news extension.
    pub news_title: Option<String>,
    /// The publishing date in the news extension.
    pub news_published: Option<PublishedAt>,
    /// The language of the publication in the news extension, ISO 639-1.
    pub news_language: Option<String>,
}

/// The reasons why bytes are no sitemap.
#[derive(Debug, thiserror::Error)]
pub enum SitemapError {
    /// The sitemap is larger than [`MAX_SITEMAP_BYTES`].
    #[error("the sitemap has {0} bytes, more than {MAX_SITEMAP_BYTES}")]
    TooLarge(usize),
    /// The bytes are compressed and cannot be decompressed.
    #[error("the sitemap's gzip stream is broken")]
    Gzip,
    /// The document is not XML, and no URL was found before the fault.
    #[error("the sitemap is not XML")]
    Xml(#[from] quick_xml::Error),
    /// The document is neither a sitemap in XML nor a list of URLs.
    #[error("the document is neither a sitemap nor a list of URLs")]
    Unknown,
}

/// Reads a sitemap in XML, a plain list, or a feed, as the protocol allows. A sitemap that breaks
/// off in the middle gives the entries before the break. Entries without an http or https URL are
/// ignored.
///
/// # Errors
/// [`SitemapError`] if no part of the bytes is a sitemap.
pub fn sitemap(bytes: &[u8]) -> Result<Sitemap, SitemapError> {
    if bytes.len() > MAX_SITEMAP_BYTES {
        return Err(SitemapError::TooLarge(bytes.len()));
    }
    let inflated;
    let bytes = if gzip::is_gzip(bytes) {
        inflated = gzip::inflate(bytes, MAX_SITEMAP_BYTES).ok_or(SitemapError::Gzip)?;
        inflated.as_slice()
    } else {
        bytes
    };
    let text = charset::decode(bytes, None, Site::default());
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let found = if text.starts_with('<') { xml(text) } else { plain(text) };
    let found = found.or_else(|error| of_feed(bytes).ok_or(error))?;
    Ok(newest_first(found))
}

/// Returns the pages that a feed names.
fn of_feed(bytes: &[u8]) -> Option<Sitemap> {
    let entries = feed(bytes, None, None).ok()?.entries.into_iter();
    let pages = entries.filter_map(|entry| {
        let url = http_url(entry.url.as_deref()?)?;
        let news_title = entry.headline().as_deref().and_then(title);
        let last_modified = entry.updated_at.or_else(|| entry.published_at.clone());
        let news_published = entry.published_at;
        Some(SitemapPage { last_modified, news_title, news_published, ..SitemapPage::at(url) })
    });
    Some(Sitemap { pages: pages.collect(), sitemaps: Vec::new() })
}

fn newest_first(mut found: Sitemap) -> Sitemap {
    for list in [&mut found.pages, &mut found.sitemaps] {
        list.sort_by_cached_key(SitemapPage::rank);
    }
    found
}

fn plain(text: &str) -> Result<Sitemap, SitemapError> {
    let lines = text.lines().filter_map(|line| http_url(line.trim()));
    let pages: Vec<_> = lines.take(MAX_URLS).map(SitemapPage::at).collect();
    if pages.is_empty() {
        return Err(SitemapError::Unknown);
    }
    Ok(Sitemap { pages, sitemaps: Vec::new() })
}

fn xml(text: &str) -> Result<Sitemap, SitemapError> {
    let mut reading = Reading::default();
    let walked = walk(text, |node| reading.visit(node));
    match walked {
        Err(error) if reading.is_empty() => Err(error.into()),
        _ if !reading.has_root => Err(SitemapError::Unknown),
        _ => Ok(reading.found),
    }
}

impl SitemapPage {
    fn at(url: Url) -> Self {
        Self {
            url,
            last_modified: None,
            news_title: None,
            news_published: None,
            news_language: None,
        }
    }

    /// Returns the sort key; a lower one comes earlier. News comes before other pages, and new
    /// pages before old ones. An index shows a news sitemap by its name.
    fn rank(&self) -> (bool, i64) {
        let is_news = self.news_title.is_some() || self.news_published.is_some();
        let is_news =
            is_news || self.url.path().contains("news") && self.url.path().ends_with(".xml");
        let changed = [&self.news_published, &self.last_modified];
        let changed = changed.into_iter().flatten().map(PublishedAt::unix_seconds).max();
        (!is_news, changed.map_or(i64::MAX, |seconds| -seconds))
    }
}

/// The state of the walk through one sitemap.
#[derive(Default)]
struct Reading {
    found: Sitemap,
    has_root: bool,
    /// The prefix of the entry's element. `image:loc` is not `loc`.
    prefix: String,
    in_news: bool,
    /// True if this entry has had no `loc` yet. Some files write the URL without one.
    is_bare: bool,
    url: Option<Url>,
    last_modified: Option<PublishedAt>,
    title: Option<String>,
    published: Option<PublishedAt>,
    language: Option<String>,
    text: String,
}

impl Reading {
    fn is_empty(&self) -> bool {
        self.found.pages.is_empty() && self.found.sitemaps.is_empty()
    }

    fn visit(&mut self, node: Node<'_>) -> ControlFlow<()> {
        match node {
            Node::Start(name, _) => self.start(name),
            Node::Text(text) => self.text.push_str(text),
            Node::End(name) => self.end(name),
        }
        let is_full = self.found.pages.len() >= MAX_URLS || self.found.sitemaps.len() >= MAX_URLS;
        if is_full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn start(&mut self, name: &str) {
        self.text.clear();
        match local(name) {
            ("urlset" | "sitemapindex", _) => self.has_root = true,
            ("url" | "sitemap", prefix) => {
                prefix.clone_into(&mut self.prefix);
                self.is_bare = true;
            }
            ("news", _) => self.in_news = true,
            ("loc", _) => self.is_bare = false,
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        let (name, prefix) = local(name);
        let is_own = prefix == self.prefix;
        if self.is_bare && matches!(name, "url" | "sitemap") {
            self.url = http_url(self.text.trim());
        }
        match name {
            "loc" if is_own => self.url = http_url(self.text.trim()),
            "lastmod" if is_own => self.last_modified = date::published_at(&self.text),
            "title" if self.in_news => self.title = title(&self.text),
            "publication_date" if self.in_news => self.published = date::published_at(&self.text),
            "language" if self.in_news => self.language = iso_639_1(&self.text),
            "news" => self.in_news = false,
            "url" if is_own => self.take_entry().into_iter().for_each(|e| self.found.pages.push(e)),
            "sitemap" if is_own => {
                self.take_entry().into_iter().for_each(|e| self.found.sitemaps.push(e));
            }
            _ => {}
        }
    }

    fn take_entry(&mut self) -> Option<SitemapPage> {
        self.in_news = false;
        let (last_modified, news_title) = (self.last_modified.take(), self.title.take());
        let (news_published, news_language) = (self.published.take(), self.language.take());
        let url = self.url.take()?;
        Some(SitemapPage { url, last_modified, news_title, news_published, news_language })
    }
}

fn title(text: &str) -> Option<String> {
    let title: String = text.trim().chars().take(MAX_TITLE_CHARS).collect();
    (!title.is_empty()).then_some(title)
}

fn http_url(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    const NEWS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="n" xmlns:image="i" xmlns:video="v">
 <url><image:image><image:loc>https://a.example/picture.jpg</image:loc></image:image>
  <loc> https://a.example/one?x=1&amp;y=2 </loc><lastmod>2024-03-05T09:30:00+02:00</lastmod>
  <video:video><video:title>A film</video:title></video:video>
  <news:news><news:publication><news:name>N</news:name><news:language>zh-cn</news:language>
   </news:publication><news:publication_date>2024-03-05</news:publication_date>
   <news:title><![CDATA[One & only]]></news:title></news:news></url>
 <url><loc>/relative</loc></url>
 <url><loc>https://a.example/two</loc><lastmod>soon</lastmod></url>
</urlset>"#;

    #[test]
    fn a_news_sitemap_gives_pages_titles_and_dates() {
        let found = sitemap(NEWS.as_bytes()).unwrap();
        assert_eq!(found.pages.len(), 2);
        assert_eq!(found.pages[0].url.as_str(), "https://a.example/one?x=1&y=2");
        assert_eq!(found.pages[0].news_title.as_deref(), Some("One & only"));
        let modified = found.pages[0].last_modified.as_ref().unwrap();
        assert_eq!(modified.as_str(), "2024-03-05T09:30:00+02:00");
        assert_eq!(found.pages[0].news_published.as_ref().unwrap().as_str(), "2024-03-05");
        assert_eq!(found.pages[0].news_language.as_deref(), Some("zh"));
        assert_eq!(found.pages[1], SitemapPage::at("https://a.example/two".parse().unwrap()));
    }

    #[test]
    fn gzip_and_a_broken_end_are_read_as_far_as_they_go() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(NEWS.as_bytes()).unwrap();
        assert_eq!(sitemap(&gz.finish().unwrap()).unwrap(), sitemap(NEWS.as_bytes()).unwrap());
        let cut = &NEWS[..NEWS.find("<url><loc>https://a.example/two").unwrap() + 10];
        assert_eq!(sitemap(cut.as_bytes()).unwrap().pages.len(), 1);
    }

    #[test]
    fn an_index_names_sitemaps() {
        let index = r#"<s:sitemapindex xmlns:s="wrong"><s:sitemap><s:loc>https://a.example/1.xml.gz</s:loc>
            <s:lastmod>2024-03-05</s:lastmod></s:sitemap></s:sitemapindex>"#;
        let found = sitemap(index.as_bytes()).unwrap();
        assert_eq!(found.sitemaps[0].url.as_str(), "https://a.example/1.xml.gz");
        assert!(found.pages.is_empty());
    }

    #[test]
    fn news_and_new_things_come_first() {
        let page = |name: &str, rest: &str| {
            format!("<url><loc>https://a.example/{name}</loc>{rest}</url>")
        };
        let lastmod = |date: &str| format!("<lastmod>{date}</lastmod>");
        let news = "<n:news><n:publication_date>2020-01-01</n:publication_date></n:news>";
        let text = format!(
            "<urlset>{}{}{}{}{}</urlset>",
            page("undated", ""),
            page("old", &lastmod("2019-05-05")),
            page("new", &lastmod("2024-03-05T09:30:00Z")),
            page("undated-too", ""),
            page("news", news)
        );
        let found = sitemap(text.as_bytes()).unwrap();
        let paths: Vec<_> = found.pages.iter().map(|page| page.url.path()).collect();
        assert_eq!(paths, ["/news", "/new", "/old", "/undated", "/undated-too"]);
        let index = "<sitemapindex><sitemap><loc>https://a.example/archive-1.xml</loc></sitemap>\
            <sitemap>https://a.example/news.xml</sitemap></sitemapindex>";
        let found = sitemap(index.as_bytes()).unwrap();
        assert_eq!(found.sitemaps[0].url.path(), "/news.xml");
    }

    #[test]
    fn a_feed_is_a_sitemap_too() {
        let rss = b"<rss version='2.0'><channel><item><title>A &amp; B</title><link>https://a.example/1</link>
            <pubDate>Tue, 05 Mar 2024 09:30:00 +0200</pubDate></item><item><title>no link</title></item></channel></rss>";
        let found = sitemap(rss).unwrap();
        assert_eq!(found.pages.len(), 1);
        assert_eq!(found.pages[0].news_title.as_deref(), Some("A & B"));
        assert!(found.pages[0].news_published.is_some());
    }

    #[test]
    fn plain_lists_are_sitemaps_and_other_things_are_not() {
        let found = sitemap(b"\xef\xbb\xbfhttps://a.example/1\r\nhttps://a.example/2\r\n").unwrap();
        assert_eq!(found.pages.len(), 2);
        assert!(matches!(sitemap(b"hello"), Err(SitemapError::Unknown)));
        assert!(matches!(sitemap(b"<html><p>404</p></html>"), Err(SitemapError::Unknown)));
        assert!(matches!(sitemap(b"\x1f\x8bnot really"), Err(SitemapError::Gzip)));
        assert!(sitemap(b"").is_err());
    }
}
