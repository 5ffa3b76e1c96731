//! Finds articles and hands them on: feeds, sitemaps and sites on the web, URL
//! lists, archives and folders on disk.
//!
//! Sources are looked at when their time has come (`timetable`, `interval`) and
//! name pages (`remote`, `local`). What the gateway does not know (`known`) waits in
//! the queue of its registered domain (`frontier`), is asked for in its turn (`politeness`, `robots`, `visit`),
//! within limits (`fetch`, `address`), read and put on the bus (`handle`,
//! `submit`), and only then remembered (`memory`). What waits or rests meanwhile is
//! noted, for a crawler that is killed to go on where it was (`notes`). Every page found ends in one
//! figure of the [`Report`].
//!
//! Everything is bounded: one request per registered domain at a time,
//! `concurrency` pages in memory, `max_queued_pages` waiting.

mod address;
mod agent;
mod config;
mod crawl;
mod error;
mod fetch;
mod followed;
mod frontier;
mod handle;
mod interval;
mod known;
mod listing;
mod local;
mod memory;
mod metrics;
mod notes;
mod outcome;
mod pace;
mod politeness;
mod progress;
mod remote;
mod robots;
mod source;
mod submit;
mod timetable;
mod visit;

pub use address::{Network, ParseNetworkError};
pub use agent::{Crawler, Extent};
pub use config::{Config, ConfigError, HostPort, ParseHostPortError};
pub use error::{Error, SourceError};
pub use progress::{Progress, Report};
pub use source::{FileKind, Source};

#[cfg(test)]
mod tests;
