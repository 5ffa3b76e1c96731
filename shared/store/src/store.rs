//! The handle, and what is the same on both back ends.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_article::{ArticleId, Embedding};
use courant_telemetry::Clock;
use courant_vectors::{Place, on_cpu};
use opentelemetry::metrics::Meter;

use crate::batch::check_dimension;
use crate::fusion::{Fused, fuse};
use crate::metrics::Metrics;
use crate::postgres::Postgres;
use crate::query::{CANDIDATES, Terms};
use crate::record::Found;
use crate::related;
use crate::snippet::snippet;
use crate::sqlite::{Sqlite, blocking};
use crate::{
    Claim, Config, Counts, Error, Fare, Hit, KnownSketch, Listing, Mode, Note, NoteKind, Query,
    Record, Summary, Upsert, Verdict, Visit,
};

/// What a SQLite store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// By the one process that writes. The file is made if it is not there.
    ReadWrite,
    /// Beside a writer or without one. Full text is up to date; a vector search
    /// sees the articles that were there when the file was opened.
    ReadOnly,
}

/// A store. Clones share one pool or file.
///
/// Every write is atomic, idempotent, and on the disk when the call returns.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    shared: Arc<Shared>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

struct Shared {
    metrics: Metrics,
    dimension: usize,
    slow_query: Duration,
}

/// Calls the same method of whichever back end it is.
macro_rules! on_backend {
    ($store:expr, $method:ident($($argument:expr),*)) => {
        match &$store.backend {
            Backend::Sqlite(sqlite) => sqlite.$method($($argument),*).await,
            Backend::Postgres(postgres) => postgres.$method($($argument),*).await,
        }
    };
}

impl Store {
    /// Connects to the Postgres server at `config.url`, and brings its tables up
    /// to date.
    ///
    /// # Errors
    /// [`Error::Unreachable`] within the connect timeout, [`Error::Pgvector`] if
    /// the extension is absent or older than 0.8.4, [`Error::StoredDimension`],
    /// [`Error::Newer`], or [`Error::Config`].
    pub async fn postgres(config: &Config, clock: Clock, meter: &Meter) -> Result<Self, Error> {
        config.validate()?;
        let postgres = Box::pin(Postgres::connect(config, clock)).await?;
        Ok(Self::new(Backend::Postgres(Arc::new(postgres)), "postgres", config, meter))
    }

    /// Opens the SQLite file at `path`.
    ///
    /// # Errors
    /// [`Error::Missing`] if there is nothing to read, [`Error::InUse`] if
    /// another process writes, [`Error::Foreign`], [`Error::Corrupt`],
    /// [`Error::Newer`], [`Error::StoredDimension`], [`Error::DiskFull`],
    /// [`Error::Open`], or [`Error::Config`].
    pub async fn sqlite(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        meter: &Meter,
    ) -> Result<Self, Error> {
        Self::sqlite_at(path, access, config, clock, meter, on_cpu()).await
    }

    /// Opens the SQLite file at `path`, whose vectors are compared where `place` puts
    /// them; [`Self::sqlite`] compares them on the CPU.
    ///
    /// # Errors
    /// Those of [`Self::sqlite`], and [`Error::Place`] if the vectors cannot be there.
    pub async fn sqlite_at(
        path: &Path,
        access: Access,
        config: &Config,
        clock: Clock,
        meter: &Meter,
        place: Place,
    ) -> Result<Self, Error> {
        config.validate()?;
        let (path, owned) = (path.to_owned(), config.clone());
        let sqlite = blocking(move || Sqlite::open(&path, access, &owned, clock, place)).await?;
        Ok(Self::new(Backend::Sqlite(Arc::new(sqlite)), "sqlite", config, meter))
    }

    fn new(backend: Backend, name: &'static str, config: &Config, meter: &Meter) -> Self {
        let shared = Shared {
            metrics: Metrics::new(meter, name),
            dimension: config.dimension,
            slow_query: Duration::from_millis(config.slow_query_ms),
        };
        Self { backend, shared: Arc::new(shared) }
    }

    /// Stores `records` in one transaction, and says in their order what became
    /// of them. Of an article the greatest revision is kept; the same revision
    /// again changes nothing.
    ///
    /// # Errors
    /// [`Error::Dimension`] if a vector does not fit; or what the back end meets.
    /// Nothing was stored.
    pub async fn upsert(&self, records: &[Record]) -> Result<Vec<Upsert>, Error> {
        let outcomes = self.timed("upsert", async { on_backend!(self, upsert(records)) }).await?;
        self.shared.metrics.upserted(&outcomes);
        Ok(outcomes)
    }

