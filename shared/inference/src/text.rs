//! Texts as tokens, chunks and sentences.

pub(crate) mod chunk;
pub(crate) mod sentence;
pub(crate) mod stretch;
pub(crate) mod tokenize;
