//! The stored articles.

pub(crate) mod batch;
pub(crate) mod fusion;
mod postgres;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod row;
mod search;
mod snippet;
mod sqlite;

use std::sync::Arc;

use courant_article::ArticleId;

use crate::database::{Backend, Database};
use crate::error::Error;
use query::Query;
use record::{Hit, Record, Summary, Upsert};

/// The stored articles: upserts, reads, search. Clones share one store.
#[derive(Clone)]
pub struct Articles {
    database: Arc<Database>,
}

impl Articles {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Stores `records` in one transaction, and returns in their order what became
    /// of them. Of an article the greatest revision is kept; the same revision
    /// again changes nothing.
    ///
    /// # Errors
    /// [`Error::Dimension`] if a vector does not fit; or what the back end meets.
    /// Nothing was stored.
    pub async fn upsert(&self, records: &[Record]) -> Result<Vec<Upsert>, Error> {
        let dimension = self.database.dimension;
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => sqlite::upsert(file, records, dimension).await,
                Backend::Postgres(server) => {
                    let work =
                        async |client: &mut _| postgres::upsert(client, records, dimension).await;
                    server.run(work).await
                }
            }
        };
        let outcomes = self.database.timed("upsert", work).await?;
        self.database.metrics.upserted(&outcomes);
        Ok(outcomes)
    }

    /// Returns the article with this id.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn get(&self, id: ArticleId) -> Result<Option<Record>, Error> {
        self.database.timed("article", search::article(&self.database, id)).await
    }

    /// Returns at most `limit` articles in the order of their ids, those behind `after`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn list(
        &self,
        after: Option<ArticleId>,
        limit: usize,
    ) -> Result<Vec<Summary>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.read(move |connection| sqlite::list(connection, after, limit)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::list(client, after, limit).await).await
                }
            }
        };
        self.database.timed("articles", work).await
    }

    /// Returns the articles that fit the query, best first.
    ///
    /// Full text: articles with all the words, and behind them, where these are
    /// few, articles with any of the words. Vectors: the nearest by cosine.
    /// Hybrid: reciprocal rank fusion of [`crate::CANDIDATES`] of each.
    ///
    /// # Errors
    /// [`Error::NoVector`], [`Error::Dimension`], or what the back end meets.
    pub async fn search(&self, query: &Query) -> Result<Vec<Hit>, Error> {
        self.database.timed("search", search::answer(&self.database, query)).await
    }

    /// Returns the articles most like one, without copies of its text; `None` if the
    /// article is not stored.
    ///
    /// They are near by vector or hold one of its names; the cosine counts, and
    /// what activation reaches them over names, topics and stories that they share.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn related(&self, id: ArticleId, limit: usize) -> Result<Option<Vec<Hit>>, Error> {
        self.database.timed("related", search::related(&self.database, id, limit)).await
    }
}
