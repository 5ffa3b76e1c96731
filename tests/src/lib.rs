//! What the end-to-end tests need: real servers, the pipeline's own processes,
//! and publishers to crawl.
//!
//! Everything listens on loopback, on ports that the system chose, and is gone
//! when its handle is dropped.

mod embedded;
mod guarded;
pub mod nats;
pub mod postgres;
mod processes;
pub mod prometheus;
pub mod redis;
mod sites;
mod stack;

pub use embedded::{Embedded, round};
pub use guarded::deps;
pub use processes::{Agent, Program, free_port, http, until};
pub use sites::{Publishers, is_full};
pub use stack::Stack;
