//! The gateway is the entrance of the pipeline. It decides on submitted entries (new,
//! duplicate, revision, syndicated, refused), applies back-pressure, and answers requests.
//!
//! - [`Gateway::run`] receives, decides, publishes and settles entries, answers requests for known
//!   URLs, and releases claims whose articles are lost (`courant-door`); it publishes the pressure of
//!   the queues (`courant_door::pressure`).
//! - [`Gateway::routes`] are two interfaces, HTTP/JSON (`http`) and MCP (`mcp`), to the same
//!   requests (`api`). gRPC (`grpc`) has the core operations on the same requests.

mod agent;
mod api;
mod config;
mod decisions;
mod error;
mod grpc;
mod http;
mod index_folder;
mod mcp;
mod metrics;
mod submissions;

#[cfg(test)]
mod tests;

pub use agent::{Gateway, IntakeCheck};
pub use config::{AGENT, Config};
pub use index_folder::IndexFolder;
