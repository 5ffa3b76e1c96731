//! Searches, counts and lists articles.
//!
//! The store is the truth. [`Search`] keeps an index that is derived from it, follows the store's
//! change numbers, and can be made anew at any time. The same code answers in both modes.
//!
//! `schema` and `document` say what the index holds of an article, `index` opens and changes it,
//! `follow` keeps it in step with the store. `lower` turns a query into one of the index.
//! `ranked`, `listed` and `counted` are the three kinds of answers, `statistics` weighs the words,
//! `hybrid` and `fusion` join words and vectors, `passage` chooses the part of a text that a hit shows, and `related` finds articles
//! like another.

mod answer;
mod columns;
mod counted;
mod document;
mod error;
mod follow;
mod following;
mod fusion;
mod hybrid;
mod index;
mod languages;
mod listed;
mod lists;
mod lower;
mod matching;
mod passage;
mod ranked;
mod related;
mod schema;
mod search;
mod statistics;

pub use answer::{
    CANDIDATES, Hit, ListPage, Listing, MAX_RANKED, Question, Ranked, RankedList, SearchMode,
};
pub use counted::{CountRequest, Counts, Facet, FacetCounts, Interval, PeriodCount};
pub use error::Error;
pub use following::IndexState;
pub use listed::{CursorError, TimeCursor, TimeOrder};
pub use passage::Passage;
pub use search::{IndexCheck, Search};
