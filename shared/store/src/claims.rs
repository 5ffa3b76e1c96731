//! The duplicate index: the claims of articles on their URLs and texts.

pub(crate) mod obligation;
pub(crate) mod postgres;
pub(crate) mod sketch;
pub(crate) mod sqlite;

use std::collections::HashSet;
use std::sync::Arc;

use courant_article::{ArticleId, ContentHash};
use courant_dedup::{Claim, Fingerprint, Ruling};

use crate::articles::tombstones;
use crate::database::Database;
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
        let now_ms = self.database.now_ms();
        let in_file = {
            let claim = claim.clone();
            move |connection: &_| sqlite::claim(connection, &claim, now_ms)
        };
        let on_server = async |client: &mut _| postgres::claim(client, claim, now_ms).await;
        self.database.write("claim", in_file, on_server).await
    }

    /// Returns the recorded ruling of this claim. `None` if the claim was never judged, or if
    /// its article is lost. Records nothing.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn recall(&self, claim: &Claim) -> Result<Option<Ruling>, Error> {
        let now_ms = self.database.now_ms();
        let in_file = {
            let claim = claim.clone();
            move |connection: &_| sqlite::recalled(connection, &claim, now_ms)
        };
        let on_server = async |client: &mut _| postgres::recalled(client, claim, now_ms).await;
        self.database.read("recall", in_file, on_server).await
    }

    /// Returns at most `limit` claims whose articles are not stored, the oldest first.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn open(&self, limit: usize) -> Result<Vec<OpenClaim>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database
            .read(
                "open",
                move |connection| sqlite::open(connection, limit),
                async |client| postgres::open(client, limit).await,
            )
            .await
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
        let in_file = {
            let owed = owed.clone();
            move |connection: &_| sqlite::release(connection, &owed)
        };
        let on_server = async |client: &mut _| postgres::release(client, &owed).await;
        self.database.write("release", in_file, on_server).await
    }

    /// Returns one flag per article, in order: true if the article is stored or on its way, or was
    /// deleted on request. For a duplicate, the original article counts.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn known(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let in_file = {
            let ids = ids.to_vec();
            move |connection: &_| sqlite::known(connection, &ids)
        };
        let on_server = async |client: &mut _| postgres::known(client, ids).await;
        self.database.read("known", in_file, on_server).await
    }

    /// Returns true if the article was deleted on request, or if the text is that of a deleted
    /// article and no other article has it.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn is_deleted(&self, id: ArticleId, text: ContentHash) -> Result<bool, Error> {
        self.database
            .read(
                "is_deleted",
                move |connection| tombstones::bars_in_sqlite(connection, id, text),
                async |client| tombstones::bars_in_postgres(client, id, text).await,
            )
            .await
    }

    /// Lets the files be rid of the traces of a deleted article again: an entry that was refused for
    /// it was in the queue.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn ask_for_erasure(&self) -> Result<(), Error> {
        let now_ms = self.database.now_ms();
        self.database
            .write(
                "ask_for_erasure",
                move |connection| tombstones::ask_for_erasure_in_sqlite(connection, now_ms),
                async |client| tombstones::ask_for_erasure_in_postgres(client, now_ms).await,
            )
            .await
    }

    /// Returns one flag per article, in order: true if the article was ever claimed, whatever
    /// the verdict, or was deleted.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn are_claimed(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let found = self.fingerprints(ids).await?;
        let claimed: HashSet<ArticleId> = found.into_iter().map(|(id, _)| id).collect();
        if ids.iter().all(|id| claimed.contains(id)) {
            return Ok(vec![true; ids.len()]);
        }
        let known = self.known(ids).await?;
        Ok(ids.iter().zip(known).map(|(id, known)| known || claimed.contains(id)).collect())
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
        let in_file = {
            let ids = ids.to_vec();
            move |connection: &_| sqlite::fingerprints(connection, &ids)
        };
        let on_server = async |client: &mut _| postgres::fingerprints(client, ids).await;
        self.database.read("fingerprints", in_file, on_server).await
    }

    /// Returns at most `limit` sketches of accepted texts, in the order of their claims,
    /// starting behind the number `after`. 0 starts with the first.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn sketches(&self, after: i64, limit: usize) -> Result<Vec<KnownSketch>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.database
            .read(
                "sketches",
                move |connection| sqlite::sketches(connection, after, limit),
                async |client| postgres::sketches(client, after, limit).await,
            )
            .await
    }

    /// Deletes the sketches of claims before `before_ms` (Unix milliseconds), and all but the
    /// newest `most`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn forget_sketches(&self, before_ms: i64, most: usize) -> Result<(), Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let in_file = move |connection: &_| sqlite::forget_sketches(connection, before_ms, most);
        let on_server =
            async |client: &mut _| postgres::forget_sketches(client, before_ms, most).await;
        self.database.write("forget_sketches", in_file, on_server).await
    }
}
