//! Writes all articles that fulfil a question, the oldest first, while they are read.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use courant_api::exports::ExportFormat;
use courant_api::{Cursor, Place};
use courant_export::RowWriter;
use courant_query::Query;
use courant_search::{Listing, TimeCursor, TimeOrder};
use futures::stream::{BoxStream, StreamExt, TryStreamExt, iter, try_unfold};
use tokio::sync::OwnedSemaphorePermit;

use super::Api;
use super::view::article_view;
use crate::error::{ApiError, RETRY_AFTER};

/// Articles that are looked up together.
const PAGE: usize = 200;
/// Articles that are read at a time.
const AHEAD: usize = 8;

/// Rows, each part with the number of rows in it.
pub(crate) type Rows = BoxStream<'static, Result<(Bytes, u64), ApiError>>;

/// The place of an export.
struct Export {
    api: Api,
    writer: RowWriter,
    query: Query,
    after: Option<TimeCursor>,
    is_begun: bool,
    _place: OwnedSemaphorePermit,
}

impl Api {
    /// Begins an export, behind `cursor` if one is given. Returns the number of articles that fulfil
    /// the question now, whichever are behind the cursor.
    ///
    /// Each page begins behind the last article of the one before, so that articles which come
    /// meanwhile make no double and no gap.
    pub(crate) async fn export(
        &self,
        text: &str,
        filters: &BTreeMap<String, String>,
        format: ExportFormat,
        cursor: Option<&str>,
    ) -> Result<(u64, Rows), ApiError> {
        let query = self.query(text, filters)?;
        let after = match cursor {
            None => None,
            Some(cursor) => Some(by_time(self.cursor(cursor).await?)?),
        };
        self.search.ready().map_err(ApiError::Search)?;
        let place = Arc::clone(&self.listeners).try_acquire_owned().map_err(|_| {
            let reason = "too many clients listen or export".to_owned();
            ApiError::Busy { reason, after: RETRY_AFTER }
        })?;
        let first = Listing { query: query.clone(), order: TimeOrder::Oldest, after, limit: 1 };
        let (total, _) = self.search.places(&first).await?;
        let export = Export {
            api: self.clone(),
            writer: RowWriter::new(format),
            query,
            after,
            is_begun: after.is_some(),
            _place: place,
        };
        let rows = try_unfold(Some(export), async |export| match export {
            Some(export) => export.next().await,
            None => Ok(None),
        });
        Ok((total, rows.boxed()))
    }
}

impl Export {
    /// The next part, and the export behind it; `None` in its place at the end.
    async fn next(mut self) -> Result<Option<((Bytes, u64), Option<Self>)>, ApiError> {
        let mut bytes = Vec::new();
        if !self.is_begun {
            bytes = self.writer.head().map_err(ApiError::Unwritten)?;
            self.is_begun = true;
        }
        let (query, order) = (self.query.clone(), TimeOrder::Oldest);
        let listing = Listing { query, order, after: self.after, limit: PAGE };
        let (_, places) = self.api.search.places(&listing).await?;
        let articles = self.api.store.articles();
        let reading = iter(places.clone()).map(|place: TimeCursor| {
            let articles = articles.clone();
            // Boxed, as the store's futures are large.
            Box::pin(async move { Ok::<_, ApiError>((place, articles.get(place.id).await?)) })
        });
        let found: Vec<_> = reading.buffered(AHEAD).try_collect().await?;
        let change = self.api.search.state().change;
        let mut rows = 0;
        for (place, record) in found {
            // An article that was deleted meanwhile is passed over.
            let Some(record) = record else { continue };
            let TimeCursor { time_ms, id } = place;
            let cursor = Cursor { change, place: Place::Time { time_ms, id } };
            let row = self.writer.row(&article_view(record), &cursor.to_string());
            bytes.extend(row.map_err(ApiError::Unwritten)?);
            rows += 1;
        }
        self.after = places.last().copied().or(self.after);
        let rest = (places.len() == PAGE).then_some(self);
        Ok(Some(((bytes.into(), rows), rest)))
    }
}

/// The place of a cursor, which must be in a list by time.
fn by_time(cursor: Cursor) -> Result<TimeCursor, ApiError> {
    match cursor.place {
        Place::Time { time_ms, id } => Ok(TimeCursor { time_ms, id }),
        Place::Ranked(_) => Err(ApiError::Invalid("this cursor is of a list by relevance".into())),
    }
}
