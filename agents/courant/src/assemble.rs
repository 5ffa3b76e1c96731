//! Builds the encoder and the analyst without a pipeline, for the tools.

use std::path::Path;

use anyhow::Context;
use courant_analyst::{Analyzer, Classifiers, Config, Topics};
use courant_article::{Analysis, TextKind};
use courant_config::Document;
use courant_inference::{
    Deps, EmbeddedDocument, Encoder, ModelHost, Priority, Reranker, SearchConfig,
};
use courant_telemetry::Meters;
use opentelemetry::metrics::Meter;
use tokio::runtime::Runtime;

/// Loads the configured encoder.
pub(crate) fn load_encoder(document: &Document, meter: &Meter) -> anyhow::Result<Encoder> {
    let (inference, gpu) = (document.section("inference")?, document.section("gpu")?);
    Ok(Encoder::load(&inference, &gpu, &Deps::resolve(), meter)?)
}

/// Loads the configured re-ranker; `None` if none is configured.
pub(crate) fn load_reranker(
    document: &Document,
    meter: &Meter,
) -> anyhow::Result<Option<Reranker>> {
    let (inference, gpu) = (document.section("inference")?, document.section("gpu")?);
    let search: SearchConfig = document.section("search")?;
    let host = ModelHost::new(&inference, &gpu, Deps::resolve());
    search.load(&host, meter).context("cannot load the re-ranker")
}

/// Prepares the configured classifiers.
pub(crate) fn classifiers(document: &Document, meter: &Meter) -> anyhow::Result<Classifiers> {
    let (inference, gpu) = (document.section("inference")?, document.section("gpu")?);
    let host = ModelHost::new(&inference, &gpu, Deps::resolve());
    Ok(Classifiers::new(&document.section("analyst")?, host, meter)?)
}

/// Returns the configuration with `folder` as the folder of promoted heads, if it names none.
pub(crate) fn with_heads(document: &Document, folder: &Path) -> anyhow::Result<Document> {
    let mut document = document.clone();
    for key in ["inference.heads", "analyst.heads"] {
        if !document.has(key) {
            document.set(key, folder.to_str().context("the data folder's name is no text")?)?;
        }
    }
    Ok(document)
}

/// An encoder and classifiers that can be used from any thread.
pub(crate) struct Tool {
    encoder: Encoder,
    classifiers: Classifiers,
    runtime: Runtime,
}

impl Tool {
    /// Loads the configured encoder.
    pub(crate) fn load(document: &Document) -> anyhow::Result<Self> {
        let meter = Meters::new("courant")?.meter();
        let encoder = load_encoder(document, &meter).context("cannot load the encoder")?;
        let classifiers = classifiers(document, &meter)?;
        let runtime = Runtime::new().context("cannot start the runtime")?;
        Ok(Self { encoder, classifiers, runtime })
    }

    /// Returns the vectors of one text.
    pub(crate) fn embed(&self, text: &str) -> anyhow::Result<EmbeddedDocument> {
        Ok(self.runtime.block_on(self.encoder.embed_document(text))?)
    }

    /// Creates the analyzer for this encoder.
    pub(crate) fn analyzer(&self, config: Config) -> anyhow::Result<Analyzer> {
        let texts = Topics::definitions().map(ToOwned::to_owned).collect();
        let vectors =
            self.runtime.block_on(self.encoder.embed(texts, TextKind::Document, Priority::Bulk))?;
        let topics = Topics::new(self.encoder.model().clone(), &vectors)?;
        Ok(Analyzer::new(config, topics)?)
    }

    /// Analyzes one text as the analyst would.
    pub(crate) fn analyze(
        &self,
        analyzer: &Analyzer,
        title: &str,
        text: &str,
        declared: Option<&str>,
    ) -> anyhow::Result<Analysis> {
        let embeddings = self.embed(text)?.embeddings;
        let judging = self.classifiers.judge(analyzer, title, text, declared);
        let judged = self.runtime.block_on(judging)?;
        Ok(analyzer.analyze_judged(title, text, declared, &embeddings, judged))
    }
}
