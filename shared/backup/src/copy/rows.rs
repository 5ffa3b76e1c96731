//! Rows of tables, read from one store and written to another.

use std::collections::HashSet;

use courant_article::ArticleId;
use courant_postgres::{Parameter, Queries, Session};
use courant_store::{Error, Store};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ToSql, params_from_iter};

use super::tables::{ColumnType, Table};

/// Rows of one page.
const PAGE: usize = 1_000;
/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

const TOMBSTONES: &str = "SELECT DISTINCT id FROM tombstone ORDER BY id";
const REVISED: &str = "SELECT DISTINCT id FROM article_revision WHERE id = ";
/// A page that was fetched while its article was on its way is fetched again, whole.
const FORGET_LAST_VISITS: &str = "
UPDATE visit SET etag = NULL, last_modified = NULL, content_hash = NULL
WHERE fetched_at_ms > (SELECT max(fetched_at_ms) FROM visit) - ";

/// A value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        let value = match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        Ok(rusqlite::types::ToSqlOutput::Borrowed(value))
    }
}

type Row = Vec<Value>;

/// Copies the rows of a table, but those of the articles `gone`, and replaces others with the same
/// keys. Returns the number of rows.
pub(super) async fn copy_table(
    from: &Store,
    to: &Store,
    table: &'static Table,
    gone: &[ArticleId],
) -> Result<u64, Error> {
    let gone: HashSet<&[u8]> = gone.iter().map(|id| id.as_bytes().as_slice()).collect();
    let is_gone = |row: &Row| {
        table.is_of_article && matches!(&row[0], Value::Bytes(id) if gone.contains(id.as_slice()))
    };
    let (mut copied, mut after) = (0, None);
    loop {
        let rows = read(from, table, after).await?;
        let is_last = rows.len() < PAGE;
        after = rows.last().map(|row| row[..table.key].to_vec());
        let rows: Vec<Row> = rows.into_iter().filter(|row| !is_gone(row)).collect();
        copied += rows.len() as u64;
        write(to, table, rows).await?;
        if is_last {
            return Ok(copied);
        }
    }
}

/// Reads the page of a table behind a key.
async fn read(store: &Store, table: &'static Table, after: Option<Row>) -> Result<Vec<Row>, Error> {
    let in_file = {
        let after = after.clone();
        move |connection: &Connection| read_file(connection, table, after)
    };
    let on_server = async |client: &mut Session| read_server(client, table, after.as_deref()).await;
    store.tables().read("read_rows", in_file, on_server).await
}

/// The condition for the rows behind a key, whose values are the first parameters.
fn behind(table: &Table, after: bool, mark: char) -> String {
    if !after {
        return String::new();
    }
    let marks: Vec<String> = (1..=table.key).map(|n| format!("{mark}{n}")).collect();
    format!(" WHERE {} > ({})", table.key_list(), marks.join(", "))
}

fn read_file(
    connection: &Connection,
    table: &Table,
    after: Option<Row>,
) -> Result<Vec<Row>, Error> {
    let query = format!(
        "SELECT {} FROM {}{} ORDER BY {} LIMIT {PAGE}",
        table.list(),
        table.name,
        behind(table, after.is_some(), '?'),
        table.key_list().trim_matches(['(', ')']),
    );
    let mut statement = connection.prepare_cached(&query)?;
    let mut rows = statement.query(params_from_iter(after.unwrap_or_default()))?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let value = |n| value_of(row.get_ref(n)?);
        page.push((0..table.columns.len()).map(value).collect::<Result<Row, _>>()?);
    }
    Ok(page)
}

fn value_of(value: ValueRef<'_>) -> Result<Value, Error> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(number) => return Err(Error::Corrupt(format!("{number} is no integer"))),
    })
}

async fn read_server(
    client: &Session,
    table: &Table,
    after: Option<&[Value]>,
) -> Result<Vec<Row>, Error> {
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|(name, of)| match of {
            ColumnType::Integer => format!("{name}::bigint"),
            ColumnType::Boolean => format!("{name}::integer::bigint"),
            ColumnType::Bytes | ColumnType::Text => (*name).to_owned(),
        })
        .collect();
    let query = format!(
        "SELECT {} FROM {}{} ORDER BY {} LIMIT {PAGE}",
        columns.join(", "),
        table.name,
        behind(table, after.is_some(), '$'),
        table.key_list().trim_matches(['(', ')']),
    );
    let keys: Vec<Box<dyn Parameter + Send>> =
        after.unwrap_or_default().iter().map(parameter).collect();
    let keys: Vec<&dyn Parameter> = keys.iter().map(|key| &**key as &dyn Parameter).collect();
    let rows = client.query(&query, &keys).await?;
    let row = |row: &tokio_postgres::Row| -> Result<Row, Error> {
        let value = |(n, (_, of)): (usize, &(&str, ColumnType))| -> Result<Value, Error> {
            Ok(match of {
                ColumnType::Bytes => {
                    row.try_get::<_, Option<Vec<u8>>>(n)?.map_or(Value::Null, Value::Bytes)
                }
                ColumnType::Text => {
                    row.try_get::<_, Option<String>>(n)?.map_or(Value::Null, Value::Text)
                }
                ColumnType::Integer | ColumnType::Boolean => {
                    row.try_get::<_, Option<i64>>(n)?.map_or(Value::Null, Value::Integer)
                }
            })
        };
        table.columns.iter().enumerate().map(value).collect()
    };
    rows.iter().map(row).collect()
}

