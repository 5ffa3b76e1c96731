//! The description of an interface: its operations as an OpenAPI 3.1 document, and as a page for
//! people.

mod document;
mod operation;
mod page;
mod plain;

pub use document::document;
pub use operation::{Media, Method, Operation};
pub use page::page;
