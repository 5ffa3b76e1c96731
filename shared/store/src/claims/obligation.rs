//! Claims whose articles are not stored: the index owes them.

use courant_article::{ArticleId, CanonicalUrl, Revision};
use courant_dedup::registered_domain;

use crate::articles::row::Row;

/// An accepted claim whose article is not stored yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Obligation {
    /// The article.
    pub id: ArticleId,
    /// The revision that was promised.
    pub revision: Revision,
}

/// A stored article, as its claim is closed.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) id: Vec<u8>,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) site: String,
    pub(crate) revision: i64,
    pub(crate) decision: String,
    pub(crate) of: Option<Vec<u8>>,
    pub(crate) stored_at_ms: i64,
}

impl Settled {
    pub(crate) fn of(row: &Row) -> Self {
        let is_revision = row.decision == "revision";
        Self {
            id: row.id.clone(),
            content_hash: row.content_hash.clone(),
            site: registered_domain(&CanonicalUrl::from_canonical(row.url.as_str())),
            revision: row.revision,
            decision: row.decision.clone(),
            of: row.syndicated_of.clone().or_else(|| is_revision.then(|| row.id.clone())),
            stored_at_ms: row.stored_at_ms,
        }
    }
}