/// A value of a key.
fn parameter(value: &Value) -> Box<dyn Parameter + Send> {
    match value {
        Value::Null => Box::new(None::<i64>),
        Value::Integer(number) => Box::new(*number),
        Value::Text(text) => Box::new(text.clone()),
        Value::Bytes(bytes) => Box::new(bytes.clone()),
    }
}

async fn write(store: &Store, table: &'static Table, rows: Vec<Row>) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let in_file = {
        let rows = rows.clone();
        move |connection: &Connection| write_file(connection, table, &rows)
    };
    let on_server = async |client: &mut Session| write_server(client, table, &rows).await;
    store.tables().write("write_rows", in_file, on_server).await
}

fn write_file(connection: &Connection, table: &Table, rows: &[Row]) -> Result<(), Error> {
    let marks: Vec<String> = (1..=table.columns.len()).map(|n| format!("?{n}")).collect();
    let insert = format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT {} DO {}",
        table.name,
        table.list(),
        marks.join(", "),
        table.key_list(),
        table.replacement(),
    );
    let mut statement = connection.prepare_cached(&insert)?;
    for row in rows {
        statement.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// A column of rows.
fn column(rows: &[Row], n: usize, of: ColumnType) -> Box<dyn Parameter + Send> {
    let values = rows.iter().map(|row| &row[n]);
    match of {
        ColumnType::Bytes => {
            let bytes = |value: &Value| match value {
                Value::Bytes(bytes) => Some(bytes.clone()),
                _ => None,
            };
            Box::new(values.map(bytes).collect::<Vec<_>>())
        }
        ColumnType::Text => {
            let text = |value: &Value| match value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            };
            Box::new(values.map(text).collect::<Vec<_>>())
        }
        ColumnType::Integer => Box::new(values.map(number).collect::<Vec<_>>()),
        ColumnType::Boolean => {
            Box::new(values.map(|value| number(value).map(|n| n != 0)).collect::<Vec<_>>())
        }
    }
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

async fn write_server(client: &mut Session, table: &Table, rows: &[Row]) -> Result<(), Error> {
    let arrays: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(n, (_, of))| format!("${}::{}", n + 1, of.array()))
        .collect();
    let given = if table.is_numbered { "OVERRIDING SYSTEM VALUE " } else { "" };
    let insert = format!(
        "INSERT INTO {} ({}) {given}SELECT * FROM unnest({}) ON CONFLICT {} DO {}",
        table.name,
        table.list(),
        arrays.join(", "),
        table.key_list(),
        table.replacement(),
    );
    let columns: Vec<Box<dyn Parameter + Send>> =
        table.columns.iter().enumerate().map(|(n, (_, of))| column(rows, n, *of)).collect();
    let columns: Vec<&dyn Parameter> =
        columns.iter().map(|column| &**column as &dyn Parameter).collect();
    let transaction = client.read_committed().await?;
    transaction.execute(&insert, &columns).await?;
    if table.is_numbered {
        let next = format!(
            "SELECT setval(pg_get_serial_sequence('{0}', 'number'),
                 (SELECT max(number) FROM {0}))",
            table.name
        );
        transaction.query(&next, &[]).await?;
    }
    Ok(transaction.commit().await?)
}

/// The articles that were deleted on request.
pub(crate) async fn tombstones(store: &Store) -> Result<Vec<ArticleId>, Error> {
    let in_file = |connection: &Connection| ids_in_file(connection, TOMBSTONES, &[]);
    let on_server = async |client: &mut Session| {
        let rows = client.query(TOMBSTONES, &[]).await?;
        rows.iter().map(|row| article_id(row.try_get(0)?)).collect()
    };
    store.tables().read("tombstones", in_file, on_server).await
}

/// Those of `ids` that have earlier versions.
pub(super) async fn revised(store: &Store, ids: &[ArticleId]) -> Result<HashSet<ArticleId>, Error> {
    let in_file = {
        let ids = ids.to_vec();
        move |connection: &Connection| {
            let query = format!("{REVISED}?1");
            let mut found = Vec::new();
            for id in &ids {
                found.extend(ids_in_file(connection, &query, &[id.as_bytes().as_slice()])?);
            }
            Ok(found)
        }
    };
    let on_server = async |client: &mut Session| {
        let keys: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let rows = client.query(&format!("{REVISED}ANY ($1)"), &[&keys]).await?;
        rows.iter().map(|row| article_id(row.try_get(0)?)).collect()
    };
    let found: Vec<ArticleId> = store.tables().read("revised", in_file, on_server).await?;
    Ok(found.into_iter().collect())
}

fn ids_in_file(
    connection: &Connection,
    query: &str,
    values: &[&[u8]],
) -> Result<Vec<ArticleId>, Error> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push(article_id(&row.get::<_, Vec<u8>>(0)?)?);
    }
    Ok(ids)
}

fn article_id(bytes: &[u8]) -> Result<ArticleId, Error> {
    let sixteen = bytes.try_into().map_err(|_| Error::Corrupt("an article id".into()))?;
    Ok(ArticleId::from_bytes(sixteen))
}

/// Lets the crawler fetch the pages of the last day again, whole.
pub(crate) async fn forget_last_visits(store: &Store) -> Result<(), Error> {
    let update = format!("{FORGET_LAST_VISITS}{DAY_MS}");
    let in_file = {
        let update = update.clone();
        move |connection: &Connection| {
            connection.execute(&update, [])?;
            Ok(())
        }
    };
    let on_server = async |client: &mut Session| {
        client.execute(&update, &[]).await?;
        Ok(())
    };
    store.tables().write("forget_last_visits", in_file, on_server).await
}
