//! The door of the pipeline: judges what is submitted (new, duplicate, revision,
//! syndicated, refused), applies back-pressure, and answers questions.
//!
//! - [`Gateway::run`] works: receive, decide, publish, tell, settle (`handle`,
//!   `decide`, `near`), the pressure of the queues (`pressure`), known URLs (`known`),
//!   claims whose articles are lost (`obligations`) or became dead letters (`release`).
//! - [`Gateway::routes`] and [`Gateway::mcp`] are two faces, HTTP/JSON (`http`) and
//!   MCP (`mcp`), of the same questions (`api`); gRPC serves the dead letters and the spool.

mod agent;
mod api;
mod config;
mod dead_letters;
mod decide;
mod error;
mod handle;
mod http;
mod known;
mod mcp;
mod metrics;
mod near;
mod obligations;
mod pressure;
mod release;
mod spool;
mod submissions;

#[cfg(test)]
mod tests;

pub use agent::{Gateway, Intake};
pub use config::{AGENT, Config};
pub use mcp::Server as McpServer;
