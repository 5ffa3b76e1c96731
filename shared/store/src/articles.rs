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

use courant_article::{ArticleId, Embedding};
use courant_vectors::RowSet;

use crate::database::{Backend, Database};
use crate::error::Error;
use query::SearchQuery;
use record::{ArticleSummary, Neighbour, SearchHit, StoredArticle, UpsertOutcome};

/// The stored articles: writes, reads and searches. Clones share one store.
#[derive(Clone)]
pub struct Articles {
    database: Arc<Database>,
}

impl Articles {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Stores `records` in one transaction, and returns one outcome per record, in order. The
    /// greatest revision of an article is kept. The same revision again changes nothing.
    ///
    /// # Errors
    /// [`Error::Dimension`] if a vector has the wrong dimension, or a failure of the back end.
    /// Nothing was stored.
    pub async fn upsert(&self, records: &[StoredArticle]) -> Result<Vec<UpsertOutcome>, Error> {
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
    pub async fn get(&self, id: ArticleId) -> Result<Option<StoredArticle>, Error> {
        self.database.timed("article", search::article(&self.database, id)).await
    }

    /// Returns at most `limit` articles in the order of their ids, starting behind the id
    /// `after`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn list(
        &self,
        after: Option<ArticleId>,
        limit: usize,
    ) -> Result<Vec<ArticleSummary>, Error> {
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

    /// Returns the articles that match the query, best first.
    ///
    /// A text search returns articles with all words of the query. If these are few, articles
    /// with any of the words follow. A vector search returns the nearest articles by cosine. A
    /// hybrid search joins [`crate::CANDIDATES`] results of each by reciprocal rank fusion.
    ///
    /// # Errors
    /// [`Error::NoVector`], [`Error::Dimension`], or a failure of the back end.
    pub async fn search(&self, query: &SearchQuery) -> Result<Vec<SearchHit>, Error> {
        self.database.timed("search", search::answer(&self.database, query)).await
    }

    /// Returns the `limit` articles whose vectors have the greatest cosine with `vector`, best
    /// first; only articles whose numbers are in `among`, if it is given. A vector of zeros is
    /// near nothing, as query and as stored vector.
    ///
    /// The cosines are exact. SQLite misses about 5 of 1,000 of the ten nearest, and none if `among`
    /// has 50 articles or fewer.
    ///
    /// # Errors
    /// [`Error::Dimension`], [`Error::Unnumbered`] if `among` is given for Postgres, or a failure
    /// of the back end.
    pub async fn nearest(
        &self,
        vector: &Embedding,
        limit: usize,
        among: Option<Arc<RowSet>>,
    ) -> Result<Vec<Neighbour>, Error> {
        let work = search::nearest(&self.database, vector, limit, among);
        self.database.timed("nearest", work).await
    }

    /// Returns the articles that are most related to one, without copies of its text. `None` if
    /// the article is not stored.
    ///
    /// Candidates are articles that are near by vector or contain one of its names. Their score
    /// is the cosine, plus the activation that reaches them through shared names, topics and
    /// stories.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn related(
        &self,
        id: ArticleId,
        limit: usize,
    ) -> Result<Option<Vec<SearchHit>>, Error> {
        self.database.timed("related", search::related(&self.database, id, limit)).await
    }
}
