//! Reads an article, and its related articles.

use courant_article::ArticleId;
use schemars::JsonSchema;
use serde::Serialize;

use super::Api;
use super::view::{ArticleView, Found};
use crate::error::ApiError;

/// The fewest digits of an id that name an article.
const FEWEST_DIGITS: usize = 8;

/// Articles like another one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Related {
    /// The article that was asked for.
    pub(crate) id: String,
    /// The one most like it first.
    pub(crate) hits: Vec<Found>,
}

impl Api {
    /// The id that a person wrote: whole, or its first digits where one article alone has them.
    async fn id_of(&self, text: &str) -> Result<ArticleId, ApiError> {
        let is_short = (FEWEST_DIGITS..32).contains(&text.len())
            && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_short {
            return text.parse().map_err(|_| {
                let hint = "give 8 to 32 hexadecimal digits, as a search result shows them";
                ApiError::Invalid(format!("{text:?} is no id; {hint}"))
            });
        }
        let digits = text.to_ascii_lowercase();
        let found = self.store.articles().list(before(&digits), 2).await?;
        let mut named = found.iter().filter(|found| found.id.to_string().starts_with(&digits));
        match (named.next(), named.next()) {
            (None, _) => Err(ApiError::NoArticle(text.to_owned())),
            (Some(only), None) => Ok(only.id),
            (Some(_), Some(_)) => Err(ApiError::Invalid(format!(
                "several articles have ids that begin with {text}; write more digits"
            ))),
        }
    }

    /// The stored article of this id.
    pub(crate) async fn article(&self, id: &str) -> Result<ArticleView, ApiError> {
        let record = self.store.articles().get(self.id_of(id).await?).await?;
        record.map(Into::into).ok_or_else(|| ApiError::NoArticle(id.to_owned()))
    }

    /// The articles near to `id` in meaning, and with its names, topics or story, without
    /// its copies.
    pub(crate) async fn related(&self, id: &str, limit: usize) -> Result<Related, ApiError> {
        let id = self.id_of(id).await?;
        let hits = self.store.articles().related(id, limit).await?;
        let hits = hits.ok_or_else(|| ApiError::NoArticle(id.to_string()))?;
        Ok(Related { id: id.to_string(), hits: hits.into_iter().map(Into::into).collect() })
    }
}

/// The id below all that begin with these digits, with as many zeros as they lack; `None` where
/// nothing is below, or they are none.
fn before(digits: &str) -> Option<ArticleId> {
    let first = u128::from_str_radix(&format!("{digits:0<32}"), 16).ok()?;
    first.checked_sub(1).map(|before| ArticleId::from_bytes(before.to_be_bytes()))
}
