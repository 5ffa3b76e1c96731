//! The store in Postgres with pgvector, for any number of processes.

mod claims;
mod connect;
mod listings;
mod notes;
mod read;
mod schema;
mod visits;
mod write;

use std::time::Duration;

use courant_article::{ArticleId, Embedding};
use courant_telemetry::Clock;
use deadpool_postgres::{Client, Object, Pool};
use pgvector::HalfVector;
use tokio_postgres::error::SqlState;

use crate::query::Terms;
use crate::record::{Found, Kin};
use crate::{
    Claim, Config, Counts, Error, Fare, KnownSketch, Listing, Note, NoteKind, Record, Summary,
    Upsert, Verdict, Visit,
};

/// A pool of connections to one database.
pub(crate) struct Postgres {
    pool: Pool,
    /// For messages.
    address: String,
    dimension: usize,
    connect_timeout: Duration,
    command_timeout: Duration,
    clock: Clock,
}

impl Postgres {
    pub(crate) async fn connect(config: &Config, clock: Clock) -> Result<Self, Error> {
        let server = connect::server(config)?;
        let address = connect::address(&server);
        connect::prepare_database(&server, config).await?;
        let postgres = Self {
            pool: connect::pool(server, config)?,
            address,
            dimension: config.dimension,
            connect_timeout: config.connect_timeout(),
            command_timeout: config.command_timeout(),
            clock,
        };
        postgres.warm(config.pool_min).await?;
        Ok(postgres)
    }

    /// The pool has no least size: opening some and giving them back makes it.
    async fn warm(&self, connections: usize) -> Result<(), Error> {
        let mut leases = Vec::with_capacity(connections);
        for _ in 0..connections.max(1) {
            leases.push(self.lease().await?);
        }
        leases.into_iter().for_each(Lease::give_back);
        Ok(())
    }

    pub(crate) async fn upsert(&self, records: &[Record]) -> Result<Vec<Upsert>, Error> {
        let mut lease = self.lease().await?;
        let work = write::upsert(lease.client(), records, self.dimension);
        let result = self.within(work).await;
        lease.finish(result)
    }

    pub(crate) async fn claim(&self, claim: &Claim) -> Result<Verdict, Error> {
        let mut lease = self.lease().await?;
        let now_ms = self.clock.unix_ms();
        let result = self.within(claims::claim(lease.client(), claim, now_ms)).await;
        lease.finish(result)
    }

