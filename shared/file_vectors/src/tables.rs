//! The tables of vectors: their values, and their codes for the scan in memory.

use std::time::Instant;

use courant_vectors::{NearestRows, RowSet, ScoredRow, SignCodes, dot};
use rusqlite::{Connection, OptionalExtension, Statement, params};

use crate::error::Error;
use crate::settings;

/// The setting that names the rules of the codes, and these rules: codes by others are remade.
const SETTING: &str = "codes";
const RULES: &str = "signs 1";

/// Threads that compare the codes of one query. A store of fewer than half a million articles
/// uses one.
pub(crate) const THREADS: usize = 2;

const LOOK_UP: &str = "SELECT vector FROM article_vector WHERE number = ?1";

/// Little-endian `f32`.
pub(crate) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Returns the vector of these bytes.
///
/// # Errors
/// [`Error::Corrupt`] if they are none.
pub fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let mut vector = Vec::new();
    read_into(&mut vector, bytes)?;
    Ok(vector)
}

/// Replaces the values of `vector` by those of the bytes.
fn read_into(vector: &mut Vec<f32>, bytes: &[u8]) -> Result<(), Error> {
    let (values, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(Error::corrupt("vector", format!("{} bytes", bytes.len())));
    }
    vector.clear();
    vector.extend(values.iter().map(|value| f32::from_le_bytes(*value)));
    Ok(())
}

/// The number of an article as that of a row in memory.
///
/// # Errors
/// [`Error::Corrupt`] if it is none.
pub fn row_number(number: i64) -> Result<u32, Error> {
    u32::try_from(number).map_err(|_| Error::corrupt("the number of an article", number))
}

/// Writes or replaces an article's vector, and its code.
///
/// # Errors
/// A failure of SQLite.
pub fn write(connection: &Connection, number: i64, vector: &[f32]) -> Result<(), Error> {
    let insert = "INSERT OR REPLACE INTO article_vector (number, vector) VALUES (?1, ?2)";
    connection.prepare_cached(insert)?.execute(params![number, to_bytes(vector)])?;
    write_code(connection, number, vector)
}

fn write_code(connection: &Connection, number: i64, vector: &[f32]) -> Result<(), Error> {
    let delete = "DELETE FROM article_code WHERE number = ?1";
    let insert = "INSERT OR REPLACE INTO article_code (number, code) VALUES (?1, ?2)";
    match SignCodes::encode(vector) {
        Some(code) => connection.prepare_cached(insert)?.execute(params![number, code])?,
        None => connection.prepare_cached(delete)?.execute([number])?,
    };
    Ok(())
}

/// Returns the vector of an article, if it is stored.
pub(crate) fn read(connection: &Connection, number: u32) -> Result<Option<Vec<f32>>, Error> {
    let mut vector = Vec::new();
    let mut statement = connection.prepare_cached(LOOK_UP)?;
    let is_there = look_up(&mut statement, number, &mut vector)?;
    Ok(is_there.then_some(vector))
}

/// Reads the vector of an article into `vector`. Returns false if it is not stored.
fn look_up(
    statement: &mut Statement<'_>,
    number: u32,
    vector: &mut Vec<f32>,
) -> Result<bool, Error> {
    let mut rows = statement.query([number])?;
    let Some(row) = rows.next()? else { return Ok(false) };
    read_into(vector, row.get_ref(0)?.as_blob().map_err(|error| Error::corrupt("vector", error))?)?;
    Ok(true)
}

/// Gives every vector to `each`, by number.
pub(crate) fn each(
    connection: &Connection,
    mut each: impl FnMut(i64, Vec<f32>) -> Result<(), Error>,
) -> Result<(), Error> {
    let query = "SELECT number, vector FROM article_vector ORDER BY number";
    let mut statement = connection.prepare(query)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(|error| Error::corrupt("vector", error))?;
        each(row.get(0)?, from_bytes(bytes)?)?;
    }
    Ok(())
}

