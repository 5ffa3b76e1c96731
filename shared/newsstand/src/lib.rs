//! A server on loopback that simulates many news sites at once, selected by the `Host` header.
//! It serves `courant sample` and the tests of crawling.
//!
//! Each site has its pages, a home page, a feed, a news sitemap and a robots.txt. Every
//! response has an `ETag` and a `Last-Modified` date, honours conditional requests, and is
//! compressed if the client accepts it. Faults can be set per path, every request is logged,
//! and every response ends.

mod answer;
mod fault;
mod folder;
mod generated;
mod log;
mod many;
mod odd;
mod sample;
mod server;
mod site;
mod template;

pub use fault::{Fault, Oddity};
pub use folder::fundus;
pub use log::LoggedRequest;
pub use many::many;
pub use sample::{MEANING_ANSWER, MEANING_QUERY, sample};
pub use server::{Newsstand, NewsstandError, serve_sample};
pub use site::{FeedFormat, Site, SitePage};
