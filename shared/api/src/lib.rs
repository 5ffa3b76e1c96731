//! The contract of the HTTP interfaces, which services and clients share: the types of requests and
//! answers by subject, the vocabulary of errors ([`Problem`]), the reading of requests with errors
//! that a person understands ([`from_json`], [`from_query`]), places in lists ([`Cursor`]), the description of operations
//! ([`openapi`]), and the writing of feeds ([`syndication`]). Pure.

pub mod access;
pub mod articles;
mod code;
pub mod counts;
mod cursor;
pub mod dead_letters;
pub mod decisions;
pub mod deletions;
pub mod events;
pub mod exports;
mod fault;
pub mod feeds;
mod hit_fields;
mod model;
pub mod openapi;
pub mod outlets;
mod problem;
mod read;
pub mod search;
pub mod sources;
pub mod status;
pub mod submissions;
pub mod syndication;
mod unique;
pub mod words;

pub use code::ErrorCode;
pub use cursor::{Cursor, NoCursor, Place};
pub use fault::Fault;
pub use hit_fields::HitFields;
pub use model::{Model, ModelView};
pub use problem::{ErrorSummary, FieldError, Problem};
pub use read::{from_json, from_query};
