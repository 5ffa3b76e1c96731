//! The duplicate index: the claims of articles on their URLs and texts.

pub(crate) mod obligation;
pub(crate) mod postgres;
pub(crate) mod sketch;
pub(crate) mod sqlite;

use std::collections::HashSet;
use std::sync::Arc;

use courant_article::ArticleId;
use courant_dedup::{Claim, Fingerprint, Ruling};

use crate::database::{Backend, Database};
use crate::error::Error;
use obligation::OpenClaim;
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

    /// Decides on a claim by the duplicate index, and records the verdict.
    ///
    /// If several claims on one article or text are concurrent, exactly one is new. The same claim
    /// again gets the same ruling, so that a crash between claim and publication loses nothing.
    /// An accepted claim stays open until its article is stored; see [`Self::open`].
    ///
    /// # Errors
    /// A failure of the back end. Either nothing was recorded, or the same claim again gets the
    /// recorded ruling.
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

    /// Returns the recorded ruling of this claim. `None` if the claim was never judged, or if
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

    /// Returns at most `limit` claims whose articles are not stored, the oldest first.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn open(&self, limit: usize) -> Result<Vec<OpenClaim>, Error> {
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

    /// Releases claims whose articles will never be stored. The index then records what is
    /// really stored at their URLs, or nothing. Claims that are not open stay. Returns the
    /// number of released claims.
    ///
    /// # Errors
    /// A failure of the back end. No claim was released.
    pub async fn release(&self, owed: &[OpenClaim]) -> Result<u64, Error> {
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

    /// Returns one flag per article, in order: true if the article is stored or on its way. For
    /// a duplicate, the original article counts.
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

    /// Returns one flag per article, in order: true if the article was ever claimed, whatever
    /// the verdict.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn are_claimed(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let found = self.fingerprints(ids).await?;
        let claimed: HashSet<ArticleId> = found.into_iter().map(|(id, _)| id).collect();
        Ok(ids.iter().map(|id| claimed.contains(id)).collect())
    }

    /// Returns the records of the present claims on articles. Those that were never claimed are
    /// left out.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn fingerprints(
        &self,
        ids: &[ArticleId],
    ) -> Result<Vec<(ArticleId, Fingerprint)>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let ids = ids.to_vec();
                    file.read(move |connection| sqlite::fingerprints(connection, &ids)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::fingerprints(client, ids).await).await
                }
            }
        };
        self.database.timed("fingerprints", work).await
    }

    /// Returns at most `limit` sketches of accepted texts, in the order of their claims,
    /// starting behind the number `after`. 0 starts with the first.
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

    /// Deletes the sketches of claims before `before_ms` (Unix milliseconds), and all but the
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
