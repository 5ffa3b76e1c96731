//! Values as columns, the same in both back ends.

use courant_article::{ArticleId, CanonicalUrl, ContentHash, Decision, PublishedAt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// Postgres cannot hold NUL in a text; SQLite's full text would stop there.
pub(crate) fn clean(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

pub(crate) fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| corrupt("a value", error))
}

pub(crate) fn parsed<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| corrupt(column, error))
}

pub(crate) fn published(text: &str) -> Result<PublishedAt, Error> {
    text.parse().map_err(|error| corrupt("published_at", error))
}

pub(crate) fn instant(unix_ms: i64) -> Result<jiff::Timestamp, Error> {
    jiff::Timestamp::from_millisecond(unix_ms).map_err(|error| corrupt("stored_at_ms", error))
}

pub(crate) fn article_id(bytes: &[u8]) -> Result<ArticleId, Error> {
    let bytes = bytes.try_into().map_err(|error| corrupt("an article id", error))?;
    Ok(ArticleId::from_bytes(bytes))
}

pub(crate) fn article_number(number: i64) -> Result<u32, Error> {
    number.try_into().map_err(|error| corrupt("an article's number", error))
}

pub(crate) fn optional_id(bytes: Option<&[u8]>) -> Result<Option<ArticleId>, Error> {
    bytes.map(article_id).transpose()
}

pub(crate) fn content_hash(bytes: &[u8]) -> Result<ContentHash, Error> {
    let bytes = bytes.try_into().map_err(|error| corrupt("content_hash", error))?;
    Ok(ContentHash::from_bytes(bytes))
}

/// The decision that has this name in the database.
pub(crate) fn decision_from(name: &str) -> Option<Decision> {
    Decision::ALL.into_iter().find(|decision| decision.as_str() == name)
}

/// The key of a visit or listing: a URL may be longer than an index entry.
pub(crate) fn url_key(url: &str) -> ArticleId {
    ArticleId::of(&CanonicalUrl::from_canonical(url))
}

pub(crate) fn corrupt(what: &str, why: impl std::fmt::Display) -> Error {
    Error::Corrupt(format!("{what}: {why}"))
}
