//! A Unigram tokenizer: the most probable pieces of each word, as SentencePiece finds them.
//! Pure.
//!
//! The `tokenizers` library takes a second and 260 MB for the 250,000 pieces of an encoder of a
//! hundred languages. This one reads a packed file in milliseconds and needs about 15 MB. Its
//! tokens are the same: tests compare both on random texts, and `courant-eval tokenizer` on real
//! sentences. One difference is deliberate: names of special tokens, such as `<s>`, are ordinary
//! text here, so that no article can place them.

mod file;
mod normal;
mod path;
mod pieces;
mod tokenizer;
mod trie;

pub use file::{MAGIC, ReadError};
pub use path::Tokens;
pub use tokenizer::Unigram;

#[cfg(test)]
mod tests;
