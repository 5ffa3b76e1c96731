//! A record as columns, the same ones in both back ends.

use courant_article::{Article, Decision, Embedding, Revision, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::record::StoredArticle;
use crate::columns::{
    article_id, clean, content_hash, corrupt, decision_from, instant, json, optional_id, parsed,
    published,
};
use crate::error::Error;

/// One row of the table `article`.
#[derive(Debug)]
pub(crate) struct ArticleRow {
    pub(crate) id: Vec<u8>,
    pub(crate) revision: i64,
    pub(crate) url: String,
    pub(crate) content_hash: Vec<u8>,
    pub(crate) title: String,
    /// JSON.
    pub(crate) authors: String,
    pub(crate) published_at: Option<String>,
    pub(crate) declared_language: Option<String>,
    /// The detected language, else the declared one.
    pub(crate) language: Option<String>,
    pub(crate) site_name: Option<String>,
    pub(crate) body: String,
    pub(crate) truncated: bool,
    pub(crate) source: String,
    pub(crate) submission_id: String,
    pub(crate) decision: String,
    pub(crate) syndicated_of: Option<Vec<u8>>,
    /// JSON.
    pub(crate) model: String,
    /// JSON.
    pub(crate) analysis: String,
    pub(crate) vector: Vec<f32>,
    pub(crate) stored_at_ms: i64,
    /// JSON; `None` where the page declares nothing.
    pub(crate) page: Option<String>,
    /// JSON; `None` where no feed says anything.
    pub(crate) feed: Option<String>,
    /// JSON; `None` where the source of no value is known.
    pub(crate) evidence: Option<String>,
}

impl ArticleRow {
    pub(crate) fn of(record: &StoredArticle) -> Result<Self, Error> {
        let article = &record.article;
        Ok(Self {
            id: article.id.as_bytes().to_vec(),
            revision: article.revision.0,
            url: clean(&article.url),
            content_hash: article.content_hash.as_bytes().to_vec(),
            title: clean(&article.title),
            authors: json(&article.authors)?,
            published_at: article.published_at.as_ref().map(|at| at.as_str().to_owned()),
            declared_language: article.declared_language.as_deref().map(clean),
            language: record.language().map(clean),
            site_name: article.site_name.as_deref().map(clean),
            body: clean(article.text.as_str()),
            truncated: article.text.is_truncated(),
            source: clean(&article.source),
            submission_id: clean(&article.submission_id),
            decision: article.decision.as_str().to_owned(),
            syndicated_of: article.syndicated_of.map(|id| id.as_bytes().to_vec()),
            model: json(&record.model)?,
            analysis: json(&record.analysis)?,
            vector: record.vector.as_slice().to_vec(),
            stored_at_ms: record.stored_at.as_millisecond(),
            page: unless_default(&article.page)?,
            feed: unless_default(&article.feed)?,
            evidence: unless_default(&article.evidence)?,
        })
    }

    /// Makes a copy the first article of its text: the former first one was deleted.
    pub(crate) fn becomes_first(&mut self) {
        self.syndicated_of = None;
        self.decision = Decision::New.as_str().to_owned();
    }

    pub(crate) fn into_record(self) -> Result<StoredArticle, Error> {
        let decision = decision_from(&self.decision)
            .ok_or_else(|| corrupt("decision", format!("{:?}", self.decision)))?;
        let article = Article {
            id: article_id(&self.id)?,
            revision: Revision(self.revision),
            url: self.url,
            content_hash: content_hash(&self.content_hash)?,
            title: self.title,
            authors: parsed("authors", &self.authors)?,
            published_at: self.published_at.as_deref().map(published).transpose()?,
            declared_language: self.declared_language,
            site_name: self.site_name,
            text: Text::with_flag(self.body, self.truncated),
            source: self.source,
            submission_id: self.submission_id,
            decision,
            syndicated_of: optional_id(self.syndicated_of.as_deref())?,
            page: or_default("page", self.page.as_deref())?,
            feed: or_default("feed", self.feed.as_deref())?,
            evidence: or_default("evidence", self.evidence.as_deref())?,
        };
        Ok(StoredArticle {
            article,
            model: parsed("model", &self.model)?,
            vector: Embedding::from_unit(self.vector),
            analysis: parsed("analysis", &self.analysis)?,
            stored_at: instant(self.stored_at_ms)?,
        })
    }
}

/// The value as JSON; `None` where it says nothing.
fn unless_default<T: Default + PartialEq + Serialize>(value: &T) -> Result<Option<String>, Error> {
    (*value != T::default()).then(|| json(value)).transpose()
}

/// The reverse of [`unless_default`].
fn or_default<T: Default + DeserializeOwned>(column: &str, text: Option<&str>) -> Result<T, Error> {
    text.map(|text| parsed(column, text)).transpose().map(Option::unwrap_or_default)
}
