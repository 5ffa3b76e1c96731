//! The query language of Courant: one grammar for HTTP, MCP, gRPC, the command line, the console,
//! watches and feeds. `docs/query.md` describes it for users.
//!
//! A text passes through `lex` (tokens), `parse` (their nesting) and `values` (the value of each
//! field), and becomes a [`Query`]. The crate does no I/O; the caller passes the time.

mod chars;
mod dates;
mod display;
mod error;
mod expr;
mod field;
mod lex;
mod parse;
mod query;
#[cfg(test)]
mod tests;
mod values;

pub use chars::MAX_CHARS;
pub use error::QueryError;
pub use expr::{Condition, Expr, SentimentFilter, TextField, TimeRange};
pub use parse::{MAX_CONDITIONS, MAX_LEVELS};
pub use query::Query;
