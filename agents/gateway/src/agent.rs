//! The gateway, put together and run.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock};

use axum::Router;
use courant_bus::{Bus, Delivery, Stage, Subject};
use courant_cache::Cache;
use courant_embedder_client::EmbedderClient;
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use courant_service::{Control, Process, work_decoding};
use courant_store::Store;
use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::api::{Api, Inner};
use crate::config::Config;
use crate::handle::Handler;
use crate::known::Known;
use crate::mcp::Server;
use crate::metrics::Metrics;
use crate::near::NearCheck;
use crate::obligations::Obligations;
use crate::pressure::Standing;
use crate::{dead_letters, http, pressure, release, spool, submissions};

/// The door of the pipeline: judges what is submitted, says how much more is
/// welcome, and answers questions over HTTP, MCP and the bus.
pub struct Gateway {
    handler: Handler,
    known: Known,
    api: Api,
    standing: watch::Sender<Standing>,
    /// Ends what MCP has open.
    closing: CancellationToken,
}

impl Gateway {
    /// A gateway on `bus` and `store`.
    ///
    /// # Errors
    /// If a value of `config` is out of its range.
    pub fn build(
        config: Config,
        bus: Bus,
        store: Store,
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
        ]);
        // Nothing is known of the queues yet: a full one refuses by itself.
        let open = v1::Pressure { level: Level::None.into(), ..v1::Pressure::default() };
        let standing = watch::Sender::new(Standing { pressure: open, obstacle: None });
        let claims = store.claims();
        let near =
            NearCheck::new(&config.near, claims.clone(), &cache, clock.clone(), metrics.clone());
        let api = Api::new(Inner {
            waiting: Semaphore::new(config.max_waiting),
            config: config.clone(),
            bus: bus.clone(),
            embedder: EmbedderClient::new(bus.clone()),
            store,
            cache,
            clock,
            metrics: metrics.clone(),
            standing: standing.subscribe(),
            submissions: AtomicU64::new(0),
            model: Mutex::new(None),
            agents: OnceLock::new(),
        });
        let known = Known { claims: claims.clone() };
        let obligations = Obligations::new(bus.clone(), claims.clone(), metrics.clone());
        let handler = Handler { config, bus, claims, obligations, near, metrics };
        Ok(Self { handler, known, api, standing, closing: CancellationToken::new() })
    }

    /// Names the agents of this process for the status. Without it, the gateway
    /// tells of itself only. The first call counts.
    pub fn tells_of(&self, agents: Vec<Control>) {
        self.api.agents.get_or_init(|| agents);
    }

    /// Tells whether an article can be taken in now.
    pub fn intake(&self) -> Intake {
        Intake(self.standing.subscribe())
    }

    /// The HTTP API at `/v1`, and MCP at `/mcp`.
    pub fn routes(&self) -> Router {
        http::routes(&self.api, self.closing.clone())
    }

    /// Adds what the gateway serves over HTTP and gRPC to `process`.
    pub fn serve_with(&self, process: &mut Process) {
        process.http(self.routes());
        process.grpc(dead_letters::service(self.handler.bus.clone()));
        process.grpc(spool::service(self.handler.bus.clone()));
        process.grpc(submissions::service(self.api.clone()));
    }

    /// The MCP server for standard input and output:
    /// `gateway.mcp().serve(rmcp::transport::stdio())`. It needs no [`Self::run`].
    pub fn mcp(&self) -> Server {
        Server::new(self.api.clone())
    }

    /// Works until `control` says to drain: decides on entries, answers which URLs
    /// are known, tells of the pressure, releases the claims of dead letters.
    ///
    /// # Errors
    /// If the bus cannot be consumed or served, or the store cannot be read.
    pub async fn run(&self, control: Control) -> anyhow::Result<()> {
        self.api.agents.get_or_init(|| vec![control.clone()]);
        let Handler { config, bus, metrics, near, obligations, .. } = &self.handler;
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
            config.concurrency,
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
        let store = &self.api.store;
        let pressure = pressure::watch(config, bus, store, metrics, &self.standing, &control);
        let refill = async {
            if near.is_shared() {
                Box::pin(near.restore()).await?;
            }
            Ok(())
        };
        let result =
            tokio::try_join!(entries, known, releasing, matching, pressure, refill).map(|_| ());
        self.closing.cancel();
        control.finished();
        result
    }
}

/// The readiness of the door: disk, spool, store and queues, as they were half a second ago.
#[derive(Clone)]
pub struct Intake(watch::Receiver<Standing>);

impl Intake {
    /// Checks that an article can be taken in now.
    ///
    /// # Errors
    /// Says why not, as a submission is told.
    pub fn check(&self) -> anyhow::Result<()> {
        let Standing { pressure, obstacle } = &*self.0.borrow();
        if let Some(reason) = obstacle {
            anyhow::bail!("{reason}");
        }
        anyhow::ensure!(pressure.level() != Level::Stop, "{}", pressure.reason);
        Ok(())
    }
}
