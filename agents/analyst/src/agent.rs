//! Builds and runs the analyst.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use anyhow::Context;
use courant_article::TextKind;
use courant_bus::{Bus, Stage, Subject};
use courant_embedder_client::EmbedderClient;
use courant_inference::ModelHost;
use courant_proto::v1;
use courant_proto::v1::classifier_server::ClassifierServer;
use courant_service::{AgentMetrics, Control, Routes, work};
use opentelemetry::metrics::Meter;

use crate::classify::Classify;
use crate::handle::Handler;
use crate::{Analyzer, Classifiers, Config, Metrics, Topics, grpc, http};

/// Analyzes articles, and labels texts on request.
pub struct Analyst {
    config: Config,
    bus: Bus,
    embedder: EmbedderClient,
    agent: AgentMetrics,
    metrics: Metrics,
    classifiers: Classifiers,
    /// Set as soon as the embedder has given the vectors of the topics' definitions.
    analyzer: Arc<OnceLock<Arc<Analyzer>>>,
    classify: Classify,
}

impl Analyst {
    /// Creates an analyst that takes its work from `bus` and loads classifiers on `host`.
    ///
    /// # Errors
    /// Fails if a value of `config` is out of its range.
    pub fn build(config: Config, host: ModelHost, bus: Bus, meter: &Meter) -> anyhow::Result<Self> {
        let classifiers = Classifiers::new(&config, host, meter)?;
        let agent = AgentMetrics::new("analyst", meter);
        let metrics = Metrics::new(meter);
        bus.publishes(&[Subject::ARTICLE_ANALYZED]);
        let analyzer = Arc::default();
        let (served, judged) = (classifiers.clone(), Arc::clone(&analyzer));
        let embedder = EmbedderClient::new(bus.clone(), TextKind::Document);
        let classify = Classify::new(&config, embedder.clone(), served, judged, agent.clone());
        Ok(Self { config, bus, embedder, agent, metrics, classifiers, analyzer, classify })
    }

    /// Returns the HTTP routes that label texts: `POST /v1/classify`.
    pub fn routes(&self) -> Routes {
        http::routes(self.classify.clone(), Duration::from_secs(self.config.request_timeout_s))
    }

    /// Returns the gRPC service that labels texts.
    pub fn grpc(&self) -> ClassifierServer<impl v1::classifier_server::Classifier + use<>> {
        grpc::service(self.classify.clone())
    }

    /// Analyzes articles until `control` says to drain. Starts when the classifiers are loaded and
    /// the embedder has given the vectors of the topics' definitions.
    ///
    /// # Errors
    /// Fails if a classifier or head cannot be loaded, the bus cannot be consumed, or the
    /// embedder's vectors are unusable.
    pub async fn run(self, control: Control) -> anyhow::Result<()> {
        let result = self.work(&control).await;
        control.finished();
        result
    }

    async fn work(self, control: &Control) -> anyhow::Result<()> {
        let prepared = async {
            self.classifiers.check().await.context("cannot load the classifiers")?;
            definitions(&self.embedder).await
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

/// Returns the topics with the vectors that the embedder computes for their definitions. Waits
/// for an embedder that starts later.
async fn definitions(embedder: &EmbedderClient) -> anyhow::Result<Topics> {
    let texts: Vec<String> = Topics::definitions().map(ToOwned::to_owned).collect();
    let found = embedder.embed_at_start(&texts).await;
    let found = found.context("cannot embed the topics' definitions")?;
    Ok(Topics::new(found.model, &found.vectors)?)
}
