//! The tables, in a file or on a server.

mod postgres;
mod row;
mod sqlite;

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use courant_access::{
    AuditEntry, KeyringContent, NewSecret, PersonRecord, SessionRecord, TokenRecord,
};
use courant_config::Secret;
use courant_postgres::Postgres;
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use row::Row;

/// The file of credentials in a data folder.
const FILE: &str = "access.db";

/// The most entries of the audit in one answer.
pub(crate) const MAX_PAGE: usize = 1000;

/// The kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Token,
    Person,
    Session,
    /// The right to make the first admin.
    Setup,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Person => "person",
            Self::Session => "session",
            Self::Setup => "setup",
        }
    }
}

/// Entries of the audit, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// The start of the next page; `None` after the last.
    pub next: Option<i64>,
}

/// The records. Clones share one file or pool.
#[derive(Clone)]
pub struct Records(Backend);

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Mutex<Connection>>),
    Postgres(Arc<Postgres>),
}

impl Records {
    /// Opens the file at `path`, which only its user may read, and makes its tables where they are
    /// absent.
    ///
    /// # Errors
    /// [`Error::Sqlite`] or [`Error::Newer`].
    pub async fn sqlite(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        let connection = blocking(move || sqlite::open(&path)).await?;
        Ok(Self(Backend::Sqlite(Arc::new(Mutex::new(connection)))))
    }

    /// Opens the file of credentials in a data folder.
    ///
    /// # Errors
    /// As [`Self::sqlite`].
    pub async fn in_folder(folder: &Path) -> Result<Self, Error> {
        Self::sqlite(&folder.join(FILE)).await
    }

    /// Returns true if the data folder has a file of credentials.
    pub fn are_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Makes a token in the file at `path`, which only its user may read.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn make_local_token(path: &Path) -> std::io::Result<String> {
        let token = NewSecret::random().text;
        let file = sqlite::private().truncate(true).write(true).open(path);
        file.and_then(|mut file| file.write_all(token.as_bytes()))?;
        Ok(token)
    }

    /// Connects to the server at `url`, and makes the tables where they are absent.
    ///
    /// # Errors
    /// [`Error::Postgres`], [`Error::Server`] or [`Error::Newer`].
    pub async fn postgres(url: &Secret) -> Result<Self, Error> {
        Ok(Self(Backend::Postgres(Arc::new(postgres::open(url).await?))))
    }

    /// Keeps a record, in place of the one with its key. It may be removed after `until_ms`.
    pub(crate) async fn put(
        &self,
        kind: Kind,
        key: &str,
        record: &impl Serialize,
        until_ms: Option<i64>,
    ) -> Result<(), Error> {
        let (key, body) = (key.to_owned(), serde_json::to_string(record)?);
        let until_ms = until_ms.unwrap_or(i64::MAX);
        match &self.0 {
            Backend::Sqlite(file) => {
                in_file(file, move |file| sqlite::put(file, kind.as_str(), &key, &body, until_ms))
                    .await
            }
            Backend::Postgres(server) => {
                let put = async |session: &mut _| {
                    postgres::put(session, kind.as_str(), &key, &body, until_ms).await
                };
                server.run(put).await
            }
        }
    }

    /// Removes a record. Returns true if there was one.
    pub(crate) async fn remove(&self, kind: Kind, key: &str) -> Result<bool, Error> {
        let key = key.to_owned();
        match &self.0 {
            Backend::Sqlite(file) => {
                in_file(file, move |file| sqlite::remove(file, kind.as_str(), &key)).await
            }
            Backend::Postgres(server) => {
                let remove =
                    async |session: &mut _| postgres::remove(session, kind.as_str(), &key).await;
                server.run(remove).await
            }
        }
    }

    /// Returns a number that is another after each change.
    pub(crate) async fn change(&self) -> Result<i64, Error> {
        match &self.0 {
            Backend::Sqlite(file) => in_file(file, sqlite::change).await,
            Backend::Postgres(server) => {
                server.run(async |session: &mut _| postgres::change(session).await).await
            }
        }
    }

    /// Returns all credentials.
    ///
    /// # Errors
    /// A failure of the file or server, or [`Error::Damaged`].
    pub async fn content(&self) -> Result<KeyringContent, Error> {
        let rows = match &self.0 {
            Backend::Sqlite(file) => in_file(file, sqlite::all).await?,
            Backend::Postgres(server) => {
                server.run(async |session: &mut _| postgres::all(session).await).await?
            }
        };
        Ok(KeyringContent {
            tokens: of_kind::<TokenRecord>(&rows, Kind::Token)?,
            people: of_kind::<PersonRecord>(&rows, Kind::Person)?,
            sessions: of_kind::<SessionRecord>(&rows, Kind::Session)?,
        })
    }

    /// Adds entries to the audit.
    pub(crate) async fn note(&self, entries: Vec<AuditEntry>) -> Result<(), Error> {
        match &self.0 {
            Backend::Sqlite(file) => in_file(file, move |file| sqlite::note(file, &entries)).await,
            Backend::Postgres(server) => {
                server.run(async |session: &mut _| postgres::note(session, &entries).await).await
            }
        }
    }

    /// Returns at most `limit` entries of the audit from before the number `before`, the newest
    /// first.
    ///
    /// # Errors
    /// A failure of the file or server.
    pub async fn audit(&self, before: Option<i64>, limit: usize) -> Result<AuditPage, Error> {
        let before = before.unwrap_or(i64::MAX);
        let limit = limit.clamp(1, MAX_PAGE);
        let rows = match &self.0 {
            Backend::Sqlite(file) => {
                in_file(file, move |file| sqlite::audit(file, before, limit as i64)).await?
            }
            Backend::Postgres(server) => {
                let read =
                    async |session: &mut _| postgres::audit(session, before, limit as i64).await;
                server.run(read).await?
            }
        };
        let next = rows.last().filter(|_| rows.len() == limit).map(|(number, _)| *number);
        Ok(AuditPage { entries: rows.into_iter().map(|(_, entry)| entry).collect(), next })
    }

    /// Removes records that have ended before `now_ms`, and entries of the audit from before
    /// `audit_from_ms` or beyond the newest `audit_entries`.
    pub(crate) async fn forget(
        &self,
        now_ms: i64,
        audit_from_ms: i64,
        audit_entries: i64,
    ) -> Result<(), Error> {
        match &self.0 {
            Backend::Sqlite(file) => {
                in_file(file, move |file| {
                    sqlite::forget(file, now_ms, audit_from_ms, audit_entries)
                })
                .await
            }
            Backend::Postgres(server) => {
                let forget = async |session: &mut _| {
                    postgres::forget(session, now_ms, audit_from_ms, audit_entries).await
                };
                server.run(forget).await
            }
        }
    }
}

fn of_kind<T: DeserializeOwned>(rows: &[Row], kind: Kind) -> Result<Vec<T>, Error> {
    let rows = rows.iter().filter(|row| row.kind == kind.as_str());
    rows.map(|row| Ok(serde_json::from_str(&row.body)?)).collect()
}

async fn in_file<T: Send + 'static>(
    file: &Arc<Mutex<Connection>>,
    work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let file = Arc::clone(file);
    blocking(move || {
        let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut file)
    })
    .await
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::GivenUp)?
}

#[cfg(test)]
mod tests;
