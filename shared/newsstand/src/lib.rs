//! A server on loopback that plays many news sites at once, chosen by the `Host`
//! header: for `courant sample`, and for tests of everything that crawls.
//!
//! Each site has its pages, a home page, a feed, a news sitemap and a robots.txt;
//! every answer has an `ETag` and a `Last-Modified` date, honours conditional
//! requests and is compressed where the client accepts it. Faults can be set per
//! path, every request is logged, and nothing runs for ever.

mod answer;
mod fault;
mod folder;
mod generated;
mod log;
mod many;
mod sample;
mod server;
mod site;
mod template;

pub use fault::Fault;
pub use folder::fundus;
pub use log::Request;
pub use many::many;
pub use sample::{MEANING_ANSWER, MEANING_QUERY, sample};
pub use server::{Newsstand, NewsstandError, serve_sample};
pub use site::{FeedFormat, Page, Site};
