//! Properties of a text that its letters and words alone can tell. The crate is pure.
//!
//! [`language`] identifies the language of a text. The script alone gives the language if no other
//! language uses that script. A table of letter groups and words tells the other languages apart.

pub mod language;
