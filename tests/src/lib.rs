//! The parts that the end-to-end tests need: real servers, the pipeline's own processes,
//! and publishers to crawl.
//!
//! Everything listens on loopback, on ports that the system chose, and is gone
//! when its handle is dropped.

mod collector;
mod embedded;
mod guarded;
pub mod nats;
pub mod postgres;
mod processes;
pub mod prometheus;
pub mod redis;
mod sites;
mod stack;

pub use collector::{CollectedSpan, Collector, Trace};
pub use embedded::{EmbeddedPipeline, round};
pub use processes::{AgentProcess, Program, free_port, http, until};
pub use sites::{Publishers, is_full};
pub use stack::Stack;

/// Returns the folder of the fetched servers: `COURANT_DEPS`, or `.deps` of the workspace.
pub fn deps() -> std::path::PathBuf {
    guarded::deps()
}
