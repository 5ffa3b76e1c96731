//! The language and the words of a text. The crate is pure.
//!
//! [`language`] identifies the language of a text. The script alone gives the language if no other
//! language uses that script. A table of letter groups and words tells the other languages apart.
//!
//! [`analyzer`] finds the words of documents and queries, and the forms by which they match.

pub mod analyzer;
pub mod language;
