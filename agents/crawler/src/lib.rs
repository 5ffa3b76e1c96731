//! Finds articles and publishes them on the bus. The sources are feeds, sitemaps and sites on
//! the web, and URL lists, archives and folders on disk.
//!
//! The crawler checks each source (`sources`) when its next check is due (`timetable`,
//! `courant-sources`). A source names pages. Each page waits in the queue of its registered domain
//! (`frontier`). A page that the gateway knows already (`known`) is skipped. Any other page is
//! fetched in its turn and within limits (`web`), read (`handle`) and put on the bus
//! (`publisher`). The visit is remembered only after that (`memory`). Waiting pages and paused
//! domains are noted meanwhile, so that a crawler can resume after it was killed (`notes`).
//! Every page found is counted in exactly one outcome of the [`Report`].
//!
//! Everything is bounded: one request per registered domain at a time, at most `concurrency`
//! pages in memory, and at most `max_queued_pages` waiting.

mod agent;
mod config;
mod crawl;
mod entry;
mod error;
mod extent;
mod fences;
mod frontier;
mod handle;
mod holder;
mod intake;
mod known;
mod memory;
mod metrics;
mod network;
mod notes;
mod outcome;
mod page;
mod patience;
mod progress;
mod publisher;
mod requests;
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
