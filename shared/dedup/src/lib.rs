//! Decides what counts as the same article: the canonical form of a URL, the
//! registered domain that a page may speak for, the hash of a normalized text, the
//! sketch by which nearly equal texts are found, and the rule that makes a decision
//! of these. Pure: no network, no clock.
//!
//! The rule behind every choice here: two different articles never get the same
//! canonical URL. A duplicate missed by its URL is still caught by its text; an
//! article overwritten by another one is lost.

mod canonical;
mod claim;
mod domain;
mod fingerprint;
mod judge;
mod ledger;
mod near;
mod percent;
mod shingles;
mod sketch;
mod slug;
mod text;
mod tracking;

pub use canonical::{InvalidUrl, MAX_URL_BYTES, canonical_url, canonicalize};
pub use claim::{Claim, Near, Ruling, Verdict, text_key};
pub use courant_article::{CanonicalUrl, ContentHash};
pub use domain::{registered_domain, registered_domain_of};
pub use fingerprint::{Fingerprint, Holder, Known};
pub use judge::{Effect, judge, recall};
pub use ledger::{Judged, Ledger};
pub use near::{KEYS, Match, NearConfig, NearIndex, Offer};
pub use sketch::{Overlap, Sketch};
pub use text::{content_hash, normalize_text};
