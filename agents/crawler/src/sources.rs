//! The places that articles come from, and their readers.

mod documents;
mod listing;
pub(crate) mod local;
pub(crate) mod look;
mod moved;
pub(crate) mod remote;
pub(crate) mod requested;
pub(crate) mod source;
