//! The encoder of a SQLite file: a setting.

use courant_file_vectors::settings;
use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;

const SETTING: &str = "encoder";
const OF_MOST_ARTICLES: &str = "
SELECT json_extract(model, '$.name') AS name FROM article WHERE name IS NOT NULL
GROUP BY name ORDER BY count(*) DESC, name LIMIT 1";

/// Returns the name of the encoder, if there is a vector.
pub(crate) fn current(connection: &Connection) -> Result<Option<String>, Error> {
    Ok(settings::get(connection, SETTING)?)
}

/// Makes `name` the encoder, if there is none yet.
///
/// # Errors
/// [`Error::Encoder`] if there is another one.
pub(in crate::articles) fn agree(connection: &Connection, name: &str) -> Result<(), Error> {
    match current(connection)? {
        Some(stored) => super::check(&stored, name),
        None => Ok(settings::set(connection, SETTING, name)?),
    }
}

/// Gives articles that were stored before their store knew its encoder that of most of them. The
/// caller holds a transaction.
pub(crate) fn name_by_articles(connection: &Connection) -> Result<(), Error> {
    if current(connection)?.is_some() {
        return Ok(());
    }
    let name: Option<String> =
        connection.query_row(OF_MOST_ARTICLES, [], |row| row.get(0)).optional()?;
    Ok(name.map_or(Ok(()), |name| settings::set(connection, SETTING, &name))?)
}
