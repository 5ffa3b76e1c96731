//! Reads an article, and its related articles.

use courant_api::articles::{ArticleView, Related, RevisionView, Revisions};
use courant_article::{Article, ArticleId, CanonicalUrl};
use courant_dedup::canonicalize;
use courant_store::{ReplacedRevision, StoredArticle};
use jiff::Timestamp;

use super::Api;
use super::view::{article_view, copy_view, found, rfc_3339};
use crate::error::ApiError;

/// The most versions of an article that are shown.
pub(super) const MAX_REVISIONS: usize = 1_000;
/// The most copies of an article that are shown.
const MAX_COPIES: usize = 100;
/// The fewest digits of an id that name an article.
const FEWEST_DIGITS: usize = 8;

/// Shows the present version.
fn present(record: &StoredArticle) -> RevisionView {
    let article = &record.article;
    RevisionView {
        revision: article.revision.0,
        observed_at: rfc_3339(article.revision.0),
        title: article.title.clone(),
        content_hash: article.content_hash.to_string(),
        length: article.text.as_str().chars().count(),
        text: article.text.as_str().to_owned(),
        stored_at: record.stored_at.to_string(),
    }
}

/// Shows an earlier version.
fn replaced(kept: &ReplacedRevision) -> RevisionView {
    RevisionView {
        revision: kept.revision.0,
        observed_at: rfc_3339(kept.revision.0),
        title: kept.title.clone(),
        content_hash: kept.content_hash.to_string(),
        length: kept.text.as_str().chars().count(),
        text: kept.text.as_str().to_owned(),
        stored_at: kept.stored_at.to_string(),
    }
}

/// The article with the values of an earlier version.
fn as_it_was(record: StoredArticle, then: ReplacedRevision) -> StoredArticle {
    let article = Article {
        revision: then.revision,
        content_hash: then.content_hash,
        title: then.title,
        authors: then.authors,
        published_at: then.published_at,
        text: then.text,
        ..record.article
    };
    StoredArticle { article, analysis: then.analysis, stored_at: then.stored_at, ..record }
}

impl Api {
    /// The id that a person wrote: whole, or its first digits where one article alone has them.
    pub(super) async fn id_of(&self, text: &str) -> Result<ArticleId, ApiError> {
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

    /// The stored article of this id, as it is now, or as it was at the time `as_of`.
    pub(crate) async fn article(
        &self,
        id: &str,
        as_of: Option<Timestamp>,
    ) -> Result<ArticleView, ApiError> {
        let record = self.record(id, as_of).await?;
        let copies = self.search.copies(&record.article, MAX_COPIES).await?;
        let copies = copies.into_iter().map(copy_view).collect();
        Ok(ArticleView { copies, ..article_view(record) })
    }

    /// The same as it is stored, without its copies.
    pub(crate) async fn record(
        &self,
        id: &str,
        as_of: Option<Timestamp>,
    ) -> Result<StoredArticle, ApiError> {
        let articles = self.store.articles();
        let missing = || ApiError::NoArticle(id.to_owned());
        let record = articles.get(self.id_of(id).await?).await?.ok_or_else(missing)?;
        match as_of {
            Some(time) if record.article.revision.0 > time.as_millisecond() => {
                let kept = articles.revisions(record.article.id, MAX_REVISIONS).await?;
                let then = kept.into_iter().find(|kept| kept.revision.0 <= time.as_millisecond());
                let then = then.ok_or_else(|| {
                    ApiError::NoArticle(format!("{id} with a version of {time} or before"))
                })?;
                Ok(as_it_was(record, then))
            }
            _ => Ok(record),
        }
    }

    /// The article at an address, in any form that leads to the same canonical URL.
    pub(crate) async fn article_at(&self, url: &str) -> Result<ArticleView, ApiError> {
        self.article(&ArticleId::of(&canonical(url)?).to_string(), None).await
    }

    /// The versions of an article, the newest first.
    pub(crate) async fn revisions(&self, id: &str) -> Result<Revisions, ApiError> {
        let articles = self.store.articles();
        let id = self.id_of(id).await?;
        let current = articles.get(id).await?.ok_or_else(|| ApiError::NoArticle(id.to_string()))?;
        let kept = articles.revisions(id, MAX_REVISIONS).await?;
        let mut revisions = vec![present(&current)];
        revisions.extend(kept.iter().map(replaced));
        Ok(Revisions { id: id.to_string(), revisions })
    }

    /// The articles near to `id` in meaning, and with its names, topics or story, without
    /// its copies.
    pub(crate) async fn related(&self, id: &str, limit: usize) -> Result<Related, ApiError> {
        let id = self.id_of(id).await?;
        let hits = self.search.related(id, limit).await?;
        let hits = hits.ok_or_else(|| ApiError::NoArticle(id.to_string()))?;
        let hits = hits.into_iter().map(|hit| found(hit, false)).collect();
        Ok(Related { id: id.to_string(), hits })
    }
}

/// The canonical URL of an address that a person wrote.
pub(super) fn canonical(url: &str) -> Result<CanonicalUrl, ApiError> {
    canonicalize(url).map_err(|error| {
        let shown: String = url.chars().take(200).collect();
        ApiError::Invalid(format!("{shown:?} is no address of an article: {error}"))
    })
}

/// The id below all that begin with these digits, with as many zeros as they lack; `None` where
/// nothing is below, or they are none.
fn before(digits: &str) -> Option<ArticleId> {
    let first = u128::from_str_radix(&format!("{digits:0<32}"), 16).ok()?;
    first.checked_sub(1).map(|before| ArticleId::from_bytes(before.to_be_bytes()))
}
