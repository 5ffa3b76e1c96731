//! Sources of pages: feeds, sitemaps, robots files, web archives, OPML and URL lists, and the usual
//! places of feeds and sitemaps on a site.

mod discovery;
mod feed;
mod kind;
mod lists;
mod packed;
mod robots;
mod sanitize;
mod sitemap;
mod warc;

pub use discovery::{feed_candidates, sitemap_candidates};
pub use feed::{Feed, FeedEntry, FeedError, FeedKind, MAX_FEED_BYTES, Prose, feed, feed_within};
pub use kind::{Kind, kind};
pub use lists::{ListError, opml, opml_of, url_list};
pub use packed::unpacking;
pub use robots::{Indexing, Robots};
pub use sitemap::{MAX_SITEMAP_BYTES, Sitemap, SitemapError, SitemapPage, sitemap};
pub use warc::{WarcError, WarcPage, WarcPages, warc};
