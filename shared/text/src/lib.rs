//! Properties of a text that its letters and words tell by themselves. Pure.
//!
//! [`language`] identifies the language of a text: the script decides where only one language is
//! written in it, and a table of letter groups and words decides between the others.

pub mod language;
