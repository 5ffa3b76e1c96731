//! Decides if two submissions are the same article. It computes the canonical form of a URL,
//! its registered domain, the hash of a normalized text, and the sketch that finds nearly equal
//! texts. A rule decides by these. Pure: no network, no clock.
//!
//! The principle of this crate: two different articles never get the same canonical URL. A
//! duplicate that its URL misses is still found by its text, but an article that another one
//! overwrites is lost.

mod canonical;
mod claim;
mod fingerprint;
mod judge;
mod ledger;
mod near;
mod percent;
mod publisher;
mod shingles;
mod sketch;
mod slug;
mod text;
mod tracking;

pub use canonical::{InvalidUrl, MAX_URL_BYTES, canonical_url, canonicalize, unwrapped};
pub use claim::{Claim, NearArticle, Ruling, Verdict, text_key};
pub use courant_article::{CanonicalUrl, ContentHash, registered_domain, registered_domain_of};
pub use fingerprint::{ClaimContext, Fingerprint, TextHolder};
pub use judge::{Effect, judge, recall};
pub use ledger::{Ledger, ScoredVerdict};
pub use near::{KEYS, NearConfig, NearIndex, NearMatch, SketchedText};
pub use sketch::{Overlap, Sketch};
pub use text::{content_hash, normalize_text};