/// The `k` of `numbers` whose vectors are nearest to `query`, with their cosines, best first,
/// equal ones by number. An article that was deleted meanwhile is left out.
pub(crate) fn nearest(
    connection: &Connection,
    query: &[f32],
    mut numbers: Vec<u32>,
    k: usize,
) -> Result<Vec<(u32, f32)>, Error> {
    // In the order of the file.
    numbers.sort_unstable();
    let mut nearest = NearestRows::new(k.min(numbers.len()));
    let (mut statement, mut vector) = (connection.prepare_cached(LOOK_UP)?, Vec::new());
    for number in numbers {
        if !look_up(&mut statement, number, &mut vector)? {
            continue;
        }
        if vector.len() != query.len() {
            return Err(Error::corrupt("vector", format!("{} values", vector.len())));
        }
        nearest.offer(ScoredRow { row: number as usize, score: dot(query, &vector) });
    }
    let sorted = nearest.into_sorted().into_iter();
    Ok(sorted.map(|scored| (scored.row as u32, scored.score)).collect())
}

/// Loads the codes of all vectors.
pub(crate) fn codes(connection: &Connection, dimension: usize) -> Result<SignCodes, Error> {
    let mut codes = SignCodes::new(dimension);
    let mut statement = connection.prepare("SELECT number, code FROM article_code")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let code = row.get_ref(1)?.as_blob().map_err(|error| Error::corrupt("code", error))?;
        let number = row_number(row.get(0)?)?;
        codes.set(number, Some(code)).map_err(|error| Error::corrupt("code", error))?;
    }
    Ok(codes)
}

/// Remakes the codes, if they are not there or were made by other rules. The caller holds a
/// transaction.
///
/// # Errors
/// A failure of SQLite, or [`Error::Corrupt`].
pub fn complete_codes(connection: &Connection) -> Result<(), Error> {
    if settings::get(connection, SETTING)?.as_deref() == Some(RULES) {
        return Ok(());
    }
    remake_codes(connection)
}

/// Makes the codes of all vectors anew. The caller holds a transaction.
///
/// # Errors
/// A failure of SQLite, or [`Error::Corrupt`].
pub fn remake_codes(connection: &Connection) -> Result<(), Error> {
    let (start, mut made) = (Instant::now(), 0_u64);
    connection.execute("DELETE FROM article_code", [])?;
    each(connection, |number, vector| {
        made += 1;
        write_code(connection, number, &vector)
    })?;
    settings::set(connection, SETTING, RULES)?;
    if made > 0 {
        let took_ms = start.elapsed().as_millis();
        tracing::info!(vectors = made, took_ms, "made the codes of the stored vectors");
    }
    Ok(())
}

/// Counts the vectors whose code is not what it should be, and the codes without a vector.
///
/// # Errors
/// A failure of SQLite, or [`Error::Corrupt`].
pub fn wrong_codes(connection: &Connection) -> Result<u64, Error> {
    let orphans = "SELECT count(*) FROM article_code
                   WHERE number NOT IN (SELECT number FROM article_vector)";
    let orphans: i64 = connection.query_row(orphans, [], |row| row.get(0))?;
    let mut stored = connection.prepare("SELECT code FROM article_code WHERE number = ?1")?;
    let mut wrong = orphans.unsigned_abs();
    each(connection, |number, vector| {
        let code: Option<Vec<u8>> = stored.query_row([number], |row| row.get(0)).optional()?;
        wrong += u64::from(code != SignCodes::encode(&vector));
        Ok(())
    })?;
    Ok(wrong)
}

/// Every `1 / share`th of the rows, `most` at most.
pub(crate) fn sample(rows: &RowSet, most: usize) -> Vec<u32> {
    let step = rows.len().div_ceil(most.max(1)).max(1);
    rows.iter().step_by(step).collect()
}
