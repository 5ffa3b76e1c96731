//! Builds and runs the crawler.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use courant_bus::{Bus, Deliveries, Stage, Subject, Subscription};
use courant_proto::v1;
use courant_proto::v1::Pressure;
use courant_service::Control;
use courant_store::Store;
use courant_telemetry::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use opentelemetry::metrics::Meter;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Config;
use crate::crawl::Crawl;
use crate::error::Error;
use crate::extent::Extent;
use crate::frontier::Frontier;
use crate::handle::Handler;
use crate::holder::holder;
use crate::intake::Intake;
use crate::known::KnownElsewhere;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::patience::Patience;
use crate::progress::{Progress, Report};
use crate::publisher::Publisher;
use crate::requests;
use crate::share::share;
use crate::sources::look::Looks;
use crate::sources::source::Source;
use crate::sources::{local, remote, requested};
use crate::tally::Tally;
use crate::timetable::Timetable;
use crate::web::Web;
use crate::web::fetch::Fetcher;
use crate::web::leases::Leases;
use crate::web::politeness::Politeness;

/// Finds articles and publishes them on the bus.
pub struct Crawler {
    config: Config,
    bus: Bus,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    progress: Progress,
    fetcher: Fetcher,
    serves_requests: bool,
}

impl Crawler {
    /// Creates the parts that a crawl needs. Sends no request yet.
    ///
    /// # Errors
    /// [`Error::Config`] if a setting is out of its range; it names the first one.
    /// [`Error::Client`] if the HTTP client cannot be built.
    pub fn build(
        config: Config,
        bus: Bus,
        store: Store,
        clock: Clock,
        meter: &Meter,
    ) -> Result<Self, Error> {
        config.validate()?;
        let fetcher = Fetcher::new(config.clone(), clock.clone())?;
        let metrics = Metrics::new(meter);
        bus.publishes(&[Subject::ENTRY_SUBMITTED, Subject::ENTRY_DECIDED]);
        let (progress, serves_requests) = (Progress::default(), false);
        Ok(Self { config, bus, store, clock, metrics, progress, fetcher, serves_requests })
    }

    /// Carries out requests for pages and looks also in a crawl that ends. One that runs for ever
    /// carries them out anyway.
    #[must_use]
    pub fn serving_requests(self) -> Self {
        Self { serves_requests: true, ..self }
    }

    /// Returns a handle that reads the figures while [`Self::run`] works.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Crawls `sources` until `control` says to stop. Ends earlier, when every source is
    /// finished, unless `extent` is [`Extent::Forever`]. Files and folders are read once. With
    /// [`Extent::Forever`], feeds, sitemaps and sites are checked again and again, those that
    /// change often more often.
    ///
    /// Failed pages and unusable sources are listed in the report; they are not errors. The next
    /// crawl finds again the pages that a stop cut off.
    ///
    /// # Errors
    /// [`Error::Bus`] and [`Error::Publish`] if the bus fails for good.
    pub async fn run(
        self,
        sources: Vec<Source>,
        extent: Extent,
        control: &Control,
    ) -> Result<Report, Error> {
        if !control.running().await {
            return Ok(self.progress.report());
        }
        let bus = self.bus.clone();
        let pressure = bus.subscribe(Subject::CONTROL_PRESSURE).await.map_err(Error::Bus)?;
        let steering = match extent == Extent::Forever || self.serves_requests {
            true => Some(Steering::begin(bus, &sources).await.map_err(Error::Bus)?),
            false => None,
        };
        let progress = self.progress.clone();
        let (crawl, writer) = self.compose(extent, control);
        let leases = Arc::clone(&crawl.leases);
        let looks = Arc::new(Looks::new(Arc::clone(&crawl)));
        let over = CancellationToken::new();
        let rounds = async {
            work_off(&looks, sources).await;
            over.cancel();
        };
        tokio::select! {
            ((), ()) = async { tokio::join!(Box::pin(rounds), Box::pin(steer(&looks, steering, &over))) } => {}
            () = listen(&crawl, pressure) => {}
            () = Box::pin(share(&crawl)) => {}
        }
        let failure = crawl.publisher.failure();
        // This drops the last reference to the memory: its writer ends when everything is written.
        drop((crawl, looks));
        if writer.await.is_err() {
            tracing::error!("the task that records visits died: pages will be visited again");
        }
        leases.leave().await;
        failure.map_or_else(|| Ok(progress.report()), Err)
    }

