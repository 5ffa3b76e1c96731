//! The embedder: chunk, sentence and article vectors of what the gateway let in,
//! in token-budget batches pooled over many articles; and the vectors of queries
//! for whoever asks over the bus, HTTP or gRPC.

mod agent;
mod config;
mod error;
mod grpc;
mod handle;
mod http;
mod queries;
mod vectors;

pub use agent::Embedder;
pub use config::{AGENT, Config};
