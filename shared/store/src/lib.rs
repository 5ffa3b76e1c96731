//! Stores articles, the duplicate index and the crawler's state, and searches articles, in
//! SQLite or Postgres behind one [`Store`].
//!
//! A store has three handles: [`Articles`], [`Claims`] and [`Crawl`]. Each has a folder with
//! its rules, and its SQL for either back end. An operation is one method of the handle and one
//! function per back end. `server` and `sqlite` hold the connections and know no operation;
//! `ladder` holds the steps of `migrations/`, by which both come to their tables.
//!
//! The rules that both back ends share are pure and stand in their own files: how a query
//! is read (`articles/query`), how two ranked lists become one (`articles/fusion`), what a
//! hit shows of its text (`articles/snippet`), what is related (`related`), which records
//! of a batch count (`articles/batch`). `courant-dedup` decides which claim is new.

mod articles;
mod claims;
mod columns;
mod config;
mod counts;
mod crawl;
mod database;
mod error;
mod ladder;
mod metrics;
mod schema;
mod server;
mod sqlite;
mod store;
mod tables;

pub use articles::Articles;
pub use articles::record::{
    ArticleExcerpt, ArticleSubjects, ArticleSummary, Change, ChangedArticle, EXCERPT_CHARS,
    Neighbour, ReplacedRevision, StoreHead, StoredArticle, UpsertOutcome,
};
pub use claims::Claims;
pub use claims::obligation::OpenClaim;
pub use claims::sketch::KnownSketch;
pub use config::Config;
pub use counts::StoreCounts;
pub use courant_dedup::{Claim, Fingerprint, Ruling, Verdict};
pub use courant_postgres::Span;
pub use courant_postgres::upkeep::{Upkeep, UpkeepStep};
pub use courant_vectors::RowSet;
pub use crawl::Crawl;
pub use crawl::lease::{Lease, Renewal, TakenLease};
pub use crawl::record::{Listing, Note, NoteKind, SourceHealth, Visit};
pub use error::Error;
pub use ladder::SchemaVersions;
pub use sqlite::Access;
pub use sqlite::check::{StoreCheck, StoreRepair};
pub use store::Store;
pub use tables::Tables;
