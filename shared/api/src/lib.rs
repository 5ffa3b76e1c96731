//! The contract of the HTTP interfaces, which services and clients share: the vocabulary of errors
//! ([`Problem`]), and the reading of requests with errors that a person understands
//! ([`from_json`], [`from_query`]), and the description of operations ([`openapi`]). Pure.

mod code;
mod fault;
mod model;
pub mod openapi;
mod problem;
mod read;

pub use code::ErrorCode;
pub use fault::Fault;
pub use model::Model;
pub use problem::{ErrorSummary, FieldError, Problem};
pub use read::{from_json, from_query};
