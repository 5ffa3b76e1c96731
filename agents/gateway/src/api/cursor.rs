//! Places in lists, and the ranked lists that are kept for their next pages.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use courant_api::{Cursor, NoCursor};
use courant_article::ArticleId;
use courant_search::{Ranked, RankedList};

use super::Api;
use crate::error::ApiError;

/// The time that a ranked list is kept.
const LIST_TTL: Duration = Duration::from_secs(300);
/// The time that a request waits for the state of the index that its cursor refers to.
const PATIENCE: Duration = Duration::from_secs(1);
/// Bytes of a kept article: id, score, flag, copies.
const RECORD: usize = 16 + 4 + 1 + 4;

impl Api {
    /// Reads a cursor, and waits until the index holds what it refers to.
    pub(super) async fn cursor(&self, text: &str) -> Result<Cursor, ApiError> {
        let cursor: Cursor =
            text.parse().map_err(|error: NoCursor| ApiError::Invalid(error.to_string()))?;
        self.reached(Some(cursor.change)).await?;
        Ok(cursor)
    }

    /// Waits until the index holds the change of this number.
    pub(crate) async fn reached(&self, change: Option<i64>) -> Result<(), ApiError> {
        let Some(change) = change else { return Ok(()) };
        if self.search.wait_for(change, PATIENCE).await {
            return Ok(());
        }
        let last = self.store.articles().head().await?.change;
        if change > last {
            let message = format!("there is no change {change} yet: the last one is {last}");
            return Err(ApiError::Invalid(message));
        }
        Err(ApiError::Behind { after: PATIENCE })
    }

    pub(super) async fn keep_list(&self, key: &str, list: &RankedList) {
        let mut bytes = Vec::with_capacity(8 + RECORD * list.articles.len());
        bytes.put_u64(list.total);
        for ranked in &list.articles {
            bytes.put_slice(ranked.id.as_bytes());
            bytes.put_f32(ranked.score);
            bytes.put_u8(ranked.is_relaxed.into());
            bytes.put_u32(ranked.copies);
        }
        self.cache.put(key, bytes.into(), LIST_TTL).await;
    }

    pub(super) async fn kept_list(&self, key: &str) -> Option<RankedList> {
        let mut bytes: Bytes = self.cache.get(key).await?;
        let total = bytes.try_get_u64().ok()?;
        let mut articles = Vec::with_capacity(bytes.len() / RECORD);
        while bytes.len() >= RECORD {
            articles.push(ranked(&mut bytes));
        }
        bytes.is_empty().then_some(RankedList { total, articles })
    }
}

/// The next article. The parts of its score are not kept.
fn ranked(bytes: &mut Bytes) -> Ranked {
    let mut id = [0; 16];
    bytes.copy_to_slice(&mut id);
    Ranked {
        id: ArticleId::from_bytes(id),
        score: bytes.get_f32(),
        text_score: None,
        cosine: None,
        text_rank: None,
        vector_rank: None,
        age_weight: None,
        relevance: None,
        is_relaxed: bytes.get_u8() != 0,
        copies: bytes.get_u32(),
    }
}
