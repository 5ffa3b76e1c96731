//! The Model Context Protocol as Courant speaks it: answers within a budget ([`budget`]), the
//! notice before quoted text ([`quote`]), schemas ([`schema`]), prompts ([`prompts`]), and the
//! transport over HTTP ([`http`]). It knows the protocol, and nothing of how articles are stored
//! or found.

pub mod answer;
pub mod budget;
pub mod completion;
mod error;
pub mod filters;
pub mod http;
pub mod left_out;
mod malformed;
pub mod prompts;
pub mod quote;
pub mod schema;

pub use error::Error;
