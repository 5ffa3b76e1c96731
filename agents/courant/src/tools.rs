//! The tools that need no service. Each reads standard input or files and prints its result.

pub(crate) mod analyze;
pub(crate) mod canonicalize;
pub(crate) mod dedup;
pub(crate) mod embed;
pub(crate) mod extract;
pub(crate) mod feed;
mod json_lines;
pub(crate) mod robots;