    /// The article with this id.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn article(&self, id: ArticleId) -> Result<Option<Record>, Error> {
        self.timed("article", async { on_backend!(self, article(id)) }).await
    }

    /// At most `limit` articles in the order of their ids, those behind `after`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn articles(
        &self,
        after: Option<ArticleId>,
        limit: usize,
    ) -> Result<Vec<Summary>, Error> {
        self.timed("articles", async { on_backend!(self, articles(after, limit)) }).await
    }

    /// The articles that fit the query, best first.
    ///
    /// Full text: articles with all the words, and behind them, where these are
    /// few, articles with any of the words. Vectors: the nearest by cosine.
    /// Hybrid: reciprocal rank fusion of [`CANDIDATES`] of each.
    ///
    /// # Errors
    /// [`Error::NoVector`], [`Error::Dimension`], or what the back end meets.
    pub async fn search(&self, query: &Query) -> Result<Vec<Hit>, Error> {
        self.timed("search", self.answer(query)).await
    }

    /// The articles most like one, without copies of its text; `None` if the
    /// article is not stored.
    ///
    /// They are near by vector or hold one of its names; the cosine counts, and
    /// what activation reaches them over names, topics and stories that they share.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn related(&self, id: ArticleId, limit: usize) -> Result<Option<Vec<Hit>>, Error> {
        self.timed("related", self.neighbours(id, limit)).await
    }

    /// How much is stored.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn counts(&self) -> Result<Counts, Error> {
        self.timed("counts", async { on_backend!(self, counts()) }).await
    }

    /// Judges an entry by the duplicate index, and records the verdict.
    ///
    /// Of concurrent claims of one article or one text, exactly one is new. The
    /// same claim again gets the same verdict, so that a crash between the claim
    /// and the publication loses nothing.
    ///
    /// # Errors
    /// What the back end meets: then nothing was recorded, or the same claim
    /// again gets what was.
    pub async fn claim(&self, claim: &Claim) -> Result<Verdict, Error> {
        self.timed("claim", async { on_backend!(self, claim(claim)) }).await
    }

    /// Forgets the sketches of claims before `before_ms` (Unix), and all but the
    /// newest `most`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn forget_sketches(&self, before_ms: i64, most: usize) -> Result<(), Error> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.timed("forget_sketches", async { on_backend!(self, forget_sketches(before_ms, most)) })
            .await
    }

    /// At most `limit` sketches of what was let in, in the order of the claims:
    /// those behind the number `after`, or the first ones after 0.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn sketches(&self, after: i64, limit: usize) -> Result<Vec<KnownSketch>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.timed("sketches", async { on_backend!(self, sketches(after, limit)) }).await
    }

    /// Which of these articles were claimed before, in their order.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn known(&self, ids: &[ArticleId]) -> Result<Vec<bool>, Error> {
        self.timed("known", async { on_backend!(self, known(ids)) }).await
    }

    /// What the crawler remembers of `url`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn visit(&self, url: &str) -> Result<Option<Visit>, Error> {
        self.timed("visit", async { on_backend!(self, visit(url)) }).await
    }

    /// Remembers visits; of two visits of one URL, the later one.
    ///
    /// # Errors
    /// What the back end meets. Nothing was recorded.
    pub async fn record_visits(&self, visits: &[Visit]) -> Result<(), Error> {
        self.timed("record_visits", async { on_backend!(self, record_visits(visits)) }).await
    }

    /// What the crawler knows of the feed, sitemap or site at `url`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn listing(&self, url: &str) -> Result<Option<Listing>, Error> {
        self.timed("listing", async { on_backend!(self, listing(url)) }).await
    }

    /// Keeps `listing`, unless a later look at it is known.
    ///
    /// # Errors
    /// What the back end meets. Nothing was recorded.
    pub async fn record_listing(&self, listing: &Listing) -> Result<(), Error> {
        self.timed("record_listing", async { on_backend!(self, record_listing(listing)) }).await
    }

    /// At most `limit` of the crawler's listings in the order of their URLs, those
    /// behind `after`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn listings(&self, after: &str, limit: usize) -> Result<Vec<Listing>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.timed("listings", async { on_backend!(self, listings(after, limit)) }).await
    }

    /// How the crawler's listings fare, and at most `limit` of those that fail.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn listings_fare(&self, limit: usize) -> Result<Fare, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.timed("listings_fare", async { on_backend!(self, listings_fare(limit)) }).await
    }

    /// Keeps or forgets the crawler's notes; of several about the same, the last
    /// counts.
    ///
    /// # Errors
    /// What the back end meets. Nothing was recorded.
    pub async fn record_notes(&self, notes: &[Note]) -> Result<(), Error> {
        self.timed("record_notes", async { on_backend!(self, record_notes(notes)) }).await
    }

    /// The note of this kind and name, whether it is still of use or not.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn note(&self, kind: NoteKind, name: &str) -> Result<Option<Note>, Error> {
        self.timed("note", async { on_backend!(self, note(kind, name)) }).await
    }

    /// At most `limit` notes of a kind in an order of their own, those behind the
    /// one named `after`.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn notes(
        &self,
        kind: NoteKind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Note>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.timed("notes", async { on_backend!(self, notes(kind, after, limit)) }).await
    }

    /// Forgets the notes that are of no use since before `before_ms` (Unix).
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn forget_notes(&self, before_ms: i64) -> Result<(), Error> {
        self.timed("forget_notes", async { on_backend!(self, forget_notes(before_ms)) }).await
    }

    /// Whether the store answers and, where it was opened for that, can write.
    ///
    /// # Errors
    /// What the back end meets.
    pub async fn ping(&self) -> Result<(), Error> {
        self.timed("ping", async { on_backend!(self, ping()) }).await
    }

    /// Finishes what has begun. Other clones get [`Error::Closed`] from then on.
    ///
    /// # Errors
    /// If what waited could not be finished.
    pub async fn close(self) -> Result<(), Error> {
        match self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => {
                postgres.close();
                Ok(())
            }
        }
    }

    async fn answer(&self, query: &Query) -> Result<Vec<Hit>, Error> {
        let terms = Terms::parse(&query.text);
        let text = match query.mode {
            Mode::Vector => Vec::new(),
            Mode::Hybrid | Mode::Text => self.matching(&terms).await?,
        };
        let nearest = match (query.mode, &query.vector) {
            (Mode::Text, _) | (Mode::Hybrid, None) => Vec::new(),
            (Mode::Vector, None) => return Err(Error::NoVector),
            (Mode::Vector | Mode::Hybrid, Some(vector)) => self.nearest(vector).await?,
        };
        let mut ranked = match query.mode {
            Mode::Vector => by_cosine(&nearest),
            Mode::Hybrid | Mode::Text => {
                fuse(&text, &nearest.iter().map(|(id, _)| *id).collect::<Vec<_>>())
            }
        };
        ranked.truncate(query.limit.min(CANDIDATES));
        let found = self.found(&ranked).await?;
        Ok(hits(&ranked, found, &terms))
    }

    async fn neighbours(&self, id: ArticleId, limit: usize) -> Result<Option<Vec<Hit>>, Error> {
        let Some(record) = on_backend!(self, article(id))? else {
            return Ok(None);
        };
        let names = related::names(&record.analysis.entities);
        let (nearest, named) =
            tokio::try_join!(self.nearest(&record.vector), self.matching(&names))?;
        let candidates = related::candidates(id, &nearest, &named);
        if candidates.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let kin = on_backend!(self, kin(candidates))?;
        let mut ranked = blocking(move || Ok(related::rank(&record, &nearest, kin))).await?;
        ranked.truncate(limit.min(CANDIDATES));
        let found = self.found(&ranked).await?;
        Ok(Some(hits(&ranked, found, &Terms::default())))
    }

    async fn matching(&self, terms: &Terms) -> Result<Vec<ArticleId>, Error> {
        if terms.wanted.is_empty() {
            return Ok(Vec::new());
        }
        on_backend!(self, matching(terms))
    }

    /// The nearest articles; none for a vector of zeros, which has no direction.
    async fn nearest(&self, vector: &Embedding) -> Result<Vec<(ArticleId, f32)>, Error> {
        check_dimension(vector.dimension(), self.shared.dimension)?;
        if vector.as_slice().iter().all(|value| *value == 0.0) {
            return Ok(Vec::new());
        }
        on_backend!(self, nearest(vector))
    }

    async fn found(&self, ranked: &[Fused]) -> Result<Vec<Found>, Error> {
        if ranked.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ranked.iter().map(|candidate| candidate.id).collect();
        on_backend!(self, found(ids))
    }

    async fn timed<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let start = Instant::now();
        let result = work.await;
        let took = start.elapsed();
        self.shared.metrics.operation(operation, took, result.as_ref().err());
        if took > self.shared.slow_query {
            tracing::warn!(operation, took_ms = took.as_millis(), "slow store operation");
        }
        result
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.backend {
            Backend::Sqlite(_) => "Store(SQLite)",
            Backend::Postgres(_) => "Store(Postgres)",
        })
    }
}

