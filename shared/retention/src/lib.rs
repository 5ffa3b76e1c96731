//! Keeps the tables of a store within their bounds: deletes articles on request, with all that is
//! derived from them.
//!
//! The tables are those of `courant-store`. An operation is one method, and one function per back
//! end.

mod deleted;
mod deletion;
mod erasure;

pub use deleted::DeletedArticle;
pub use deletion::{Deletions, MOST_AT_A_TIME};
pub use erasure::PendingErasure;
