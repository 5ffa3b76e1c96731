//! Open claims: accepted claims whose articles are not stored yet.

use courant_article::{ArticleId, CanonicalUrl, Revision};
use courant_dedup::registered_domain;

use crate::articles::row::ArticleRow;

/// An accepted claim whose article is not stored yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenClaim {
    /// The article.
    pub id: ArticleId,
    /// The revision under which the article was accepted.
    pub revision: Revision,
}

/// The columns of a stored article that close its claim.
#[derive(Debug)]
pub(crate) struct ClosedClaim {
    pub(crate) id: Vec<u8>,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) site: String,
    pub(crate) revision: i64,
    pub(crate) decision: String,
    pub(crate) of: Option<Vec<u8>>,
    pub(crate) stored_at_ms: i64,
}

impl ClosedClaim {
    pub(crate) fn of(row: &ArticleRow) -> Self {
        Self::new(
            row.id.clone(),
            row.content_hash.clone(),
            &row.url,
            row.revision,
            row.decision.clone(),
            row.syndicated_of.clone(),
            row.stored_at_ms,
        )
    }

    /// The columns of an article that its claim needs.
    pub(crate) fn new(
        id: Vec<u8>,
        content_hash: Vec<u8>,
        url: &str,
        revision: i64,
        decision: String,
        syndicated_of: Option<Vec<u8>>,
        stored_at_ms: i64,
    ) -> Self {
        let site = registered_domain(&CanonicalUrl::from_canonical(url));
        let of = syndicated_of.or_else(|| (decision == "revision").then(|| id.clone()));
        Self { id, content_hash, site, revision, decision, of, stored_at_ms }
    }
}