    /// Puts the parts of a crawl together. The returned task writes visits and notes to the store.
    fn compose(self, extent: Extent, control: &Control) -> (Arc<Crawl>, JoinHandle<()>) {
        let Self { config, bus, store, clock, metrics, progress, fetcher, .. } = self;
        let stop = control.token().child_token();
        let patience = Duration::from_secs(config.store_patience_s);
        let (memory, writer) = Memory::new(store.crawl(), patience, clock.clone(), stop.clone());
        let memory = Arc::new(memory);
        let max_wait = Duration::from_secs(config.max_retry_after_s);
        let leases = Arc::new(Leases {
            holder: holder(),
            lasts: Duration::from_secs(config.lease_s),
            shares: extent == Extent::Forever,
            store: store.crawl(),
            patience: Patience::new(patience, stop.clone()),
            fences: Arc::clone(&memory.fences),
            notes: Arc::clone(&memory.notes),
            politeness: Arc::new(Politeness::new(config.min_delay(), max_wait)),
            metrics: metrics.clone(),
            state: Mutex::default(),
            renewed: Notify::new(),
        });
        let intake = Arc::new(Intake::new(control.clone(), stop.clone()));
        let tally = Tally { progress, metrics, control: control.clone() };
        let web = Arc::new(Web::new(
            config.clone(),
            fetcher,
            Arc::clone(&memory),
            Arc::clone(&leases),
            Arc::clone(&intake),
            &tally,
        ));
        let publisher = Arc::new(Publisher::new(
            bus.clone(),
            clock.clone(),
            Arc::clone(&memory),
            tally.metrics.clone(),
            stop.clone(),
        ));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let cores = Arc::new(Semaphore::new(cores));
        let handler = Handler {
            config: config.clone(),
            clock: clock.clone(),
            extent,
            web: Arc::clone(&web),
            publisher: Arc::clone(&publisher),
            memory: Arc::clone(&memory),
            known: KnownElsewhere::new(bus),
            tally: tally.clone(),
            cores: Arc::clone(&cores),
        };
        let crawl = Crawl {
            timetable: Timetable::new(
                config.bounds(),
                leases.retry_interval(),
                extent,
                clock,
                Arc::clone(&memory),
                &intake,
            ),
            frontier: Frontier::new(config.max_queued_pages, extent != Extent::Forever)
                .noting(Arc::clone(&memory.notes)),
            config,
            extent,
            web,
            leases,
            publisher,
            handler,
            memory,
            intake,
            tally,
            cores,
            stop,
            workers: TaskTracker::new(),
        };
        (Arc::new(crawl), writer)
    }
}

/// Runs until every page that the sources led to is finished, or the crawl is stopped.
async fn work_off(looks: &Arc<Looks>, sources: Vec<Source>) {
    let crawl = &looks.crawl;
    crawl.resume().await;
    let mut rounds: FuturesUnordered<_> =
        sources.into_iter().map(|source| read_source(looks, source)).collect();
    while rounds.next().await.is_some() {}
    if crawl.extent == Extent::Forever {
        crawl.stop.cancelled().await;
    }
    crawl.workers.close();
    crawl.workers.wait().await;
}

async fn read_source(looks: &Arc<Looks>, source: Source) {
    match source {
        Source::Web(url) => remote::follow(looks, vec![url]).await,
        Source::File(path, kind) => local::file(looks, &path, kind).await,
        Source::Folder(path) => local::folder(&looks.crawl, &path).await,
    }
}

/// The ways in which people steer a crawl that runs for ever.
struct Steering {
    bus: Bus,
    configured: Vec<Url>,
    requests: Deliveries,
    changes: Subscription<v1::SourcesChanged>,
}

impl Steering {
    async fn begin(bus: Bus, sources: &[Source]) -> Result<Self, courant_bus::Error> {
        let requests = bus.consume(Stage::CRAWLER, requests::CONCURRENCY).await?;
        let changes = bus.subscribe(Subject::CONTROL_SOURCES).await?;
        let configured = sources.iter().filter_map(|source| match source {
            Source::Web(url) => Some(url.clone()),
            Source::File(..) | Source::Folder(_) => None,
        });
        Ok(Self { bus, configured: configured.collect(), requests, changes })
    }
}

/// Carries out requests until the rounds are `over`. A crawl that runs for ever follows the sources
/// that the store names, too.
async fn steer(looks: &Arc<Looks>, steering: Option<Steering>, over: &CancellationToken) {
    let Some(Steering { bus, configured, requests, changes }) = steering else { return };
    let following = async {
        if looks.crawl.extent == Extent::Forever {
            let keeping_up = requested::keep_up(looks, &configured, changes);
            over.run_until_cancelled(keeping_up).await;
        }
    };
    tokio::join!(following, requests::serve(&looks.crawl, &bus, requests, over));
}

/// Passes the pipeline's pressure on to the crawl. Never returns by itself.
async fn listen(crawl: &Crawl, mut pressure: Subscription<Pressure>) {
    while let Some(pressure) = pressure.next().await {
        crawl.intake.pace.hear(&pressure);
    }
    std::future::pending::<()>().await;
}
