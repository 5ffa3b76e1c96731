//! The embedder: how it is built and run.

use std::time::Duration;

use courant_bus::{Bus, Stage, Subject};
use courant_inference::{Encoder, Reranker};
use courant_proto::v1;
use courant_proto::v1::encoder_server::EncoderServer;
use courant_service::{Admission, AgentMetrics, Control, Routes, work};
use opentelemetry::metrics::Meter;

use crate::config::Config;
use crate::handle::Handler;
use crate::queries::Queries;
use crate::rerank::BoundedReranker;
use crate::vectors::BoundedEncoder;
use crate::{grpc, http};

/// Embeds articles and answers requests for vectors.
pub struct Embedder {
    config: Config,
    handler: Handler,
    vectors: BoundedEncoder,
    admission: Admission,
}

impl Embedder {
    /// Builds an embedder that uses `encoder`.
    ///
    /// # Errors
    /// If a value of `config` is out of its range.
    pub fn build(
        config: Config,
        bus: Bus,
        encoder: Encoder,
        meter: &Meter,
    ) -> anyhow::Result<Self> {
        config.validate()?;
        let metrics = AgentMetrics::new("embedder", meter);
        bus.publishes(&[Subject::ARTICLE_EMBEDDED]);
        let patience = Duration::from_secs(config.request_timeout_s);
        let admission = Admission::new(config.requests, patience, metrics.clone());
        let vectors = BoundedEncoder::new(encoder.clone(), admission.clone());
        let handler = Handler { bus, encoder, reranker: None, metrics };
        Ok(Self { config, handler, vectors, admission })
    }

    /// Scores passages with `reranker`, too.
    pub fn with_reranker(mut self, reranker: Option<Reranker>) -> Self {
        self.handler.reranker = reranker;
        self
    }

    /// Returns the HTTP routes: `POST /v1/embed`, `POST /v1/embeddings` for OpenAI's clients, and
    /// `POST /v1/rerank`.
    pub fn routes(&self) -> Routes {
        let patience = Duration::from_secs(self.config.request_timeout_s);
        let reranker = BoundedReranker {
            reranker: self.handler.reranker.clone(),
            admission: self.admission.clone(),
        };
        http::routes(self.vectors.clone(), reranker, patience)
    }

    /// Returns the gRPC service of vectors.
    pub fn grpc(&self) -> EncoderServer<impl v1::encoder_server::Encoder + use<>> {
        grpc::service(self.vectors.clone())
    }

    /// Answers only requests for vectors, until `control` drains.
    ///
    /// # Errors
    /// If the bus cannot be served.
    pub async fn serve_queries(self, control: Control) -> anyhow::Result<()> {
        let queries = Queries::serve(&self.handler, self.config.queries).await?;
        tokio::spawn(queries.answer(control));
        Ok(())
    }

    /// Embeds articles and answers requests until `control` drains.
    ///
    /// # Errors
    /// If the bus cannot be consumed or served.
    pub async fn run(self, control: Control) -> anyhow::Result<()> {
        let Self { config, handler, .. } = self;
        let model = handler.encoder.model();
        control.detail("model", format!("{} {}", model.name, model.version));
        control.detail("precision", &model.precision);
        control.detail("provider", &model.provider);
        if let Some(reranker) = &handler.reranker {
            let model = reranker.model();
            control.detail("reranker", format!("{} {}", model.name, model.version));
        }
        let bus = handler.bus.clone();
        let queries = Queries::serve(&handler, config.queries).await?;
        let metrics = handler.metrics.clone();
        let handle = move |accepted| handler.handle(accepted);
        let articles = work(&bus, Stage::EMBEDDER, config.concurrency, &control, &metrics, handle);
        let (result, ()) = tokio::join!(articles, queries.answer(control.clone()));
        control.finished();
        result
    }
}
