//! The encoder of a Postgres database: a row of `courant_encoder`, and a table with its vectors.

use std::sync::OnceLock;

use courant_partitions::{self as partitions, divided};
use courant_postgres::{Queries, Session};

use super::Encoder;
use crate::error::Error;

const CURRENT: &str = "
SELECT name, relation FROM courant_encoder WHERE is_current AND relation IS NOT NULL";
const NAMES: &str = "SELECT name FROM courant_encoder WHERE relation IS NULL";
const TAKEN: &str = "SELECT EXISTS (SELECT FROM courant_encoder WHERE relation = $1)";
const NAME: &str = "INSERT INTO courant_encoder (name, is_current) VALUES ($1, true)";
const RELATE: &str = "UPDATE courant_encoder SET relation = $2 WHERE name = $1";

/// The most characters of an encoder's name in that of its table: a partition's name has a span
/// behind it, and Postgres cuts names behind 63 bytes.
const MOST_CHARS: usize = 18;

/// Returns the encoder, if there is a vector. A process asks once: it never changes.
pub(in crate::articles) async fn current(
    client: &impl Queries,
    known: &OnceLock<Encoder>,
) -> Result<Option<Encoder>, Error> {
    if let Some(encoder) = known.get() {
        return Ok(Some(encoder.clone()));
    }
    let Some(row) = client.query_opt(CURRENT, &[]).await? else { return Ok(None) };
    let encoder = Encoder { name: row.try_get(0)?, relation: row.try_get(1)? };
    Ok(Some(known.get_or_init(|| encoder).clone()))
}

/// Makes `name` the encoder, if there is none yet.
///
/// # Errors
/// [`Error::Encoder`] if there is another one.
pub(in crate::articles) async fn agree(
    client: &mut Session,
    known: &OnceLock<Encoder>,
    name: &str,
) -> Result<Encoder, Error> {
    let encoder = match current(client, known).await? {
        Some(encoder) => encoder,
        None => {
            begin(client, name).await?;
            let begun = current(client, known).await?;
            begun.ok_or_else(|| Error::Corrupt("courant_encoder".into()))?
        }
    };
    super::check(&encoder.name, name)?;
    Ok(encoder)
}

/// Another process may begin with an encoder at the same time: the first one counts.
async fn begin(client: &mut Session, name: &str) -> Result<(), Error> {
    let transaction = client.read_committed().await?;
    partitions::lock(&transaction).await?;
    if transaction.query_opt(CURRENT, &[]).await?.is_none() {
        transaction.execute(NAME, &[&name]).await?;
        make_tables(&transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Makes the tables of all encoders that have none, with the partitions of the articles.
pub(crate) async fn make_tables(client: &impl Queries) -> Result<(), Error> {
    let dimension = client.query_one("SELECT dimension FROM courant_dimension", &[]).await?;
    let dimension: i32 = dimension.try_get(0)?;
    for row in client.query(NAMES, &[]).await? {
        let name: String = row.try_get(0)?;
        let relation = free_name(client, &name).await?;
        client.batch(&table(&relation, dimension)).await?;
        for span in partitions::spans(client).await? {
            divided(&relation).add(client, span).await?;
        }
        client.execute(RELATE, &[&name, &relation]).await?;
    }
    Ok(())
}

/// The columns besides the vector are those by which searches are limited most often.
fn table(relation: &str, dimension: i32) -> String {
    format!(
        "CREATE TABLE {relation} (
             first_observed_ms bigint NOT NULL,
             id                bytea NOT NULL,
             number            bigint NOT NULL,
             site              text NOT NULL,
             language          text,
             published_ms      bigint,
             vector            halfvec({dimension}) NOT NULL,
             PRIMARY KEY (first_observed_ms, id)
         ) PARTITION BY RANGE (first_observed_ms);
         CREATE INDEX ON {relation} (number)"
    )
}

/// Returns a name for the table of an encoder that no other has.
async fn free_name(client: &impl Queries, encoder: &str) -> Result<String, Error> {
    let plain = plain(encoder);
    let mut relation = format!("embedding_{plain}");
    let mut number = 1;
    while client.query_one(TAKEN, &[&relation.as_str()]).await?.try_get(0)? {
        number += 1;
        relation = format!("embedding_{plain}_{number}");
    }
    Ok(relation)
}

/// The name of an encoder in letters that need no quotes: `all_minilm_l6_v2`.
fn plain(encoder: &str) -> String {
    let name = encoder.rsplit('/').next().unwrap_or_default().to_lowercase();
    let plain: String = name
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' })
        .take(MOST_CHARS)
        .collect();
    if plain.is_empty() { "unnamed".into() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_s_name_needs_no_quotes() {
        let names = ["all-MiniLM-L6-v2", "hf/ö-'x'\"; --", "", &"x".repeat(99)];
        let expected = ["all_minilm_l6_v2", "___x______", "unnamed", &"x".repeat(18)];
        assert_eq!(names.map(plain), expected);
    }
}
