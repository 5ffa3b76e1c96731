//! Decides what counts as the same article: the canonical form of a URL, the
//! registered domain that a page may speak for, and the hash of a normalized
//! text. Pure: no network, no clock, no state between calls.
//!
//! The rule behind every choice here: two different articles never get the same
//! canonical URL. A duplicate missed by its URL is still caught by its text; an
//! article overwritten by another one is lost.

mod canonical;
mod domain;
mod percent;
mod text;
mod tracking;

pub use canonical::{InvalidUrl, MAX_URL_BYTES, canonical_url, canonicalize};
pub use courant_article::{CanonicalUrl, ContentHash};
pub use domain::{registered_domain, registered_domain_of};
pub use text::{content_hash, normalize_text};
