//! The facts of articles in SQLite.

use rusqlite::{Connection, Row, params};

use super::{Facts, PART};
use crate::error::Error;

/// Writes or replaces the facts of the article with this id that have tables of their own.
pub(crate) fn write(connection: &Connection, id: &[u8], facts: &Facts) -> Result<(), Error> {
    for table in ["article_name", "article_topic"] {
        let delete = format!("DELETE FROM {table} WHERE id = ?1");
        connection.prepare_cached(&delete)?.execute([id])?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO article_name VALUES (?1, ?2, ?3)")?;
    for (kind, name) in &facts.names {
        insert.execute(params![id, kind, name])?;
    }
    let mut insert = connection.prepare_cached("INSERT INTO article_topic VALUES (?1, ?2, ?3)")?;
    for (code, score) in &facts.topics {
        insert.execute(params![id, code, score])?;
    }
    Ok(())
}

/// Makes the facts of all articles anew. Returns the numbers of the articles that cannot be read:
/// they have no facts.
pub(crate) fn remake(connection: &Connection) -> Result<Vec<i64>, Error> {
    connection.execute_batch("DELETE FROM article_name; DELETE FROM article_topic")?;
    let mut unreadable = Vec::new();
    for_each(connection, |number, id, facts| {
        let Ok(facts) = facts else {
            unreadable.push(number);
            return Ok(());
        };
        let update = "UPDATE article SET site = ?2, published_ms = ?3, sentiment = ?4
                      WHERE number = ?1";
        let columns = params![number, facts.site, facts.published_ms, facts.sentiment];
        connection.prepare_cached(update)?.execute(columns)?;
        write(connection, id, facts)
    })?;
    Ok(unreadable)
}

/// Counts the articles whose stored facts are not those that they say.
pub(crate) fn wrong(connection: &Connection) -> Result<u64, Error> {
    let mut wrong = 0;
    for_each(connection, |number, id, facts| {
        let stored = stored(connection, number, id)?;
        wrong += u64::from(facts.as_ref().ok() != Some(&stored));
        Ok(())
    })?;
    Ok(wrong)
}

/// An article's number and id, and its facts, which are read from its other columns.
type Read = (i64, Vec<u8>, Result<Facts, Error>);

/// Calls `work` with each article. `work` may change it.
fn for_each(
    connection: &Connection,
    mut work: impl FnMut(i64, &[u8], &Result<Facts, Error>) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut after = i64::MIN;
    loop {
        let part = part(connection, after)?;
        for (number, id, facts) in &part {
            work(*number, id, facts)?;
            after = *number;
        }
        if part.is_empty() {
            return Ok(());
        }
    }
}

fn part(connection: &Connection, after: i64) -> Result<Vec<Read>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT number, id, url, published_at, analysis FROM article
         WHERE number > ?1 ORDER BY number LIMIT ?2",
    )?;
    let mut rows = statement.query([after, PART])?;
    let mut part = Vec::new();
    while let Some(row) = rows.next()? {
        part.push((row.get(0)?, row.get(1)?, read(row)));
    }
    Ok(part)
}

fn read(row: &Row<'_>) -> Result<Facts, Error> {
    let (url, date): (String, Option<String>) = (row.get(2)?, row.get(3)?);
    Facts::read(&url, date.as_deref(), &row.get::<_, String>(4)?)
}

fn stored(connection: &Connection, number: i64, id: &[u8]) -> Result<Facts, Error> {
    let mut names =
        connection.prepare_cached("SELECT kind, name FROM article_name WHERE id = ?1")?;
    let names = names.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut topics =
        connection.prepare_cached("SELECT code, score FROM article_topic WHERE id = ?1")?;
    let topics = topics.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (names, topics) = (names.collect::<Result<_, _>>()?, topics.collect::<Result<_, _>>()?);
    let mut columns = connection
        .prepare_cached("SELECT site, published_ms, sentiment FROM article WHERE number = ?1")?;
    Ok(columns.query_row([number], |row| {
        let (site, published_ms, sentiment) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Facts { site, published_ms, sentiment, names, topics })
    })?)
}
