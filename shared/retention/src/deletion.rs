//! Deletes articles, with all that is derived from them: versions, vectors, names, topics,
//! sketches, claims, and the crawler's memory of their pages.
//!
//! A tombstone stays. So neither a new crawl nor a version that was on its way brings an article
//! back. The oldest copy of a deleted article becomes the first of its text.

mod postgres;
mod sqlite;

use courant_article::ArticleId;
use courant_store::{Error, Store, Tables};

use crate::deleted::DeletedArticle;

/// The most articles that one call deletes: others write meanwhile.
pub const MOST_AT_A_TIME: usize = 500;

/// Deletes articles of one store. Clones share it.
#[derive(Clone)]
pub struct Deletions {
    pub(crate) tables: Tables,
}

impl Deletions {
    /// Returns the deletions of `store`.
    pub fn of(store: &Store) -> Self {
        Self { tables: store.tables() }
    }

    /// Deletes those of `ids` that are stored or claimed, in transactions of at most
    /// [`MOST_AT_A_TIME`]. Returns those that are deleted now, also if an earlier call did it: the
    /// same call again tells the same.
    ///
    /// # Errors
    /// A failure of the back end. Earlier transactions stay done; the same call goes on.
    pub async fn delete(&self, ids: &[ArticleId]) -> Result<Vec<DeletedArticle>, Error> {
        let mut sorted = ids.to_vec();
        // In one order, so that no two transactions wait for each other.
        sorted.sort_unstable();
        sorted.dedup();
        let mut deleted = Vec::with_capacity(sorted.len());
        for part in sorted.chunks(MOST_AT_A_TIME) {
            let now_ms = self.tables.now_ms();
            let in_file = {
                let part = part.to_vec();
                move |connection: &_| sqlite::delete(connection, &part, now_ms)
            };
            let on_server = async |client: &mut _| postgres::delete(client, part, now_ms).await;
            deleted.extend(self.tables.delete("delete", in_file, on_server).await?);
        }
        Ok(deleted)
    }

    /// Removes articles without tombstones, as a copy of another store does that lacks them. They may
    /// come back.
    ///
    /// # Errors
    /// As [`Self::delete`].
    pub async fn forget(&self, ids: &[ArticleId]) -> Result<(), Error> {
        for part in ids.chunks(MOST_AT_A_TIME) {
            let in_file = {
                let part = part.to_vec();
                move |connection: &_| sqlite::forget(connection, &part)
            };
            let on_server = async |client: &mut _| postgres::forget(client, part).await;
            self.tables.delete("forget", in_file, on_server).await?;
        }
        Ok(())
    }
}