fn by_cosine(nearest: &[(ArticleId, f32)]) -> Vec<Fused> {
    let fused = |((id, score), rank): (&(ArticleId, f32), u32)| Fused {
        id: *id,
        score: *score,
        text_rank: None,
        vector_rank: Some(rank),
    };
    nearest.iter().zip(1..).map(fused).collect()
}

/// Joins ranks and articles, in the order of the ranks. An article that was not
/// found is left out.
fn hits(ranked: &[Fused], found: Vec<Found>, terms: &Terms) -> Vec<Hit> {
    let mut by_id: std::collections::HashMap<_, _> =
        found.into_iter().map(|found| (found.id, found)).collect();
    let joined = ranked.iter().filter_map(|rank| Some((rank, by_id.remove(&rank.id)?)));
    joined.map(|(rank, found)| hit(rank, found, terms)).collect()
}

fn hit(rank: &Fused, found: Found, terms: &Terms) -> Hit {
    Hit {
        id: found.id,
        snippet: snippet(&found.body, terms),
        url: found.url,
        title: found.title,
        site_name: found.site_name,
        published_at: found.published_at,
        language: found.language,
        score: rank.score,
        text_rank: rank.text_rank,
        vector_rank: rank.vector_rank,
        syndicated_of: found.syndicated_of,
    }
}
