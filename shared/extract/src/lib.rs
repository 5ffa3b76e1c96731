//! Reads articles and links from bytes: from HTML pages, and in [`sources`] from feeds, sitemaps,
//! robots files, OPML, URL lists and WARC records. The crate is pure. It uses no network, and no
//! clock but that of a [`Deadline`]. It keeps no state between calls, so a page gives the same
//! result whatever came before it.
//!
//! Every input was written by strangers. Every input is bounded in size, and every output in length
//! and number. HTML that would take too long to parse is refused before it is parsed. A panic in a
//! foreign parser becomes an error of that one page ([`PageError::Panicked`]).

mod byline;
mod charset;
mod date;
mod deadline;
mod ending;
mod gate;
mod gzip;
mod isolate;
mod markup;
mod packing;
mod page;
mod refresh;
pub mod sources;
mod trees;
mod word_list;
mod xml;

pub use byline::names;
pub use charset::decoded;
pub use date::published_at;
pub use deadline::Deadline;
pub use ending::is_complete;
pub use gate::{Gate, gate};
pub use packing::{End, Unpacked, is_packed, unpacked};
pub use page::{
    Context, MAX_PAGE_BYTES, MAX_PAGE_TEXT_BYTES, Page, PageError, block_signs, is_print_url, page,
    page_within, signs,
};
pub use refresh::Refresh;
pub use trees::Signs;
