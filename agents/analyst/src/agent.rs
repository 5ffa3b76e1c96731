//! The analyst, put together and run.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use courant_article::Embedding;
use courant_bus::{Bus, Stage, Subject};
use courant_inference::Host;
use courant_proto::v1;
use courant_proto::v1::classifier_server::ClassifierServer;
use courant_service::{AgentMetrics, Control, work};
use opentelemetry::metrics::Meter;

use crate::classify::Classify;
use crate::handle::Handler;
use crate::{Analyzer, Classifiers, Config, Metrics, Topics, grpc, http};

/// How long one request for the definitions' vectors may take.
const DEFINITIONS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the embedder is waited for before it is asked again.
const PAUSE: Duration = Duration::from_millis(250);
/// How many definitions are asked for at once.
const DEFINITIONS_AT_ONCE: usize = 64;

/// Analyzes articles, and labels texts on request.
pub struct Analyst {
    config: Config,
    bus: Bus,
    agent: AgentMetrics,
    metrics: Metrics,
    classifiers: Classifiers,
    /// There as soon as the embedder has given the definitions' vectors.
    analyzer: Arc<OnceLock<Arc<Analyzer>>>,
    classify: Classify,
}

impl Analyst {
    /// An analyst that takes its work from `bus`, and loads classifiers on `host`.
    ///
    /// # Errors
    /// If a value of `config` is out of its range.
    pub fn build(config: Config, host: Host, bus: Bus, meter: &Meter) -> anyhow::Result<Self> {
        let classifiers = Classifiers::new(&config, host, meter)?;
        let agent = AgentMetrics::new("analyst", meter);
        let metrics = Metrics::new(meter);
        bus.publishes(&[Subject::ARTICLE_ANALYZED]);
        let analyzer = Arc::default();
        let (served, judged) = (classifiers.clone(), Arc::clone(&analyzer));
        let classify = Classify::new(&config, bus.clone(), served, judged, agent.clone());
        Ok(Self { config, bus, agent, metrics, classifiers, analyzer, classify })
    }

    /// Labels over HTTP: `POST /v1/classify`.
    pub fn routes(&self) -> Router {
        http::routes(self.classify.clone())
    }

    /// Labels over gRPC.
    pub fn grpc(&self) -> ClassifierServer<impl v1::classifier_server::Classifier + use<>> {
        grpc::service(self.classify.clone())
    }

    /// Works until `control` says to drain. The work begins when the classifiers are
    /// loaded and the embedder has given the vectors of the topics' definitions.
    ///
    /// # Errors
    /// If a classifier cannot be loaded, the bus cannot be consumed, or the embedder's
    /// vectors make no sense.
    pub async fn run(self, control: Control) -> anyhow::Result<()> {
        let result = self.work(&control).await;
        control.finished();
        result
    }

    async fn work(self, control: &Control) -> anyhow::Result<()> {
        let prepared = async {
            self.classifiers.check().await.context("cannot load the classifiers")?;
            definitions(&self.bus).await
        };
        let topics = tokio::select! {
            topics = Box::pin(prepared) => topics?,
            () = control.stopped() => return Ok(()),
        };
        let concurrency = self.config.concurrency;
        let analyzer = Arc::new(Analyzer::new(self.config, topics)?);
        let handler = Handler {
            analyzer: Arc::clone(self.analyzer.get_or_init(|| analyzer)),
            classifiers: self.classifiers,
            bus: self.bus.clone(),
            agent: self.agent.clone(),
            metrics: self.metrics,
        };
        let handle = move |embedded| handler.handle(embedded);
        work(&self.bus, Stage::ANALYST, concurrency, control, &self.agent, handle).await
    }
}

/// The vectors of the topics' definitions, as the embedder computes them. Asks
/// again while nobody answers: the embedder may start later.
async fn definitions(bus: &Bus) -> anyhow::Result<Topics> {
    let texts: Vec<String> = Topics::definitions().map(ToOwned::to_owned).collect();
    let mut vectors: Vec<Embedding> = Vec::with_capacity(texts.len());
    let mut model = None;
    for texts in texts.chunks(DEFINITIONS_AT_ONCE) {
        let reply = ask(bus, v1::EmbedRequest { texts: texts.to_vec() }).await?;
        vectors.extend(reply.vectors.into_iter().map(|v| Embedding::from_unit(v.values)));
        model = reply.model;
    }
    let model = model.context("the embedder does not name its model")?;
    Ok(Topics::new(model.into(), &vectors)?)
}

async fn ask(bus: &Bus, request: v1::EmbedRequest) -> anyhow::Result<v1::EmbedReply> {
    let mut told = false;
    loop {
        match bus
            .request::<_, v1::EmbedReply>(Subject::REQUEST_EMBED, &request, DEFINITIONS_TIMEOUT)
            .await
        {
            Ok(reply) if reply.error.is_empty() => return Ok(reply),
            Ok(reply) if !told => {
                tracing::warn!(error = reply.error, "the embedder refuses the topics' definitions");
                told = true;
            }
            Ok(_) => {}
            Err(error) if !told => {
                tracing::info!(%error, "waiting for the embedder");
                told = true;
            }
            Err(_) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}
