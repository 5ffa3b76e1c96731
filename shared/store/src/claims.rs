//! The duplicate index: who claimed which text, and when.

pub(crate) mod obligation;
pub(crate) mod postgres;
pub(crate) mod sketch;
pub(crate) mod sqlite;

use std::sync::Arc;

use courant_article::ArticleId;
use courant_dedup::{Claim, Ruling};

use crate::database::{Backend, Database};
use crate::error::Error;
use obligation::Obligation;
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
    /// same claim again gets the same ruling, so that a crash between the claim
    /// and the publication loses nothing. An accepted claim stays open until its article
    /// is stored: [`Self::open`].
    ///
    /// # Errors
    /// A failure of the back end: then nothing was recorded, or the same claim
    /// again gets what was.
    pub async fn judge(&self, claim: &Claim) -> Result<Ruling, Error> {
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

    /// Returns the ruling that this claim had before; `None` if it was not judged yet, or if
    /// its article is lost. Records nothing.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn recall(&self, claim: &Claim) -> Result<Option<Ruling>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let (claim, now_ms) = (claim.clone(), file.now_ms());
                    file.read(move |connection| sqlite::recalled(connection, &claim, now_ms)).await
                }
                Backend::Postgres(server) => {
                    let now_ms = server.now_ms();
                    server.run(async |client| postgres::recalled(client, claim, now_ms).await).await
                }
            }
        };
        self.database.timed("recall", work).await
    }

    /// Returns the claims whose articles are not stored, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn open(&self, limit: usize) -> Result<Vec<Obligation>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.read(move |connection| sqlite::open(connection, limit)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::open(client, limit).await).await
                }
            }
        };
        self.database.timed("open", work).await
    }

    /// Releases claims whose articles nothing will store any more: what is recorded of
    /// their URLs is again what is stored there, and nothing where nothing is. Claims
    /// that are not open stand. Returns the number of those that were released.
    ///
    /// # Errors
    /// A failure of the back end: then none was released.
    pub async fn release(&self, owed: &[Obligation]) -> Result<u64, Error> {
        let mut owed = owed.to_vec();
        // In one order, so that no two transactions wait for each other.
        owed.sort_unstable_by_key(|obligation| obligation.id);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.write(move |connection| sqlite::release(connection, &owed)).await
                }
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| postgres::release(client, &owed).await;
                    server.run(work).await
                }
            }
        };
        self.database.timed("release", work).await
    }

    /// Returns which of these articles are stored or on their way, in their order; of a
    /// duplicate, the article that it repeats counts.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn known(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let ids = ids.to_vec();
                    file.read(move |connection| sqlite::known(connection, &ids)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::known(client, ids).await).await
                }
            }
        };
        self.database.timed("known", work).await
    }

    /// Returns which of these articles were ever claimed, in their order, whatever became of
    /// them.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn are_claimed(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let ids = ids.to_vec();
                    file.read(move |connection| sqlite::are_claimed(connection, &ids)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::are_claimed(client, ids).await).await
                }
            }
        };
        self.database.timed("are_claimed", work).await
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
