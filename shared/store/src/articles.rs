//! The stored articles.

pub(crate) mod batch;
pub(crate) mod encoder;
pub(crate) mod facts;
pub(crate) mod postgres;
pub(crate) mod record;
pub(crate) mod row;
mod sqlite;
pub(crate) mod tombstones;

use std::sync::Arc;

use courant_article::{ArticleId, Embedding};
use courant_file_vectors::Resident;
use courant_postgres::upkeep::Upkeep;
use courant_postgres::{Session, Span};
use courant_vectors::RowSet;
use rusqlite::Connection;

use crate::database::{Backend, Database};
use crate::error::Error;
use record::{
    ArticleExcerpt, ArticleSubjects, ArticleSummary, Change, Neighbour, ReplacedRevision,
    StoreHead, StoredArticle, UpsertOutcome,
};

/// The stored articles: writes, reads and searches. Clones share one store.
#[derive(Clone)]
pub struct Articles {
    database: Arc<Database>,
}

/// A search by vector in a file.
type CompareInFile<T> =
    fn(&Connection, &Resident, &Embedding, usize, Option<&RowSet>) -> Result<Vec<T>, Error>;

impl Articles {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Stores `records` in one transaction, and returns one outcome per record, in order. The
    /// greatest revision of an article is kept. The same revision again changes nothing.
    ///
    /// # Errors
    /// [`Error::Dimension`] if a vector has the wrong dimension, [`Error::Encoder`] if another
    /// encoder made it than the stored vectors, or a failure of the back end. Nothing was stored.
    pub async fn upsert(&self, records: &[StoredArticle]) -> Result<Vec<UpsertOutcome>, Error> {
        let dimension = self.database.dimension;
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => sqlite::upsert(file, records, dimension).await,
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| {
                        Box::pin(postgres::upsert(client, &server.encoder, records, dimension))
                            .await
                    };
                    server.run(work).await
                }
            }
        };
        let outcomes = self.database.timed("upsert", work).await?;
        self.database.metrics.upserted(&outcomes);
        Ok(outcomes)
    }

    /// Returns the name of the encoder whose vectors are stored, such as `all-MiniLM-L6-v2`. `None`
    /// until the first vector is stored.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn encoder(&self) -> Result<Option<String>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => file.read(encoder::current_in_sqlite).await,
                Backend::Postgres(server) => {
                    let work = async |client: &mut Session| {
                        encoder::current_in_postgres(client, &server.encoder).await
                    };
                    Ok(server.run(work).await?.map(|encoder| encoder.name))
                }
            }
        };
        self.database.timed("encoder", work).await
    }

    /// Checks that vectors of the encoder `name` may be compared with those stored.
    ///
    /// # Errors
    /// [`Error::Encoder`] if they may not, or a failure of the back end.
    pub async fn check_encoder(&self, name: &str) -> Result<(), Error> {
        self.encoder().await?.map_or(Ok(()), |stored| encoder::check(&stored, name))
    }

    /// Does the most urgent step that keeps the partitions of Postgres in order, one process at a
    /// time: makes those of times to come, cuts the one of the present when it has many articles,
    /// gives past ones an index of their vectors, and merges old ones until there are 12. Returns
    /// `None` if the store has no partitions: in SQLite, and before the first article.
    ///
    /// A step may take minutes. Other operations go on meanwhile.
    ///
    /// # Errors
    /// A failure of the back end. Nothing changed; the step can be tried again.
    pub async fn upkeep(&self) -> Result<Option<Upkeep>, Error> {
        let Backend::Postgres(server) = &self.database.backend else { return Ok(None) };
        let find = async |client: &mut Session| {
            encoder::current_in_postgres(client, &server.encoder).await
        };
        let Some(encoder) = server.run(find).await? else { return Ok(None) };
        let (now_ms, most_hot) = (server.now_ms(), i64::from(server.hot_articles));
        let step = async |client: &mut Session| {
            Ok(courant_partitions::upkeep(client, &encoder.relation, now_ms, most_hot)
                .await
                .map(Some)?)
        };
        server.run_within(courant_partitions::LONGEST, step).await
    }

    /// Returns the article with this id.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn get(&self, id: ArticleId) -> Result<Option<StoredArticle>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.read(move |connection| sqlite::article(connection, id)).await
                }
                Backend::Postgres(server) => {
                    let (known, dimension) = (&server.encoder, self.database.dimension);
                    let work = async |client: &mut _| {
                        postgres::article(client, known, dimension, id).await
                    };
                    server.read(work).await
                }
            }
        };
        self.database.timed("article", work).await
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
        self.database
            .read_replica(
                "articles",
                move |connection| sqlite::list(connection, after, limit),
                async |client| postgres::list(client, after, limit).await,
            )
            .await
    }

    /// Returns the place of the store in the history of its changes.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn head(&self) -> Result<StoreHead, Error> {
        self.database.read_replica("head", sqlite::head, async |c| postgres::head(c).await).await
    }

    /// Returns at most `limit` changes behind the number `after`, in their order. A change that a
    /// later one of the same article replaced is left out.
    ///
    /// Whoever has seen a change has seen all below it: none becomes visible later.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn changes(&self, after: i64, limit: usize) -> Result<Vec<Change>, Error> {
        self.database
            .read_replica(
                "changes",
                move |connection| sqlite::changes(connection, after, limit),
                async |client| postgres::changes(client, after, limit).await,
            )
            .await
    }

    /// Returns the versions of an article that newer ones replaced, the newest first; at most
    /// `limit`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn revisions(
        &self,
        id: ArticleId,
        limit: usize,
    ) -> Result<Vec<ReplacedRevision>, Error> {
        self.database
            .read_replica(
                "revisions",
                move |connection| sqlite::revisions(connection, id, limit),
                async |client| postgres::revisions(client, id, limit).await,
            )
            .await
    }

    /// Returns the excerpts of those of `ids` that are stored, in any order.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn excerpts(&self, ids: &[ArticleId]) -> Result<Vec<ArticleExcerpt>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let in_file = {
            let ids = ids.to_vec();
            move |connection: &_| sqlite::excerpts(connection, &ids)
        };
        let on_server = async |client: &mut _| postgres::excerpts(client, ids).await;
        self.database.read_replica("excerpts", in_file, on_server).await
    }

    /// Returns the subjects of those of `ids` that are stored, in any order.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn subjects(&self, ids: &[ArticleId]) -> Result<Vec<ArticleSubjects>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let ids = ids.to_vec();
                    file.read(move |connection| sqlite::subjects(connection, &ids)).await
                }
                Backend::Postgres(server) => {
                    let (known, dimension) = (&server.encoder, self.database.dimension);
                    let work = async |client: &mut _| {
                        postgres::subjects(client, known, dimension, ids).await
                    };
                    server.read(work).await
                }
            }
        };
        self.database.timed("subjects", work).await
    }

    /// Returns the `limit` articles whose vectors have the greatest cosine with `vector`, best
    /// first; only articles whose numbers are in `among`, if it is given. A vector of zeros is
    /// near nothing, as query and as stored vector.
    ///
    /// The cosines are exact. SQLite misses about 5 of 1,000 of the ten nearest, and none if `among`
    /// has 50 articles or fewer. Postgres misses none if `among` has 5,000 or fewer.
    ///
    /// # Errors
    /// [`Error::Dimension`], or a failure of the back end.
    pub async fn nearest(
        &self,
        vector: &Embedding,
        limit: usize,
        among: Option<Arc<RowSet>>,
    ) -> Result<Vec<Neighbour>, Error> {
        self.nearest_observed(vector, limit, Span::ALWAYS, among).await
    }

    /// Returns the nearest among the articles that were first observed in `observed`, as
    /// [`Self::nearest`] does. The articles of `among`, if it is given, must be of these times.
    /// Postgres looks into the partitions of these times alone.
    ///
    /// # Errors
    /// As [`Self::nearest`].
    pub async fn nearest_observed(
        &self,
        vector: &Embedding,
        limit: usize,
        observed: Span,
        among: Option<Arc<RowSet>>,
    ) -> Result<Vec<Neighbour>, Error> {
        self.compare(vector, limit, observed, among, sqlite::nearest, |near| near).await
    }

    /// Returns the same by the numbers of the articles, with their cosines. No id is looked up.
    ///
    /// # Errors
    /// As [`Self::nearest`].
    pub async fn nearest_numbers(
        &self,
        vector: &Embedding,
        limit: usize,
        observed: Span,
        among: Option<Arc<RowSet>>,
    ) -> Result<Vec<(u32, f32)>, Error> {
        let number = |near: Neighbour| (near.number, near.cosine);
        self.compare(vector, limit, observed, among, sqlite::nearest_numbers, number).await
    }

    /// Compares vectors: in the file by `in_file`, on the server with ids that `from_server` drops
    /// where they are not wanted.
    async fn compare<T: Send + 'static>(
        &self,
        vector: &Embedding,
        limit: usize,
        observed: Span,
        among: Option<Arc<RowSet>>,
        in_file: CompareInFile<T>,
        from_server: fn(Neighbour) -> T,
    ) -> Result<Vec<T>, Error> {
        batch::check_dimension(vector.dimension(), self.database.dimension)?;
        if limit == 0 || vector.as_slice().iter().all(|value| *value == 0.0) {
            return Ok(Vec::new());
        }
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let vector = vector.clone();
                    let work = move |connection: &_, resident: &_| {
                        let among = match among {
                            Some(among) => Some(among),
                            None => sqlite::observed(connection, observed)?.map(Arc::new),
                        };
                        in_file(connection, resident, &vector, limit, among.as_deref())
                    };
                    file.scan(work).await
                }
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| {
                        let (known, among) = (&server.encoder, among.as_deref());
                        postgres::nearest(client, known, vector, limit, observed, among).await
                    };
                    let near = server.read(work).await?;
                    Ok(near.into_iter().map(from_server).collect())
                }
            }
        };
        self.database.timed("nearest", work).await
    }
}
