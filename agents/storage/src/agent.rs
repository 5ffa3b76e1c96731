//! The storage agent: how it is built and run.

use courant_bus::{Bus, Stage, Subject};
use courant_retention::Deletions;
use courant_service::{AgentMetrics, Control, work};
use courant_store::Store;
use courant_telemetry::Clock;
use opentelemetry::metrics::{Histogram, Meter};

use crate::commit::Committer;
use crate::config::Config;
use crate::delete::Deleter;
use crate::handle::Handler;
use crate::upkeep::keep;

/// The agent that stores articles.
pub struct Storage {
    config: Config,
    bus: Bus,
    store: Store,
    clock: Clock,
    metrics: AgentMetrics,
    sizes: Histogram<u64>,
}

impl Storage {
    /// Builds a storage agent that commits to `store`.
    ///
    /// # Errors
    /// If a value of `config` is out of its range.
    pub fn build(
        config: Config,
        bus: Bus,
        store: Store,
        clock: Clock,
        meter: &Meter,
    ) -> anyhow::Result<Self> {
        config.validate()?;
        bus.publishes(&[Subject::ARTICLE_STORED, Subject::ARTICLE_DELETED]);
        let sizes = meter
            .u64_histogram("courant_store_batch_articles")
            .with_description("Articles per transaction")
            .with_boundaries((0..=12).map(|power| f64::from(1 << power)).collect())
            .build();
        Ok(Self { config, bus, store, clock, metrics: AgentMetrics::new("storage", meter), sizes })
    }

    /// Stores and deletes articles until `control` drains.
    ///
    /// # Errors
    /// If the bus cannot be consumed.
    pub async fn run(self, control: Control) -> anyhow::Result<()> {
        let Self { config, bus, store, clock, metrics, sizes } = self;
        let deleter = Deleter {
            bus: bus.clone(),
            deletions: Deletions::of(&store),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let erasing = deleter.clone().keep_erasing(store.erase_after(), control.clone());
        let committer = Committer::start(store.articles(), config.batch, metrics.clone(), sizes);
        let handler = Handler { bus: bus.clone(), committer, clock, metrics: metrics.clone() };
        let handle = move |analyzed| handler.handle(analyzed);
        let upkeep = tokio::spawn(keep(store.articles(), control.clone()));
        let erasing = tokio::spawn(erasing);
        let delete = move |command| deleter.handle(command);
        let storing = work(&bus, Stage::STORAGE, config.batch, &control, &metrics, handle);
        let deleting = work(&bus, Stage::STORAGE_COMMANDS, 1, &control, &metrics, delete);
        let result = tokio::try_join!(storing, deleting).map(|_| ());
        // A step that is broken off has done nothing.
        upkeep.abort();
        erasing.abort();
        control.finished();
        result
    }
}
