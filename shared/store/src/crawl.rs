//! The crawler's memory and timetable.

pub(crate) mod lease;
mod postgres;
pub(crate) mod record;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use crate::database::Database;
use crate::error::Error;
use courant_postgres::Session;
use lease::{Lease, Renewal, TakenLease};
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
        let in_file = {
            let url = url.to_owned();
            move |connection: &_| sqlite::visits::visit(connection, &url)
        };
        let on_server = async |client: &mut _| postgres::visits::visit(client, url).await;
        self.database.read("visit", in_file, on_server).await
    }

    /// Records visits. Of two visits to one URL, the later one counts. The write requires
    /// `leases`.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if another crawler has one of the leases, or a failure of the back
    /// end. Nothing was recorded.
    pub async fn record_visits(&self, leases: &[Lease], visits: &[Visit]) -> Result<(), Error> {
        let in_file = {
            let (leases, visits) = (leases.to_vec(), visits.to_vec());
            move |connection: &_| {
                sqlite::leases::check(connection, &leases)?;
                sqlite::visits::record(connection, &visits)
            }
        };
        let on_server = async |client: &mut Session| {
            let transaction = client.transaction().await?;
            postgres::leases::check(&transaction, leases).await?;
            postgres::visits::record(&transaction, visits).await?;
            Ok(transaction.commit().await?)
        };
        self.database.write("record_visits", in_file, on_server).await
    }

    /// Returns the record of the feed, sitemap or site at `url`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn listing(&self, url: &str) -> Result<Option<Listing>, Error> {
        let in_file = {
            let url = url.to_owned();
            move |connection: &_| sqlite::listings::listing(connection, &url)
        };
        let on_server = async |client: &mut _| postgres::listings::listing(client, url).await;
        self.database.read("listing", in_file, on_server).await
    }

    /// Records `listing`, unless a later check of it is recorded. The write requires `leases`.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if another crawler has one of the leases, or a failure of the back
    /// end. Nothing was recorded.
    pub async fn record_listing(&self, leases: &[Lease], listing: &Listing) -> Result<(), Error> {
        let in_file = {
            let (leases, listing) = (leases.to_vec(), listing.clone());
            move |connection: &_| {
                sqlite::leases::check(connection, &leases)?;
                sqlite::listings::record(connection, &listing)
            }
        };
        let on_server = async |client: &mut Session| {
            let transaction = client.transaction().await?;
            postgres::leases::check(&transaction, leases).await?;
            postgres::listings::record(&transaction, listing).await?;
            Ok(transaction.commit().await?)
        };
        self.database.write("record_listing", in_file, on_server).await
    }

    /// Deletes the records of the listings at `urls`.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was deleted.
    pub async fn forget_listings(&self, urls: &[String]) -> Result<(), Error> {
        let in_file = {
            let urls = urls.to_vec();
            move |connection: &_| sqlite::listings::forget(connection, &urls)
        };
        let on_server = async |client: &mut _| postgres::listings::forget(client, urls).await;
        self.database.write("forget_listings", in_file, on_server).await
    }

    /// Makes the looks at the listings at `urls` due at `at_ms` (Unix milliseconds), also those that
    /// have ended. Returns the number of the listings that are known.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was changed.
    pub async fn make_due(&self, urls: &[String], at_ms: i64) -> Result<usize, Error> {
        let in_file = {
            let urls = urls.to_vec();
            move |connection: &_| sqlite::listings::make_due(connection, &urls, at_ms)
        };
        let on_server =
            async |client: &mut _| postgres::listings::make_due(client, urls, at_ms).await;
        self.database.write("make_due", in_file, on_server).await
    }

    /// Returns at most `limit` listings in the order of their URLs, starting behind the URL
    /// `after`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn listings(&self, after: &str, limit: usize) -> Result<Vec<Listing>, Error> {
        let limit = rows(limit);
        let in_file = {
            let after = after.to_owned();
            move |connection: &_| sqlite::listings::listings(connection, &after, limit)
        };
        let on_server =
            async |client: &mut _| postgres::listings::listings(client, after, limit).await;
        self.database.read("listings", in_file, on_server).await
    }

    /// Returns the numbers of all listings and of failing ones, with at most `limit` of the
    /// failing ones.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn health(&self, limit: usize) -> Result<SourceHealth, Error> {
        let limit = rows(limit);
        self.database
            .read(
                "health",
                move |connection| sqlite::listings::health(connection, limit),
                async |client| postgres::listings::health(client, limit).await,
            )
            .await
    }

    /// Stores or deletes notes. Of several notes with one name, the last counts. The write
    /// requires `leases`, whose holder knows the notes.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if another crawler has one of the leases, or a failure of the back
    /// end. Nothing was recorded.
    pub async fn record_notes(&self, leases: &[Lease], notes: &[Note]) -> Result<(), Error> {
        let in_file = {
            let (leases, notes) = (leases.to_vec(), notes.to_vec());
            move |connection: &_| {
                sqlite::leases::check(connection, &leases)?;
                sqlite::notes::record(connection, &leases, &notes)
            }
        };
        let on_server = async |client: &mut Session| {
            let transaction = client.transaction().await?;
            postgres::leases::check(&transaction, leases).await?;
            postgres::notes::record(&transaction, leases, notes).await?;
            Ok(transaction.commit().await?)
        };
        self.database.write("record_notes", in_file, on_server).await
    }

    /// Returns the note of this kind and name, even if it has expired.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn note(&self, kind: NoteKind, name: &str) -> Result<Option<Note>, Error> {
        let in_file = {
            let name = name.to_owned();
            move |connection: &_| sqlite::notes::note(connection, kind, &name)
        };
        let on_server = async |client: &mut _| postgres::notes::note(client, kind, name).await;
        self.database.read("note", in_file, on_server).await
    }

    /// Returns at most `limit` notes of a kind in a fixed order, starting behind the note named
    /// `after`.
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
        let in_file = {
            let after = after.map(str::to_owned);
            move |connection: &_| sqlite::notes::notes(connection, kind, after.as_deref(), limit)
        };
        let on_server =
            async |client: &mut _| postgres::notes::notes(client, kind, after, limit).await;
        self.database.read("notes", in_file, on_server).await
    }

    /// Hands pages over to the present or next holder of their domains.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was recorded.
    pub async fn hand_over(&self, pages: &[Note]) -> Result<(), Error> {
        let in_file = {
            let pages = pages.to_vec();
            move |connection: &_| sqlite::notes::hand_over(connection, &pages)
        };
        let on_server = async |client: &mut _| postgres::notes::hand_over(client, pages).await;
        self.database.write("hand_over", in_file, on_server).await
    }

    /// Takes over at most `limit` pages in the domains of `leases`: the unfinished pages of a
    /// former holder, and the pages that were handed over since.
    ///
    /// # Errors
    /// [`Error::LeaseLost`] if another crawler has one of the leases, or a failure of the back
    /// end. Nothing was taken over.
    pub async fn adopt(&self, leases: &[Lease], limit: usize) -> Result<Vec<Note>, Error> {
        let in_file = {
            let leases = leases.to_vec();
            move |connection: &_| {
                sqlite::leases::check(connection, &leases)?;
                sqlite::notes::adopt(connection, &leases, limit)
            }
        };
        let on_server = async |client: &mut Session| {
            let transaction = client.transaction().await?;
            postgres::leases::check(&transaction, leases).await?;
            let pages = postgres::notes::adopt(&transaction, leases, rows(limit)).await?;
            transaction.commit().await?;
            Ok(pages)
        };
        self.database.write("adopt", in_file, on_server).await
    }

    /// Returns at most `limit` domains that have waiting pages and that no crawler other than
    /// `holder` holds.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn waiting_domains(&self, holder: &str, limit: usize) -> Result<Vec<String>, Error> {
        let limit = rows(limit);
        let now_ms = self.database.now_ms();
        let in_file = {
            let holder = holder.to_owned();
            move |connection: &_| sqlite::notes::waiting(connection, &holder, limit, now_ms)
        };
        let on_server =
            async |client: &mut _| postgres::notes::waiting(client, holder, limit).await;
        self.database.read("waiting_domains", in_file, on_server).await
    }

    /// Takes the lease of a domain for the given time, if nobody else holds it.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn take_lease(
        &self,
        domain: &str,
        holder: &str,
        lasts: Duration,
    ) -> Result<Option<TakenLease>, Error> {
        let now_ms = self.database.now_ms();
        let in_file = {
            let (domain, holder) = (domain.to_owned(), holder.to_owned());
            move |connection: &_| sqlite::leases::take(connection, &domain, &holder, lasts, now_ms)
        };
        let on_server =
            async |client: &mut _| postgres::leases::take(client, domain, holder, lasts).await;
        self.database.write("take_lease", in_file, on_server).await
    }

    /// Renews the leases that `holder` still has, and its heartbeat. With each lease comes the
    /// present pause between two requests to the domain.
    ///
    /// # Errors
    /// A failure of the back end. Nothing was renewed.
    pub async fn renew_leases(
        &self,
        holder: &str,
        leases: &[(Lease, Duration)],
        lasts: Duration,
    ) -> Result<Renewal, Error> {
        let now_ms = self.database.now_ms();
        let in_file = {
            let (holder, leases) = (holder.to_owned(), leases.to_vec());
            move |connection: &_| sqlite::leases::renew(connection, &holder, &leases, lasts, now_ms)
        };
        let on_server =
            async |client: &mut _| postgres::leases::renew(client, holder, leases, lasts).await;
        self.database.write("renew_leases", in_file, on_server).await
    }

    /// Ends the leases that `holder` still has.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn release_leases(
        &self,
        holder: &str,
        leases: &[(Lease, Duration)],
    ) -> Result<(), Error> {
        let in_file = {
            let (holder, leases) = (holder.to_owned(), leases.to_vec());
            move |connection: &_| sqlite::leases::release(connection, &holder, &leases)
        };
        let on_server =
            async |client: &mut _| postgres::leases::release(client, holder, leases).await;
        self.database.write("release_leases", in_file, on_server).await
    }

    /// Deletes the heartbeat of `holder`.
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn leave(&self, holder: &str) -> Result<(), Error> {
        let in_file = {
            let holder = holder.to_owned();
            move |connection: &_| sqlite::leases::leave(connection, &holder)
        };
        let on_server = async |client: &mut _| postgres::leases::leave(client, holder).await;
        self.database.write("leave", in_file, on_server).await
    }

    /// Deletes the notes that expired before `before_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// A failure of the back end.
    pub async fn forget_notes(&self, before_ms: i64) -> Result<(), Error> {
        self.database
            .write(
                "forget_notes",
                move |connection| sqlite::notes::forget(connection, before_ms),
                async |client: &mut _| postgres::notes::forget(client, before_ms).await,
            )
            .await
    }
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
