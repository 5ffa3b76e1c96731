//! Texts as tokens, chunks and sentences.

pub(crate) mod chunk;
pub(crate) mod tokenize;
