//! The duplicate index: who claimed which text, and when.

mod postgres;
pub(crate) mod sketch;
mod sqlite;

use std::sync::Arc;

use courant_article::{ArticleId, Revision};
use courant_dedup::{Claim, Verdict};

use crate::database::{Backend, Database};
use crate::error::Error;
use sketch::KnownSketch;

/// The duplicate index. Clones share one store.
#[derive(Clone)]
pub struct Claims {
    database: Arc<Database>,
}

impl Claims {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Judges an entry by the duplicate index, and records the verdict.
    ///
    /// Exactly one of concurrent claims of one article or one text is new. The
    /// same claim again gets the same verdict, so that a crash between the claim
    /// and the publication loses nothing. A claim whose article is not stored lapses,
    /// by its age or by [`Self::release`]: it bars neither the same article nor copies.
    ///
    /// # Errors
    /// A failure of the back end: then nothing was recorded, or the same claim
    /// again gets what was.
    pub async fn judge(&self, claim: &Claim) -> Result<Verdict, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let (claim, now_ms) = (claim.clone(), file.now_ms());
                    file.write(move |connection| sqlite::claim(connection, &claim, now_ms)).await
                }
                Backend::Postgres(server) => {
                    let now_ms = server.now_ms();
                    let work = async |client: &mut _| postgres::claim(client, claim, now_ms).await;
                    server.run(work).await
                }
            }
        };
        self.database.timed("claim", work).await
    }

    /// Lets the claim of an article lapse that will not be stored in this revision: it
    /// is among the dead letters. Where it is stored all the same, the claim stands.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn release(&self, id: ArticleId, revision: Revision) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.write(move |connection| sqlite::release(connection, id, revision)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::release(client, id, revision).await).await
                }
            }
        };
        self.database.timed("release", work).await
    }

    /// Returns which of these articles were claimed before, in their order. A claim that
    /// has lapsed does not count.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn known(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let (ids, now_ms) = (ids.to_vec(), file.now_ms());
                    file.read(move |connection| sqlite::known(connection, &ids, now_ms)).await
                }
                Backend::Postgres(server) => {
                    let now_ms = server.now_ms();
                    server.run(async |client| postgres::known(client, ids, now_ms).await).await
                }
            }
        };
        self.database.timed("known", work).await
    }

    /// Returns at most `limit` sketches of what was let in, in the order of the claims:
    /// those behind the number `after`, or the first ones after 0.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn sketches(&self, after: i64, limit: usize) -> Result<Vec<KnownSketch>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.read(move |connection| sqlite::sketches(connection, after, limit)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::sketches(client, after, limit).await).await
                }
            }
        };
        self.database.timed("sketches", work).await
    }

    /// Forgets the sketches of claims before `before_ms` (Unix), and all but the
    /// newest `most`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn forget_sketches(&self, before_ms: i64, most: usize) -> Result<(), Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let work =
                        move |connection: &_| sqlite::forget_sketches(connection, before_ms, most);
                    file.write(work).await
                }
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| {
                        postgres::forget_sketches(client, before_ms, most).await
                    };
                    server.run(work).await
                }
            }
        };
        self.database.timed("forget_sketches", work).await
    }
}
