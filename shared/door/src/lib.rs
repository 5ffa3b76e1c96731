//! Decides on entries at the door of the pipeline: new, revision, syndicated, duplicate or refused
//! ([`Handler`]), and follows what was let in until it is stored.
//!
//! The identity of an entry is computed ([`Identity`]), earlier texts that are nearly the same are
//! looked for ([`NearCheck`]), and the store decides. Claims whose articles are lost
//! ([`Obligations`]) or became dead letters ([`release`]) are released. [`KnownUrls`] answers which
//! URLs are known. [`SubmissionReader`] reads what programs and people send, and [`pressure`] tells
//! publishers how much may come.

mod decide;
mod handle;
mod known;
mod metrics;
mod near;
mod obligations;
pub mod pressure;
mod refusal;
pub mod release;
mod rules;
mod submission;

pub use decide::{Decided, Grounds, Identity};
pub use handle::Handler;
pub use known::KnownUrls;
pub use metrics::Metrics;
pub use near::NearCheck;
pub use obligations::Obligations;
pub use refusal::EntryRefusal;
pub use rules::Rules;
pub use submission::{SubmissionError, SubmissionReader, check_tags, web_address};
