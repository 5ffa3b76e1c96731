//! Finds articles and hands them on: feeds, sitemaps and sites on the web, URL
//! lists, archives and folders on disk.
//!
//! Sources (`sources`) are looked at when their time has come (`timetable`,
//! `interval`) and name pages. A page that the gateway does not know (`known`) waits
//! in the queue of its registered domain (`frontier`), is asked for in its turn and
//! within limits (`web`), read (`handle`) and put on the bus (`publisher`), and only
//! then remembered (`memory`). Pages that wait and domains that rest meanwhile are
//! noted, so that a crawler which was killed can resume (`notes`). Every page found
//! ends in one figure of the [`Report`].
//!
//! Everything is bounded: one request per registered domain at a time,
//! `concurrency` pages in memory, `max_queued_pages` waiting.

mod agent;
mod config;
mod crawl;
mod entry;
mod error;
mod extent;
mod fences;
mod followed;
mod frontier;
mod handle;
mod holder;
mod intake;
mod interval;
mod known;
mod memory;
mod metrics;
mod network;
mod notes;
mod outcome;
mod pace;
mod page;
mod patience;
mod progress;
mod publisher;
mod share;
mod sources;
mod tally;
mod timetable;
mod urls;
mod validators;
mod web;

pub use agent::Crawler;
pub use config::{AGENT, Config, HostPort, ParseHostPortError};
pub use error::{Error, SourceError};
pub use extent::Extent;
pub use network::{Network, ParseNetworkError};
pub use progress::{Progress, Report};
pub use sources::source::{FileKind, Source};

#[cfg(test)]
mod tests;
