//! Finds the language, topics, sentiment, key phrases, summary and names of embedded articles.
//!
//! The encoder's vectors come with the article: nothing here loads an encoder. Classifiers that
//! the user configures are loaded ([`Classifiers`]). Texts are also labelled on request, over
//! HTTP and gRPC. [`Analyzer::analyze`] is pure. An output that it cannot compute is absent, and
//! the reason is given.

mod absent;
mod agent;
mod analyzer;
mod built_in;
mod centrality;
mod classifiers;
mod classify;
mod code_points;
mod config;
mod entities;
mod error;
mod grpc;
mod handle;
mod heads;
mod http;
mod judgements;
mod key_phrases;
mod language;
mod metrics;
mod sentiment;
mod stop_words;
mod summary;
mod topics;
mod words;

pub use absent::Absent;
pub use agent::Analyst;
pub use analyzer::Analyzer;
pub use classifiers::Classifiers;
pub use config::{AGENT, Config};
pub use error::AnalystError;
pub use judgements::Judgements;
pub use metrics::Metrics;
pub use topics::Topics;

#[cfg(test)]
mod tests;
