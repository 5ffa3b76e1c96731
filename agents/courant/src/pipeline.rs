//! Runs the five agents in one process, with an in-process bus and a store in a folder.

use std::time::Duration;

use anyhow::{Context, ensure};
use courant_analyst::Analyst;
use courant_bus::Bus;
use courant_cache::Cache;
use courant_config::Document;
use courant_crawler::Crawler;
use courant_embedder::Embedder;
use courant_gateway::Gateway;
use courant_gpu_utils::similarity::HybridMatrix;
use courant_inference::{Deps, Encoder, ModelHost};
use courant_search::Search;
use courant_service::{AgentState, Control, Process};
use courant_storage::Storage;
use courant_store::{Access, Store};
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::data::DataFolder;
use crate::{assemble, sections};

/// The interval between two checks of the queues during a wait.
const LOOK: Duration = Duration::from_millis(20);
/// The longest wait for the search index, after everything is stored.
const INDEXING: Duration = Duration::from_secs(30);

/// The keys of servers that only separate agents use. They are refused here: if they were
/// ignored, a user would look for articles on a server where none arrive.
const SERVERS: [&str; 3] = ["bus.url", "store.url", "cache.redis_url"];

/// A pipeline whose agents run, except the crawler.
pub struct Pipeline {
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) gateway: std::sync::Arc<Gateway>,
    search: Search,
    /// Controls the crawler.
    pub crawler: Control,
    document: Document,
    clock: Clock,
    meter: Meter,
    agents: JoinSet<anyhow::Result<()>>,
    /// The controls of the agents, without the crawler's.
    controls: [Control; 4],
}

impl Pipeline {
    /// Opens the store and spool in `data` and starts the agents as parts of `process`.
    ///
    /// # Errors
    /// Fails if the configuration names a server of separate agents, a section is invalid, a file
    /// is damaged, the disk is full, or the encoder cannot be loaded.
    pub async fn start(
        document: &Document,
        data: &DataFolder,
        process: &mut Process,
        meter: &Meter,
        shutdown: &CancellationToken,
    ) -> anyhow::Result<Self> {
        for server in SERVERS {
            ensure!(
                !document.has(server),
                "{server} is set, but one process keeps everything in its data folder: \
                 start the agents, or unset it"
            );
        }
        let clock = Clock::system();
        let document = &assemble::with_heads(document, &data.heads())?;
        let (inference, gpu) = (document.section("inference")?, document.section("gpu")?);
        let host = ModelHost::new(&inference, &gpu, Deps::resolve());
        let encoder = tokio::task::spawn_blocking({
            let (gpu, meter) = (gpu.clone(), meter.clone());
            move || Encoder::load(&inference, &gpu, &Deps::resolve(), &meter)
        });
        let bus_config = document.section("bus")?;
        let bus = Bus::embedded(&bus_config, &data.spool(), clock.clone(), meter)
            .with_context(|| format!("cannot open {}", data.spool().display()))?;
        let store_config = document.section("store")?;
        let (path, access) = (data.store(), Access::ReadWrite);
        let place = HybridMatrix::place(&gpu, meter).context("cannot compare vectors")?;
        let store = Store::sqlite_at(&path, access, &store_config, clock.clone(), meter, place)
            .await
            .with_context(|| format!("cannot open {}", path.display()))?;
        let cache = Cache::memory(&document.section("cache")?, meter);
        let encoder = encoder.await?.context("cannot load the encoder")?;
        store.articles().check_encoder(&encoder.model().name).await?;

        let search = Search::keep(store.clone(), &data.index())
            .await
            .context("cannot open the search index")?;
        let gateway = Gateway::build(
            document.section("gateway")?,
            bus.clone(),
            search.clone(),
            cache,
            clock.clone(),
            meter,
        )?;
        let embedder = Embedder::build(document.section("embedder")?, bus.clone(), encoder, meter)?
            .with_reranker(assemble::load_reranker(document, meter)?);
        gateway.set_reranks(document.has("search.rerank.model"));
        let analyst = Analyst::build(document.section("analyst")?, host, bus.clone(), meter)?;
        let storage = Storage::build(
            document.section("storage")?,
            bus.clone(),
            store.clone(),
            clock.clone(),
            meter,
        )?;

        let mut control = |name| process.agent(name, shutdown);
        let crawler = control(courant_crawler::AGENT.name);
        let controls = [
            control(courant_gateway::AGENT.name),
            control(courant_embedder::AGENT.name),
            control(courant_analyst::AGENT.name),
            control(courant_storage::AGENT.name),
        ];
        gateway.set_agents(std::iter::once(&crawler).chain(&controls).cloned().collect());
        gateway.set_configuration(sections::in_force(document)?);
        let gateway = std::sync::Arc::new(gateway);
        process.requires("intake", &gateway.intake(), |intake| async move { intake.check() });
        gateway.serve_with(process);
        process.http(embedder.routes());
        process.grpc(embedder.grpc());
        process.http(analyst.routes());
        process.grpc(analyst.grpc());

        let [at_gateway, at_embedder, at_analyst, at_storage] = controls.clone();
        let mut agents = JoinSet::new();
        agents.spawn({
            let gateway = std::sync::Arc::clone(&gateway);
            async move { gateway.run(at_gateway).await.context("the gateway failed") }
        });
        agents.spawn(async move { embedder.run(at_embedder).await.context("the embedder failed") });
        agents.spawn(async move { analyst.run(at_analyst).await.context("the analyst failed") });
        agents.spawn(async move { storage.run(at_storage).await.context("storage failed") });
        let (document, meter) = (document.clone(), meter.clone());
        Ok(Self { bus, store, gateway, search, crawler, document, clock, meter, agents, controls })
    }

