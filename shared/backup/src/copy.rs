//! Copies everything that is stored from one store to another, of either kind.
//!
//! Articles go through the writes that also store new ones, version by version, so that partitions,
//! vectors and facts come to be as they always do. They are read in the order of their changes until
//! there are no more: what changes meanwhile comes again, and the result is one state of the source.
//! The other tables are copied row by row behind them. A copy that was broken off is made whole by
//! the same copy again.

mod rows;
mod tables;

use std::collections::BTreeMap;

use courant_article::{Article, ArticleId};
use courant_retention::Deletions;
use courant_store::{Change, Error as StoreError, ReplacedRevision, Store, StoredArticle};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::error::Error;
use rows::{copy_table, revised};
pub(crate) use rows::{forget_last_visits, tombstones};
use tables::{TABLES, TOMBSTONES};

/// Articles that are written in one transaction.
const BATCH: usize = 500;
/// Articles that are read at a time.
const AHEAD: usize = 8;
/// The most versions of an article that are copied.
const MOST_VERSIONS: usize = 10_000;

/// The numbers of copied rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Articles.
    pub articles: u64,
    /// Versions that newer ones replaced.
    pub versions: u64,
    /// Rows of the other tables.
    pub rows: u64,
    /// Articles of the target that had been deleted in the source.
    pub deleted: u64,
}

/// Copies the store `from` to the store `to`. Articles that were deleted on request in either stay
/// deleted. `progress` is told the number of articles so far.
///
/// # Errors
/// A failure of a store, or [`StoreError::Encoder`] if the target has vectors of another encoder.
pub async fn copy(from: &Store, to: &Store, progress: impl Fn(u64)) -> Result<Copied, Error> {
    let mut copied = Copied::default();
    let gone = merge_tombstones(from, to).await?;
    copied.deleted = Deletions::of(to).delete(&gone).await?.len() as u64;
    let mut after = 0;
    loop {
        let changes = from.articles().changes(after, BATCH).await?;
        let Some(last) = changes.last() else { break };
        after = last.number;
        copy_articles(from, to, &changes, &mut copied).await?;
        progress(copied.articles);
    }
    let kept = tombstones(to).await?;
    for table in TABLES {
        copied.rows += copy_table(from, to, table, &kept).await?;
    }
    Ok(copied)
}

/// Adds the tombstones of `from` to those of `to`, and returns the articles that they name.
pub(crate) async fn merge_tombstones(from: &Store, to: &Store) -> Result<Vec<ArticleId>, Error> {
    copy_table(from, to, &TOMBSTONES, &[]).await?;
    Ok(tombstones(from).await?)
}

async fn copy_articles(
    from: &Store,
    to: &Store,
    changes: &[Change],
    copied: &mut Copied,
) -> Result<(), Error> {
    let present = changes.iter().filter(|change| change.article.is_some());
    let ids: Vec<ArticleId> = present.map(|change| change.id).collect();
    let removed = changes.iter().filter(|change| change.article.is_none());
    let removed: Vec<ArticleId> = removed.map(|change| change.id).collect();
    Deletions::of(to).forget(&removed).await?;
    let revised = revised(from, &ids).await?;
    let articles = from.articles();
    let reading = stream::iter(&ids).map(async |id| {
        let Some(record) = articles.get(*id).await? else { return Ok(Vec::new()) };
        let earlier = match revised.contains(id) {
            true => articles.revisions(*id, MOST_VERSIONS).await?,
            false => Vec::new(),
        };
        Ok::<_, StoreError>(versions(record, earlier))
    });
    let read: Vec<Vec<StoredArticle>> = reading.buffered(AHEAD).try_collect().await?;
    for batch in in_turn(read) {
        to.articles().upsert(&batch).await?;
        copied.versions += batch.len() as u64;
    }
    copied.articles += ids.len() as u64;
    copied.versions -= ids.len().min(usize::try_from(copied.versions).unwrap_or(usize::MAX)) as u64;
    Ok(())
}

/// The versions of an article, the oldest first. What a version does not keep is that of the
/// present one.
fn versions(record: StoredArticle, earlier: Vec<ReplacedRevision>) -> Vec<StoredArticle> {
    let earlier = earlier.into_iter().rev().map(|then| StoredArticle {
        article: Article {
            revision: then.revision,
            content_hash: then.content_hash,
            title: then.title,
            authors: then.authors,
            published_at: then.published_at,
            text: then.text,
            ..record.article.clone()
        },
        analysis: then.analysis,
        stored_at: then.stored_at,
        ..record.clone()
    });
    let mut versions: Vec<StoredArticle> = earlier.collect();
    versions.push(record);
    versions
}

/// Batches with one version of each article: first the oldest ones, then the next.
fn in_turn(articles: Vec<Vec<StoredArticle>>) -> Vec<Vec<StoredArticle>> {
    let mut batches: BTreeMap<usize, Vec<StoredArticle>> = BTreeMap::new();
    for versions in articles {
        for (turn, version) in versions.into_iter().enumerate() {
            batches.entry(turn).or_default().push(version);
        }
    }
    batches.into_values().collect()
}
