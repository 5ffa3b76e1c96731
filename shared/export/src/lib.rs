//! Articles as rows of csv and as lines of JSON. Pure.
//!
//! Each row ends with the cursor behind which an export goes on. A spreadsheet takes no cell for a
//! formula: a text that begins like one gets an apostrophe before it.

mod row;

pub use row::{Error, RowWriter};
