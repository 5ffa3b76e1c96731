//! From bytes to articles and links: HTML pages, and in [`sources`] feeds, sitemaps,
//! robots files, OPML, URL lists and WARC records. Pure: no network, no clock but that of
//! a [`Deadline`], and no state between calls, so that a page gives the same
//! whatever came before it.
//!
//! Everything here reads what strangers wrote. Every input is bounded in size,
//! every output in length and number, HTML is refused before it is parsed where
//! parsing would take too long, and a panic in a parser of others ends as an
//! error of that one page ([`PageError::Panicked`]).

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
    BLOCK_SIGNS, BlockSigns, Context, MAX_PAGE_BYTES, MAX_PAGE_TEXT_BYTES, Page, PageError, SIGNS,
    Signs, block_signs, is_print_url, page, page_within, signs,
};
pub use refresh::Refresh;
