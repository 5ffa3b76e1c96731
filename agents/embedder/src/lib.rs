//! The embedder. It computes the chunk, sentence and article vectors of accepted articles, in
//! batches over many articles with a token budget. It also answers requests for the vectors of
//! queries over the bus, HTTP and gRPC, and scores passages for a query if a re-ranker is
//! configured.

mod agent;
mod config;
mod error;
mod grpc;
mod handle;
mod http;
mod queries;
mod rerank;
mod vectors;

pub use agent::Embedder;
pub use config::{AGENT, Config};
