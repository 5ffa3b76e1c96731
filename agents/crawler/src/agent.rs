//! Building and running the crawler.

use std::sync::Arc;
use std::time::Duration;

use courant_bus::{Bus, Subject, Subscription};
use courant_proto::v1::Pressure;
use courant_service::Control;
use courant_store::Store;
use courant_telemetry::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use opentelemetry::metrics::Meter;

use crate::crawl::{Crawl, Parts};
use crate::error::Error;
use crate::fetch::Fetcher;
use crate::memory::Memory;
use crate::metrics::Metrics;
use crate::progress::{Progress, Report};
use crate::source::Source;
use crate::{Config, local, remote};

/// How far a crawl goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Every source and each of its pages once, whatever was planned.
    Everything,
    /// The sources whose time has come, once.
    Due,
    /// Every source again and again, each in its time.
    Forever,
}

/// Finds articles and hands them on.
pub struct Crawler {
    config: Config,
    bus: Bus,
    store: Store,
    clock: Clock,
    metrics: Metrics,
    progress: Progress,
    fetcher: Fetcher,
}

impl Crawler {
    /// Creates what a crawl needs; sends nothing yet.
    ///
    /// # Errors
    /// [`Error::Config`] names the first setting out of its range,
    /// [`Error::Client`] says why there is no HTTP client.
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
        bus.publishes(&[Subject::EntrySubmitted]);
        Ok(Self { config, bus, store, clock, metrics, progress: Progress::default(), fetcher })
    }

    /// Looks on while [`Self::run`] works.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Crawls `sources` until `control` says to stop or, unless it goes on for
    /// ever, until each was worked off. Files and folders are read once; feeds,
    /// sitemaps and sites are looked at again as often as they change.
    ///
    /// Pages that fail and sources that are none end up in the report, not here.
    /// What was cut off is found again by the next crawl.
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
        let Self { config, bus, store, clock, metrics, progress, fetcher } = self;
        let pressure = bus.subscribe(Subject::ControlPressure).await.map_err(Error::Bus)?;
        let patience = Duration::from_secs(config.store_patience_s);
        let stop = control.token().child_token();
        let (memory, writer) = Memory::new(store, patience, clock.clone(), stop.clone());
        let parts = Parts {
            config,
            clock,
            bus,
            memory,
            metrics,
            progress: progress.clone(),
            fetcher,
            stop,
        };
        let crawl = Arc::new(Crawl::new(parts, control.clone(), extent));
        tokio::select! {
            () = work_off(&crawl, sources) => {}
            () = listen(&crawl, pressure) => {}
        }
        let failure = crawl.failure();
        // The last one to hold the memory: its writer ends when all is written.
        drop(crawl);
        if writer.await.is_err() {
            tracing::error!("the writer of visits died: pages will be visited again");
        }
        failure.map_or_else(|| Ok(progress.report()), Err)
    }
}

/// Until all that the sources led to is worked off, or the crawl is stopped.
async fn work_off(crawl: &Arc<Crawl>, sources: Vec<Source>) {
    crawl.go_on_where_it_was().await;
    let mut rounds: FuturesUnordered<_> =
        sources.into_iter().map(|source| read_source(crawl, source)).collect();
    while rounds.next().await.is_some() {}
    if crawl.extent == Extent::Forever {
        crawl.stop.cancelled().await;
    }
    crawl.workers.close();
    crawl.workers.wait().await;
}

async fn read_source(crawl: &Arc<Crawl>, source: Source) {
    match source {
        Source::Web(url) => remote::follow(crawl, vec![url]).await,
        Source::File(path, kind) => local::file(crawl, &path, kind).await,
        Source::Folder(path) => local::folder(crawl, &path).await,
    }
}

/// Never ends before the crawl does.
async fn listen(crawl: &Crawl, mut pressure: Subscription<Pressure>) {
    while let Some(pressure) = pressure.next().await {
        crawl.pace.hear(&pressure);
    }
    std::future::pending::<()>().await;
}
