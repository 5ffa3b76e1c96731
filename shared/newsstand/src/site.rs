//! The site of one publisher, with its pages.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

/// One news site.
#[derive(Debug, Clone)]
pub struct Site {
    /// The host name, lower-case, without a port.
    pub host: String,
    /// The publisher's name.
    pub name: String,
    /// The pages besides the generated ones, which are the home page, the feed, the news sitemap
    /// and robots.txt. A page with the path of a generated one replaces it.
    pub pages: Vec<SitePage>,
    /// Later versions of pages, which [`crate::Newsstand::revise`] publishes.
    pub revisions: Vec<SitePage>,
    /// The crawl delay in robots.txt.
    pub crawl_delay: Option<Duration>,
    /// Paths that robots.txt forbids.
    pub disallowed: Vec<String>,
    /// The format of `/feed.xml`.
    pub feed: FeedFormat,
    /// A suffix of the links in the feed, like the tracking parameters of publishers.
    pub feed_link_suffix: String,
}

/// The format of a site's feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeedFormat {
    /// RSS 2.0.
    #[default]
    Rss,
    /// Atom.
    Atom,
}

/// One document of a site.
#[derive(Debug, Clone)]
pub struct SitePage {
    /// The path and query, which start with `/`.
    pub path_and_query: String,
    /// The body that is sent, uncompressed.
    pub body: Bytes,
    /// The `ResponseContent-Type`.
    pub content_type: String,
    /// The headline, for the home page, the feed and the sitemap.
    pub title: String,
    /// The time of publication.
    pub published: Option<Timestamp>,
    /// The time of this version.
    pub last_modified: Timestamp,
    /// True if the home page and the sitemap link to it.
    pub is_listed: bool,
    /// True if it is in the feed.
    pub is_in_feed: bool,
}

impl Site {
    /// A site without pages.
    pub fn new(host: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            host: host.into().to_ascii_lowercase(),
            name: name.into(),
            pages: Vec::new(),
            revisions: Vec::new(),
            crawl_delay: None,
            disallowed: Vec::new(),
            feed: FeedFormat::default(),
            feed_link_suffix: String::new(),
        }
    }

    /// The page at `path_and_query`; where there is none, that at the path alone,
    /// as most sites do with parameters that they do not know.
    pub(crate) fn page(&self, path_and_query: &str) -> Option<&SitePage> {
        let at = |wanted: &str| self.pages.iter().find(|page| page.path_and_query == wanted);
        at(path_and_query).or_else(|| at(path_and_query.split('?').next()?))
    }

    /// Puts `page` in the place of the one with its path, or behind the others.
    pub(crate) fn replace(&mut self, page: SitePage) {
        match self.pages.iter_mut().find(|old| old.path_and_query == page.path_and_query) {
            Some(old) => *old = page,
            None => self.pages.push(page),
        }
    }

    /// When anything of it last changed.
    pub(crate) fn last_modified(&self) -> Timestamp {
        self.pages.iter().map(|page| page.last_modified).max().unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(crate) fn listed(&self) -> impl Iterator<Item = &SitePage> {
        self.pages.iter().filter(|page| page.is_listed)
    }
}

impl SitePage {
    /// Makes an HTML page that the home page, the sitemap and the feed link to.
    pub fn html(
        path_and_query: impl Into<String>,
        title: impl Into<String>,
        body: impl Into<Bytes>,
        at: Timestamp,
    ) -> Self {
        Self {
            path_and_query: path_and_query.into(),
            body: body.into(),
            content_type: "text/html; charset=utf-8".to_owned(),
            title: title.into(),
            published: Some(at),
            last_modified: at,
            is_listed: true,
            is_in_feed: true,
        }
    }
}