    /// Creates a crawler for this pipeline.
    ///
    /// # Errors
    /// Fails if a value of the crawler's section is out of its range.
    pub fn new_crawler(&self) -> anyhow::Result<Crawler> {
        let config = self.document.section("crawler")?;
        let (bus, store, clock) = (self.bus.clone(), self.store.clone(), self.clock.clone());
        Ok(Crawler::build(config, bus, store, clock, &self.meter)?)
    }

    /// Waits until all queues on the path of articles are empty. Every submitted entry is then
    /// stored and can be found, decided otherwise, or a dead letter.
    ///
    /// A message is published to the next queue before it leaves its own queue. The queues are
    /// read in that order, so that no message is missed.
    ///
    /// A shutdown ends the wait, and so does an operator who drains one of the agents. The
    /// remaining messages stay in the spool for the next start.
    ///
    /// # Errors
    /// Fails if the bus does not answer, or an agent failed.
    pub async fn drained(&mut self, shutdown: &CancellationToken) -> anyhow::Result<()> {
        while !shutdown.is_cancelled() && !self.is_incomplete() {
            let queues = self.bus.queues().await?;
            if queues.iter().all(|queue| !queue.is_pressing() || queue.depth == 0) {
                return self.indexed().await;
            }
            let stuck = self.bus.clone();
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                failed = self.failed() => return Err(failed),
                stuck = stuck.stuck() => return Err(stuck).context("cannot go on"),
            }
        }
        Ok(())
    }

    /// Waits until everything that is stored can be found.
    async fn indexed(&self) -> anyhow::Result<()> {
        let stored = self.store.articles().head().await?;
        let is_indexed = self.search.wait_for(stored.change, INDEXING).await;
        ensure!(is_indexed, "the search index does not follow the store: see the log");
        Ok(())
    }

    /// Returns true if an agent drains or has ended, so that articles are not handled to the end.
    fn is_incomplete(&self) -> bool {
        self.controls.iter().any(|agent| agent.state() >= AgentState::Draining)
    }

    /// Completes with an error when the bus has no room for more.
    pub(crate) async fn no_room(&self) -> anyhow::Error {
        loop {
            if let Err(error) = self.bus.check_room().await {
                return anyhow::Error::from(error).context("cannot go on");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Completes when an agent fails. An agent that was drained has not failed.
    pub(crate) async fn failed(&mut self) -> anyhow::Error {
        while let Some(ended) = self.agents.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return error,
                Err(panic) => return anyhow::Error::from(panic).context("an agent panicked"),
            }
        }
        std::future::pending().await
    }

    /// Waits for the agents after a shutdown, and closes the bus and the store.
    ///
    /// # Errors
    /// The error of the first agent that failed, or that of closing.
    pub async fn join(mut self) -> anyhow::Result<()> {
        while let Some(ended) = self.agents.join_next().await {
            ended.context("an agent panicked")??;
        }
        self.bus.close().await.context("cannot close the message spool")?;
        self.store.close().await.context("cannot close the store")?;
        Ok(())
    }
}