    pub(crate) async fn forget_sketches(&self, before_ms: i64, most: i64) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let work = claims::forget_sketches(lease.client(), before_ms, most);
        let result = self.within(work).await;
        lease.finish(result)
    }

    pub(crate) async fn sketches(&self, after: i64, limit: i64) -> Result<Vec<KnownSketch>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(claims::sketches(lease.client(), after, limit)).await;
        lease.finish(result)
    }

    pub(crate) async fn known(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(claims::known(lease.client(), ids)).await;
        lease.finish(result)
    }

    pub(crate) async fn article(&self, id: ArticleId) -> Result<Option<Record>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::article(lease.client(), id)).await;
        lease.finish(result)
    }

    pub(crate) async fn articles(
        &self,
        after: Option<ArticleId>,
        limit: usize,
    ) -> Result<Vec<Summary>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::articles(lease.client(), after, limit)).await;
        lease.finish(result)
    }

    pub(crate) async fn matching(&self, terms: &Terms) -> Result<Vec<ArticleId>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::matching(lease.client(), terms)).await;
        lease.finish(result)
    }

    pub(crate) async fn nearest(&self, vector: &Embedding) -> Result<Vec<(ArticleId, f32)>, Error> {
        let vector = HalfVector::from_f32_slice(vector.as_slice());
        let mut lease = self.lease().await?;
        let result = self.within(read::nearest(lease.client(), &vector)).await;
        lease.finish(result)
    }

    pub(crate) async fn found(&self, ids: Vec<ArticleId>) -> Result<Vec<Found>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::found(lease.client(), &ids)).await;
        lease.finish(result)
    }

    pub(crate) async fn kin(&self, ids: Vec<ArticleId>) -> Result<Vec<Kin>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::kin(lease.client(), &ids)).await;
        lease.finish(result)
    }

    pub(crate) async fn counts(&self) -> Result<Counts, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::counts(lease.client())).await;
        lease.finish(result)
    }

    pub(crate) async fn visit(&self, url: &str) -> Result<Option<Visit>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(visits::visit(lease.client(), url)).await;
        lease.finish(result)
    }

    pub(crate) async fn record_visits(&self, visits: &[Visit]) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let result = self.within(visits::record(lease.client(), visits)).await;
        lease.finish(result)
    }

    pub(crate) async fn listing(&self, url: &str) -> Result<Option<Listing>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(listings::listing(lease.client(), url)).await;
        lease.finish(result)
    }

    pub(crate) async fn record_listing(&self, listing: &Listing) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let result = self.within(listings::record(lease.client(), listing)).await;
        lease.finish(result)
    }

    pub(crate) async fn listings(&self, after: &str, limit: i64) -> Result<Vec<Listing>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(listings::listings(lease.client(), after, limit)).await;
        lease.finish(result)
    }

    pub(crate) async fn listings_fare(&self, limit: i64) -> Result<Fare, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(listings::fare(lease.client(), limit)).await;
        lease.finish(result)
    }

    pub(crate) async fn record_notes(&self, notes: &[Note]) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let result = self.within(notes::record(lease.client(), notes)).await;
        lease.finish(result)
    }

    pub(crate) async fn forget_notes(&self, before_ms: i64) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let result = self.within(notes::forget(lease.client(), before_ms)).await;
        lease.finish(result)
    }

    pub(crate) async fn note(&self, kind: NoteKind, name: &str) -> Result<Option<Note>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(notes::note(lease.client(), kind, name)).await;
        lease.finish(result)
    }

    pub(crate) async fn notes(
        &self,
        kind: NoteKind,
        after: Option<&str>,
        limit: i64,
    ) -> Result<Vec<Note>, Error> {
        let mut lease = self.lease().await?;
        let result = self.within(notes::notes(lease.client(), kind, after, limit)).await;
        lease.finish(result)
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let mut lease = self.lease().await?;
        let result = self.within(read::ping(lease.client())).await;
        lease.finish(result)
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }

    async fn lease(&self) -> Result<Lease, Error> {
        let client =
            self.pool.get().await.map_err(|error| {
                connect::no_connection(error, &self.address, self.connect_timeout)
            })?;
        Ok(Lease { client: Some(client), keep: false })
    }

    /// The server ends a statement after the same time; this is for a server
    /// that does not answer at all.
    async fn within<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let late = Error::Timeout(self.command_timeout);
        let result = tokio::time::timeout(self.command_timeout, work).await;
        result.unwrap_or(Err(late.clone())).map_err(|error| match error {
            Error::Postgres(refusal) if refusal.code() == Some(&SqlState::QUERY_CANCELED) => late,
            Error::Unreachable { reason, .. } => {
                Error::Unreachable { address: self.address.clone(), reason }
            }
            error => error,
        })
    }
}

/// A connection that goes back to the pool only after a success: one that was
/// left in the middle of a command, by an error, a timeout or a caller that has
/// gone, is closed.
struct Lease {
    client: Option<Client>,
    keep: bool,
}

impl Lease {
    fn client(&mut self) -> &mut Client {
        self.client.as_mut().expect("only `drop` takes the client")
    }

    fn finish<T>(mut self, result: Result<T, Error>) -> Result<T, Error> {
        self.keep = result.is_ok();
        result
    }

    fn give_back(mut self) {
        self.keep = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && !self.keep
        {
            drop(Object::take(client));
        }
    }
}
