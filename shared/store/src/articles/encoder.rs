//! The encoder of a store. Vectors of different encoders cannot be compared, so a store takes those
//! of one alone: of the first that it stores. The precision in which a model ran makes no
//! difference: its int8 vectors lie close enough to its fp32 vectors, which a gate checks before a
//! model is used. The record of each article names what ran.

mod postgres;
mod sqlite;

use super::record::StoredArticle;
use crate::error::Error;

pub(crate) use postgres::make_tables;
pub(super) use postgres::{agree as agree_in_postgres, current as current_in_postgres};
pub(super) use sqlite::agree as agree_in_sqlite;
pub(crate) use sqlite::{current as current_in_sqlite, name_by_articles};

/// The encoder of a Postgres database, and the table that has its vectors.
#[derive(Clone, Debug)]
pub(crate) struct Encoder {
    pub(crate) name: String,
    pub(crate) relation: String,
}

/// The name of the one encoder that made the vectors of `records`.
///
/// # Errors
/// [`Error::Encoder`] if there are several.
pub(super) fn of<'a>(
    records: impl IntoIterator<Item = &'a StoredArticle>,
) -> Result<Option<&'a str>, Error> {
    let mut names = records.into_iter().map(|record| record.model.name.as_str());
    let Some(first) = names.next() else { return Ok(None) };
    names.try_for_each(|name| check(first, name))?;
    Ok(Some(first))
}

/// Checks that vectors of the encoder `found` may be compared with those of `stored`.
pub(super) fn check(stored: &str, found: &str) -> Result<(), Error> {
    if stored == found {
        return Ok(());
    }
    Err(Error::Encoder { stored: stored.to_owned(), found: found.to_owned() })
}
