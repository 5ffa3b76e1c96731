//! The crawler's memory and timetable.

mod postgres;
pub(crate) mod record;
mod sqlite;

use std::sync::Arc;

use crate::database::{Backend, Database};
use crate::error::Error;
use record::{Listing, Note, NoteKind, SourceHealth, Visit};

/// The crawler's memory and timetable: visits, listings, notes. Clones share one store.
#[derive(Clone)]
pub struct Crawl {
    database: Arc<Database>,
}

impl Crawl {
    pub(crate) fn of(database: &Arc<Database>) -> Self {
        Self { database: Arc::clone(database) }
    }

    /// Returns the last visit to `url`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn visit(&self, url: &str) -> Result<Option<Visit>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let url = url.to_owned();
                    file.read(move |connection| sqlite::visits::visit(connection, &url)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::visits::visit(client, url).await).await
                }
            }
        };
        self.database.timed("visit", work).await
    }

    /// Remembers visits; of two visits of one URL, the later one.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was recorded.
    pub async fn record_visits(&self, visits: &[Visit]) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let visits = visits.to_vec();
                    file.write(move |connection| sqlite::visits::record(connection, &visits)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::visits::record(client, visits).await).await
                }
            }
        };
        self.database.timed("record_visits", work).await
    }

    /// Returns what is known of the feed, sitemap or site at `url`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn listing(&self, url: &str) -> Result<Option<Listing>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let url = url.to_owned();
                    file.read(move |connection| sqlite::listings::listing(connection, &url)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::listings::listing(client, url).await).await
                }
            }
        };
        self.database.timed("listing", work).await
    }

    /// Keeps `listing`, unless a later look at it is known.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was recorded.
    pub async fn record_listing(&self, listing: &Listing) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let listing = listing.clone();
                    let work = move |connection: &_| sqlite::listings::record(connection, &listing);
                    file.write(work).await
                }
                Backend::Postgres(server) => {
                    let work =
                        async |client: &mut _| postgres::listings::record(client, listing).await;
                    server.run(work).await
                }
            }
        };
        self.database.timed("record_listing", work).await
    }

    /// Returns at most `limit` listings in the order of their URLs, those behind `after`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn listings(&self, after: &str, limit: usize) -> Result<Vec<Listing>, Error> {
        let limit = rows(limit);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let after = after.to_owned();
                    let work =
                        move |connection: &_| sqlite::listings::listings(connection, &after, limit);
                    file.read(work).await
                }
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| {
                        postgres::listings::listings(client, after, limit).await
                    };
                    server.run(work).await
                }
            }
        };
        self.database.timed("listings", work).await
    }

    /// Counts the listings and those that fail, and names at most `limit` of the latter.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn health(&self, limit: usize) -> Result<SourceHealth, Error> {
        let limit = rows(limit);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.read(move |connection| sqlite::listings::health(connection, limit)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::listings::health(client, limit).await).await
                }
            }
        };
        self.database.timed("health", work).await
    }

    /// Keeps or forgets notes; of several about the same, the last counts.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was recorded.
    pub async fn record_notes(&self, notes: &[Note]) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let notes = notes.to_vec();
                    file.write(move |connection| sqlite::notes::record(connection, &notes)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::notes::record(client, notes).await).await
                }
            }
        };
        self.database.timed("record_notes", work).await
    }

    /// Returns the note of this kind and name, also where it is of no use any more.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn note(&self, kind: NoteKind, name: &str) -> Result<Option<Note>, Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let name = name.to_owned();
                    file.read(move |connection| sqlite::notes::note(connection, kind, &name)).await
                }
                Backend::Postgres(server) => {
                    server.run(async |client| postgres::notes::note(client, kind, name).await).await
                }
            }
        };
        self.database.timed("note", work).await
    }

    /// Returns at most `limit` notes of a kind in an order of their own, those behind the
    /// one named `after`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn notes(
        &self,
        kind: NoteKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Note>, Error> {
        let limit = rows(limit);
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    let after = after.map(str::to_owned);
                    let work = move |connection: &_| {
                        sqlite::notes::notes(connection, kind, after.as_deref(), limit)
                    };
                    file.read(work).await
                }
                Backend::Postgres(server) => {
                    let work = async |client: &mut _| {
                        postgres::notes::notes(client, kind, after, limit).await
                    };
                    server.run(work).await
                }
            }
        };
        self.database.timed("notes", work).await
    }

    /// Forgets the notes that are of no use since before `before_ms` (Unix).
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn forget_notes(&self, before_ms: i64) -> Result<(), Error> {
        let work = async {
            match &self.database.backend {
                Backend::Sqlite(file) => {
                    file.write(move |connection| sqlite::notes::forget(connection, before_ms)).await
                }
                Backend::Postgres(server) => {
                    let work =
                        async |client: &mut _| postgres::notes::forget(client, before_ms).await;
                    server.run(work).await
                }
            }
        };
        self.database.timed("forget_notes", work).await
    }
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
