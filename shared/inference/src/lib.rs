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

mod batch;
mod classifier;
mod config;
mod deps;
mod device;
mod encoder;
mod error;
mod metrics;
mod model;
mod session;
mod text;

pub use batch::waiting::{Priority, packed};
pub use classifier::{
    Classified, Classifier, ClassifierConfig, Findings, Label, LabelledSpan, Lease, Models, Task,
};
pub use config::{Batching, Config, TokenPooling};
pub use deps::Deps;
pub use device::arena::ArenaStats;
pub use device::host::Host;
pub use encoder::bare::{BareModel, BareSession, TokenIds};
pub use encoder::document::{Chunk, Document, most_sentences};
pub use encoder::entities::WordStates;
pub use encoder::frozen::FrozenEncoder;
pub use encoder::{Embedded, Encoder, TokenCount};
pub use error::Error;
pub use model::catalog;
pub use model::precision::Precision;
pub use text::sentence::sentences;
