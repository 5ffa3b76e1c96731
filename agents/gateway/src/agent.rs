//! The gateway: how it is built and run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use courant_article::TextKind;
use courant_bus::{Bus, Delivery, Stage, Subject};
use courant_cache::Cache;
use courant_door::pressure::{self, IntakeStatus};
use courant_door::{Handler, KnownUrls, NearCheck, Obligations, SubmissionReader, release};
use courant_embedder_client::EmbedderClient;
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use courant_search::Search;
use courant_service::{Control, Process, Routes, work_decoding};
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, Inner};
use crate::config::Config;
use crate::mcp::Tasks;
use crate::metrics::Metrics;
use crate::{decisions, grpc, http};

/// The entrance of the pipeline. It decides on submitted entries, publishes the rate at which
/// more may come, and answers requests over HTTP, MCP and the bus.
pub struct Gateway {
    handler: Handler,
    /// The most entries that are decided at a time.
    concurrency: usize,
    known: KnownUrls,
    api: Api,
    standing: watch::Sender<IntakeStatus>,
    /// The long calls of MCP.
    tasks: Tasks,
    /// Closes the open connections of MCP.
    closing: CancellationToken,
}

impl Gateway {
    /// Builds a gateway on `bus`, and on `search` with its store.
    ///
    /// # Errors
    /// If a value of `config` is out of its range.
    pub fn build(
        config: Config,
        bus: Bus,
        search: Search,
        cache: Cache,
        clock: Clock,
        meter: &Meter,
    ) -> anyhow::Result<Self> {
        config.validate()?;
        let metrics = Metrics::new(meter);
        bus.publishes(&[
            Subject::ENTRY_SUBMITTED,
            Subject::ARTICLE_ACCEPTED,
            Subject::ENTRY_DECIDED,
            Subject::CRAWL_REQUESTED,
            Subject::DELETE_ARTICLES,
        ]);
        // Nothing is known of the queues yet: a full one refuses by itself.
        let open = v1::Pressure { level: Level::None.into(), ..v1::Pressure::default() };
        let standing = watch::Sender::new(IntakeStatus { pressure: open, obstacle: None });
        let store = search.store().clone();
        let claims = store.claims();
        let at_door = courant_door::Metrics::new(metrics.agent.clone(), meter);
        let (rules, concurrency) = (config.rules(), config.concurrency);
        let near =
            NearCheck::new(&rules.near, claims.clone(), &cache, clock.clone(), at_door.clone());
        let reader = SubmissionReader::new(clock.clone(), config.max_ahead_s);
        let api = Api::new(Inner {
            waiting: Semaphore::new(config.max_waiting),
            listeners: Arc::new(Semaphore::new(config.max_listeners)),
            config,
            bus: bus.clone(),
            embedder: EmbedderClient::new(bus.clone(), TextKind::Query),
            store,
            search,
            cache,
            clock,
            metrics,
            standing: standing.subscribe(),
            reader,
            reranks: AtomicBool::new(false),
            model: Mutex::new(None),
            agents: OnceLock::new(),
            configuration: OnceLock::new(),
        });
        let known = KnownUrls { claims: claims.clone() };
        let obligations = Obligations::new(bus.clone(), claims.clone(), at_door.clone());
        let clock = api.clock.clone();
        let handler = Handler { rules, bus, claims, obligations, near, clock, metrics: at_door };
        let (tasks, closing) = (Tasks::new(), CancellationToken::new());
        Ok(Self { handler, concurrency, known, api, standing, tasks, closing })
    }

    /// Sets the agents that the status shows. Without a call, it shows only the gateway. Only
    /// the first call has an effect.
    pub fn set_agents(&self, agents: Vec<Control>) {
        self.api.agents.get_or_init(|| agents);
    }

    /// Sets the sections of the configuration that are shown, without secrets. Without a call,
    /// none is shown. Only the first call has an effect.
    pub fn set_configuration(&self, sections: Map<String, Value>) {
        self.api.configuration.get_or_init(|| sections);
    }

