//! Names in a text: people, organizations and locations.
//!
//! ```text
//!  text ──► words ──► placement: which chunk gives each word its vector
//!                          │ states of the encoder's tokens, mean over a word's
//!                          ▼
//!            project ──► with the neighbours and features of case ──► scores
//!                                                                       │
//!                           names, BIO-consistent ◄── conditional random field
//! ```
//!
//! The encoder is uncased: what capitals tell reaches the head as features.

mod crf;
mod dense;
mod features;
mod file;
mod head;
mod label;
mod passage;
mod placement;
mod random;
mod stretch;
mod train;
mod words;

pub use file::EntityHeadError;
pub use head::{EntityHead, Provenance, TaggedSpan};
pub use passage::{EntityPassage, NamedSpan, SpanCount, learn};
pub use placement::{PlacedWord, WordPlacement};
pub use stretch::stretch;
pub use train::{EntityExample, TrainingError, TrainingSettings, train};
pub use words::{Word, words};
