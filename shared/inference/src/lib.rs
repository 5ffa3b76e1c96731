//! Vectors from texts: the encoder, its tokenizer, and the batches between them.
//! Classifiers of the user's own go the same way, and give scores ([`Models`]).
//!
//! ```text
//!  embed / embed_document
//!        │ texts                       several at a time, from every task
//!        ▼
//!  tokenizer threads                   tokens, chunks, sentences
//!        │ inputs
//!        ▼
//!  queue (bounded)                     queries before bulk work
//!        │ batch, formed when a session is free: as late as possible
//!        ▼
//!  session threads                     one ONNX Runtime session of one thread each
//!        │ vectors
//!        ▼
//!  answers
//! ```
//!
//! Work is pooled across callers: a batch takes the texts of the most similar
//! length, whoever they belong to, up to a budget of padded tokens.

mod arena;
mod bare;
mod batch;
mod budget;
pub mod catalog;
mod chunk;
mod classifier;
mod config;
mod deps;
mod device;
mod document;
mod encoder;
mod entities;
mod error;
mod frozen;
mod hub;
mod launch;
mod metrics;
mod model;
mod positions;
mod precision;
mod provider;
mod queue;
mod results;
mod runtime;
mod sentence;
mod session;
mod share;
mod states;
mod tokenize;
mod watch;
mod weights;
mod worker;

pub use arena::ArenaStats;
pub use bare::{BareModel, BareSession, TokenIds};
pub use batch::{Priority, packed};
pub use classifier::{
    Classified, Classifier, ClassifierConfig, Findings, Label, LabelledSpan, Lease, Models, Task,
};
pub use config::{Batching, Config, TokenPooling};
pub use deps::Deps;
pub use encoder::{Embedded, Encoder, TokenCount};
pub use error::Error;
pub use frozen::FrozenEncoder;
pub use launch::Host;
pub use precision::Precision;
pub use sentence::sentences;
pub use states::WordStates;
