//! The Model Context Protocol as Courant speaks it: answers within a budget ([`budget`]), the
//! notice before quoted text ([`quote`]), schemas ([`schema`]), prompts ([`prompts`]), and the
//! transport over HTTP ([`http`]), to which [`bridge`] carries messages from standard input. It knows the protocol, and nothing of how articles are stored
//! or found.

pub mod answer;
mod bridge;
pub mod budget;
pub mod completion;
mod error;
pub mod filters;
pub mod http;
pub mod left_out;
mod malformed;
mod message;
pub mod prompts;
pub mod quote;
pub mod schema;
mod upstream;

pub use bridge::bridge;
pub use error::Error;
pub use upstream::Upstream;
