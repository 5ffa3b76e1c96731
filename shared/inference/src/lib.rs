//! Computes vectors of texts: the encoder, its tokenizer, and the batches between them.
//! Classifiers that the user configures run in the same way and give scores
//! ([`ClassifierCache`]).
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
//! Work is pooled across callers: a batch takes texts of similar length from all callers, up to
//! a budget of padded tokens.

mod batch;
mod classifier;
mod config;
mod deps;
mod device;
mod encoder;
mod error;
mod metrics;
mod model;
mod reranker;
mod session;
mod text;

pub use batch::waiting::{Priority, packed};
pub use classifier::{
    Classified, Classifier, ClassifierCache, ClassifierConfig, ClassifierLease, ClassifierTask,
    Findings, Label, LabelledSpan,
};
pub use config::{Batching, Config, TokenPooling};
pub use deps::Deps;
pub use device::arena::ArenaStats;
pub use device::host::ModelHost;
pub use encoder::bare::{BareModel, BareSession, TokenIds};
pub use encoder::document::{Chunk, EmbeddedDocument, most_sentences};
pub use encoder::entities::WordStates;
pub use encoder::frozen::FrozenEncoder;
pub use encoder::{EmbeddedTexts, Encoder, TokenCount};
pub use error::Error;
pub use model::catalog;
pub use model::precision::{Precision, PrecisionChoice};
pub use model::prefixes::Prefixes;
pub use reranker::{Relevance, RerankConfig, Reranker, SearchConfig};
