//! Searches, counts and lists articles.
//!
//! The store is the truth. [`Search`] keeps an index that is derived from it, follows the store's
//! change numbers, and can be made anew at any time. The same code answers in both modes.
//!
//! `schema` and `document` say what the index holds of an article, `index` opens and changes it,
//! `follow` keeps it in step with the store. `lower` turns a query into one of the index.
//! `ranked`, `listed` and `counted` are the three kinds of answers. `statistics` weighs the words,
//! `scoring` and `top` find the best articles by them, `hybrid` and `fusion` join words and vectors, `passage` chooses the part of a text that a hit
//! shows, `related` finds articles like another, `words` finds those that set articles apart, and
//! `suggest` completes what somebody types.

mod answer;
mod blocking;
mod columns;
mod conditions;
mod counted;
mod decisions;
mod document;
mod error;
mod expunge;
mod follow;
mod following;
mod fusion;
mod hybrid;
mod index;
mod kept_filters;
mod languages;
mod listed;
mod lists;
mod lower;
mod matching;
mod passage;
mod ranked;
mod related;
mod schema;
mod scoring;
mod search;
mod statistics;
mod suggest;
mod tokens;
mod top;
mod words;

pub use answer::{
    CANDIDATES, Hit, ListPage, Listing, MAX_RANKED, Question, Ranked, RankedList, Recency,
    SearchMode,
};
pub use counted::{CountRequest, Counts, Facet, FacetCounts, Interval, PeriodCount};
pub use decisions::{DecidedEntry, DecisionKey, Decisions};
pub use error::Error;
pub use following::IndexState;
pub use listed::{TimeCursor, TimeOrder};
pub use passage::Passage;
pub use search::{IndexCheck, Search};
pub use suggest::{Suggestion, SuggestionKind};
pub use words::{OutstandingWord, OutstandingWords};
