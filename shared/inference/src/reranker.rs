//! A cross-encoder that the user provides: it reads a query and a passage together, and scores
//! how well the passage answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use courant_article::ModelRef;
use courant_config::{Ranged, Ranges};
use opentelemetry::metrics::Meter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::batch::answer::ran;
use crate::batch::input::Input;
use crate::batch::queue::{InputQueue, Urgency};
use crate::batch::waiting::Priority;
use crate::classifier::{ClassifierConfig, CrossEncoder};
use crate::device::host::ModelHost;
use crate::metrics::Metrics;
use crate::session::worker::Workers;
use crate::text::tokenize::{TextTokenizer, TokenizerThreads};

/// The name in logs and errors.
const NAME: &str = "rerank";

/// The models that searches use beside the encoder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// A cross-encoder that ranks the best 50 results of a hybrid search anew: a sequence classifier
    /// with one score, or with two labels of which the second means that the text answers. The
    /// embedder runs it.
    pub rerank: RerankConfig,
}

impl SearchConfig {
    /// Loads the re-ranker; returns `None` if none is configured. Blocks.
    ///
    /// # Errors
    /// The first thing that is wrong with the files, with their SHA-256, or with the graph.
    pub fn load(&self, host: &ModelHost, meter: &Meter) -> Result<Option<Reranker>, Error> {
        let Some(config) = self.rerank.as_classifier() else { return Ok(None) };
        Reranker::load(&config, host, meter).map(Some)
    }
}

impl Ranged for SearchConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.table("rerank", &self.rerank);
    }
}

/// A cross-encoder that ranks the best 50 results of a hybrid search anew; the embedder runs it.
/// It is a sequence classifier with one score, or with the labels "does not answer" and "answers":
/// `config.json`, `tokenizer.json` and an ONNX graph in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RerankConfig {
    /// The name of a folder in `.deps/models`, the path of a folder, or
    /// `hf:owner/repo[@revision]` on the Hugging Face hub. Without it, no result is re-ranked.
    pub model: Option<String>,
    /// The graph's path in the folder or repository.
    pub graph_file: String,
    /// The SHA-256 of each file, by file name. Every loaded file must be listed. The error
    /// about a missing entry states the SHA-256.
    pub sha256: BTreeMap<String, String>,
    /// The most tokens of a query and a passage together, special ones included. The default is
    /// 512, or the model's own limit if that is less. The end of a longer passage is not read.
    pub max_tokens: Option<usize>,
    /// The number of sessions of one thread each, 1 to 64. Each session holds the weights once.
    pub sessions: usize,
    /// The most tokens in a batch, padding included. The default is 256 on a CPU and 16,384 on a
    /// GPU.
    pub token_budget: Option<usize>,
}

impl Default for RerankConfig {
    fn default() -> Self {
        Self {
            model: None,
            graph_file: "onnx/model.onnx".into(),
            sha256: BTreeMap::new(),
            max_tokens: None,
            sessions: 1,
            token_budget: None,
        }
    }
}

impl RerankConfig {
    /// Makes the configuration of `model`, with the defaults of all other keys.
    pub fn new(model: &str) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    fn as_classifier(&self) -> Option<ClassifierConfig> {
        Some(ClassifierConfig {
            graph_file: self.graph_file.clone(),
            sha256: self.sha256.clone(),
            max_tokens: self.max_tokens,
            sessions: self.sessions,
            token_budget: self.token_budget,
            ..ClassifierConfig::new(NAME, self.model.as_deref()?)
        })
    }
}

impl Ranged for RerankConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        let model = self.model.as_deref();
        ranges.rule("model", format_args!("{model:?}"), "a folder or name", model != Some(""));
        ranges.within("sessions", self.sessions, 1..=64);
        ranges.at_least_if_set("token_budget", self.token_budget, 1);
    }
}