    /// Lets the embedder's cross-encoder rank the best results of hybrid searches anew.
    pub fn set_reranks(&self, reranks: bool) {
        self.api.reranks.store(reranks, Ordering::Relaxed);
    }

    /// Returns a check that articles can be accepted now.
    pub fn intake(&self) -> IntakeCheck {
        IntakeCheck(self.standing.subscribe())
    }

    /// Returns the routes of the HTTP API at `/v1` and of MCP at `/mcp`.
    pub fn routes(&self) -> Routes {
        http::routes(&self.api, &self.tasks, self.closing.clone())
    }

    /// Returns the settings of MCP over HTTP.
    #[cfg(feature = "conformance")]
    pub fn mcp_config(&self) -> rmcp::transport::StreamableHttpServerConfig {
        courant_mcp::http::config(self.closing.clone(), http::MAX_BODY_BYTES)
    }

    /// Returns the requests that the interfaces answer.
    #[cfg(test)]
    pub(crate) fn api(&self) -> Api {
        self.api.clone()
    }

    /// Adds the gateway's HTTP routes and gRPC services to `process`.
    pub fn serve_with(&self, process: &mut Process) {
        process.http(self.routes());
        grpc::serve_with(process, &self.api, self.closing.clone());
    }

    /// Works until `control` drains: decides on entries, answers requests for known URLs,
    /// publishes the pressure, releases the claims of dead letters, and keeps the search index in
    /// step with the store.
    ///
    /// # Errors
    /// If the bus cannot be consumed or served, or the store cannot be read.
    pub async fn run(&self, control: Control) -> anyhow::Result<()> {
        self.api.agents.get_or_init(|| vec![control.clone()]);
        let Handler { bus, metrics, near, obligations, .. } = &self.handler;
        // Before the first entry is judged: what is lost bars nothing from the start.
        Box::pin(obligations.look_at_start()).await?;
        if !near.is_shared() {
            // Boxed, as the store's futures are large.
            Box::pin(near.restore()).await?;
        }
        let handler = self.handler.clone();
        let handle = move |entry| handler.handle(entry);
        let api = self.api.clone();
        let decode = move |delivery: &Delivery| match delivery.json() {
            Some(json) => api.entry_of_json(json),
            None => delivery.decode(),
        };
        let entries = work_decoding(
            bus,
            Stage::GATEWAY,
            self.concurrency,
            &control,
            &metrics.agent,
            decode,
            handle,
        );
        let known = self.known.serve(bus, &control);
        let releasing = release::run(bus, obligations, &control);
        let matching = async {
            obligations.run(&control).await;
            Ok(())
        };
        let following = async {
            Box::pin(self.api.search.follow(control.token().cancelled_owned())).await;
            Ok(())
        };
        let deciding =
            decisions::follow(bus, self.api.search.decisions(), &self.api.clock, &control);
        let store = &self.api.store;
        let pressure = pressure::watch(
            self.api.config.pressure(),
            bus,
            store,
            metrics,
            &self.standing,
            &control,
        );
        let refill = async {
            if near.is_shared() {
                Box::pin(near.restore()).await?;
            }
            Ok(())
        };
        let result = tokio::try_join!(
            entries, known, releasing, matching, following, deciding, pressure, refill
        )
        .map(|_| ());
        self.closing.cancel();
        control.finished();
        result
    }
}

/// A check that the gateway can accept articles, by the state of disk, spool, store and queues
/// about half a second ago.
#[derive(Clone)]
pub struct IntakeCheck(watch::Receiver<IntakeStatus>);

impl IntakeCheck {
    /// Checks that an article can be accepted now.
    ///
    /// # Errors
    /// The reason why no article can be accepted.
    pub fn check(&self) -> anyhow::Result<()> {
        let IntakeStatus { pressure, obstacle } = &*self.0.borrow();
        if let Some(reason) = obstacle {
            anyhow::bail!("{reason}");
        }
        anyhow::ensure!(pressure.level() != Level::Stop, "{}", pressure.reason);
        Ok(())
    }
}
