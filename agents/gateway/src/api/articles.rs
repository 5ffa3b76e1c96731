//! One article, and those like it.

use courant_article::ArticleId;
use schemars::JsonSchema;
use serde::Serialize;

use super::Api;
use super::view::{ArticleView, Found};
use crate::error::ApiError;

/// Articles like another one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Related {
    /// The article that was asked for.
    pub(crate) id: String,
    /// The one most like it first.
    pub(crate) hits: Vec<Found>,
}

impl Api {
    /// The stored article of this id.
    pub(crate) async fn article(&self, id: &str) -> Result<ArticleView, ApiError> {
        let record = self.store.articles().get(parse(id)?).await?;
        record.map(Into::into).ok_or_else(|| ApiError::NoArticle(id.to_owned()))
    }

    /// The articles near to `id` in meaning, and with its names, topics or story, without
    /// its copies.
    pub(crate) async fn related(&self, id: &str, limit: usize) -> Result<Related, ApiError> {
        let hits = self.store.articles().related(parse(id)?, limit).await?;
        let hits = hits.ok_or_else(|| ApiError::NoArticle(id.to_owned()))?;
        Ok(Related { id: id.to_owned(), hits: hits.into_iter().map(Into::into).collect() })
    }
}

fn parse(id: &str) -> Result<ArticleId, ApiError> {
    let hint = "take the id from a search result or a submission's answer";
    id.parse().map_err(|error| ApiError::Invalid(format!("{error}; {hint}")))
}