/// One score per passage, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Relevance {
    /// The model that computed the scores. Its provider is the one that really ran.
    pub model: ModelRef,
    /// The probability that the passage answers the query, 0 to 1.
    pub scores: Vec<f32>,
}

/// A cross-encoder with its sessions. Cheap to clone. The last clone ends them.
#[derive(Clone)]
pub struct Reranker {
    running: Arc<Running>,
}

struct Running {
    model: ModelRef,
    max_tokens: usize,
    tokenizer: TokenizerThreads,
    queue: Arc<InputQueue>,
    _workers: Workers,
}

impl Reranker {
    /// Loads the cross-encoder and starts its threads. Blocks.
    ///
    /// # Errors
    /// The first thing that is wrong with the files, with their SHA-256, or with the graph.
    fn load(config: &ClassifierConfig, host: &ModelHost, meter: &Meter) -> Result<Self, Error> {
        let CrossEncoder { sessions, max_tokens } =
            CrossEncoder::load(config, host, &Metrics::new(meter))?;
        Ok(Self {
            running: Arc::new(Running {
                model: sessions.model,
                max_tokens,
                tokenizer: sessions.tokenizer,
                queue: sessions.queue,
                _workers: sessions.workers,
            }),
        })
    }

    /// Returns the model that computes the scores.
    pub fn model(&self) -> &ModelRef {
        &self.running.model
    }

    /// Scores how well each passage answers `query`. Waits while the queue is full. Dropping the
    /// future removes its unstarted inputs from the queue.
    ///
    /// # Errors
    /// [`Error::EmptyText`] if the query (index 0) or a passage (from index 1) has no tokens,
    /// [`Error::Late`] if no session was free before `deadline`, [`Error::Runtime`] or
    /// [`Error::NotScores`] if a batch failed.
    pub async fn score(
        &self,
        query: String,
        passages: Vec<String>,
        deadline: Instant,
    ) -> Result<Relevance, Error> {
        let Running { model, max_tokens, tokenizer, queue, .. } = &*self.running;
        let max_tokens = *max_tokens;
        let plan = move |tokenizer: &TextTokenizer| pairs(tokenizer, &query, &passages, max_tokens);
        let inputs = tokenizer.run(plan).await?;
        let urgency = Urgency { priority: Priority::Query, deadline: Some(deadline) };
        let answers = queue.run(inputs, urgency).await?;
        let model = ran(model, answers.iter().map(|answer| answer.provider));
        let scores = answers.iter().map(|answer| probability(&answer.rows[0])).collect();
        Ok(Relevance { model, scores })
    }
}

fn pairs(
    tokenizer: &TextTokenizer,
    query: &str,
    passages: &[String],
    max_tokens: usize,
) -> Result<Vec<Input>, Error> {
    let query = tokenizer.encoded(query)?;
    if query.is_empty() {
        return Err(Error::EmptyText { index: 0 });
    }
    let pair = |(passage, index): (&String, usize)| {
        let passage = tokenizer.encoded(passage)?;
        if passage.is_empty() {
            return Err(Error::EmptyText { index });
        }
        tokenizer.pair(query.clone(), passage, max_tokens)
    };
    passages.iter().zip(1..).map(pair).collect()
}

/// The probability from the score of a model with one label, or from those of two, of which the
/// second means that the passage answers.
fn probability(scores: &[f32]) -> f32 {
    let logit = match scores {
        [no, yes, ..] => yes - no,
        _ => scores.first().copied().unwrap_or_default(),
    };
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_score_or_two_give_a_probability() {
        assert!((probability(&[0.0]) - 0.5).abs() < 1e-6);
        assert!((probability(&[1.0, 1.0]) - 0.5).abs() < 1e-6);
        assert!((probability(&[-2.0, 2.0]) - probability(&[4.0])).abs() < 1e-6);
        assert!(probability(&[-3.0]) < 0.05 && probability(&[3.0]) > 0.95);
    }
}
