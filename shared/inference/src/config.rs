//! The section `[inference]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use courant_config::{Ranged, Ranges, range};
use courant_gpu_utils::device::{Provider, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::waiting::Limits;
use crate::{Error, Precision};

/// The cost of a run beside its tokens: so many tokens more would take as long. On a
/// CPU (one thread, AVX-512) from the times of short texts alone and in batches; on a
/// GPU a run takes about as long until thousands of tokens fill it.
const CPU_RUN_TOKENS: usize = 16;
const GPU_RUN_TOKENS: usize = 2_048;
/// Texts per batch for which TensorRT's engines are built.
pub(crate) const ENGINE_ITEMS: usize = 32;

/// The encoder, and the way its work is batched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The encoder: the name of a folder in `.deps/models`, the path of a folder, or
    /// `hf:owner/repo[@revision]` for an ONNX encoder on the Hugging Face hub. A folder
    /// has a `model.json`, or the files that the hub has, and what is said below of
    /// models from the hub holds for it too.
    pub model: String,
    /// The numbers that the encoder computes with: fp32; int8, which is about twice as fast on a
    /// CPU and whose vectors have cosine 0.99 with those of fp32; fp16, for GPUs; or
    /// int8-static, where `courant models calibrate` has made it. Of a model from the
    /// hub the name of `graph_file` tells it.
    pub precision: Precision,
    /// For a model from the hub: the graph's path in its repository. The graph
    /// has to be one file.
    pub graph_file: String,
    /// For a model from the hub: the way that the vectors of a text's tokens become one, as its
    /// card says; another way gives vectors that mean little.
    pub pooling: TokenPooling,
    /// For a model from the hub: file to SHA-256. Every file that is loaded must
    /// be listed; the error for one that is not names its SHA-256.
    pub sha256: BTreeMap<String, String>,
    /// The folder of files from the hub; by default that of its tools.
    pub hub_cache: Option<PathBuf>,
    /// The folder in which `courant models promote` keeps heads: a promoted head for
    /// names is read from it. `courant run` takes `models` in its data folder.
    pub heads: Option<PathBuf>,
    /// The shared library of ONNX Runtime; by default the one in `.deps/lib`.
    pub runtime_library: Option<PathBuf>,
    /// Sessions of one thread each, 1 or more; by default the CPUs that the
    /// process may use (its cgroup's quota counts), on a GPU 2.
    pub sessions: Option<usize>,
    /// Threads that tokenize, 1 or more. One feeds more sessions than a CPU has.
    pub tokenizer_threads: usize,
    /// The most tokens in a batch, padding included; a longer text goes alone. By
    /// default what is fastest on this machine, measured at the first start and
    /// kept in `.deps/cache`: 512 or less on CPUs.
    pub token_budget: Option<usize>,
    /// The time that a batch may wait to fill while its GPU is busy; an idle device and
    /// a CPU's sessions never wait. By default as `gpu.workload` wants it.
    pub batching: Option<Batching>,
    /// The most texts in a batch, 1 or more.
    pub max_items: usize,
    /// The same while the queue is deep, at least `max_items`.
    pub max_items_peak: usize,
    /// Milliseconds after which bulk work is no longer overtaken by queries.
    pub max_wait_ms: u64,
    /// Megabytes of vectors that are kept for texts that come again, as queries
    /// do; 0 keeps none.
    pub result_cache_mb: u64,
    /// The texts and chunks that may wait, 1 or more; queries have as much room
    /// again for themselves.
    pub queue_capacity: usize,
    /// The most tokens of one input, special ones included; at most what the
    /// encoder was trained on. Longer texts are cut, articles are chunked.
    pub max_tokens: usize,
    /// Tokens that a chunk shares with the next one; less than `max_tokens`
    /// without the special ones.
    pub overlap: usize,
}

/// The way that the vectors of a text's tokens become one of unit length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenPooling {
    /// Their mean, as all-MiniLM and e5 want it.
    #[default]
    Mean,
    /// The first token's, as bge wants it. A sentence within a text has no such token
    /// and gets the mean.
    Cls,
}

/// The patience of a batch that is not full yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Batching {
    /// 5 ms at most: an answer matters more than a full batch.
    LowLatency,
    /// 10 ms at most.
    Balanced,
    /// 20 ms at most: full batches matter more.
    Throughput,
}

impl Batching {
    fn of(workload: Workload) -> Self {
        match workload {
            Workload::Latency | Workload::RealTime => Self::LowLatency,
            Workload::Mixed | Workload::MultiTenant => Self::Balanced,
            Workload::Throughput | Workload::Etl => Self::Throughput,
        }
    }

    fn fill_wait(self) -> Duration {
        Duration::from_millis(match self {
            Self::LowLatency => 5,
            Self::Balanced => 10,
            Self::Throughput => 20,
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            model: "all-MiniLM-L6-v2".into(),
            precision: Precision::Fp32,
            graph_file: "onnx/model.onnx".into(),
            pooling: TokenPooling::Mean,
            sha256: BTreeMap::new(),
            hub_cache: None,
            heads: None,
            runtime_library: None,
            sessions: None,
            tokenizer_threads: 1,
            token_budget: None,
            batching: None,
            max_items: 32,
            max_items_peak: 100,
            max_wait_ms: 2_000,
            result_cache_mb: 16,
            queue_capacity: 1_024,
            max_tokens: 256,
            overlap: 32,
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`Error::Range`] names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(range::check("inference", self)?)
    }

    /// The bounds of a batch of `precision` on `provider`, with what is
    /// configured or else measured as the budget. Each session of a CPU has a
    /// processor of its own: it is idle whatever the others do.
    pub(crate) fn limits(
        &self,
        precision: Precision,
        provider: Provider,
        workload: Workload,
        measured_budget: usize,
    ) -> Limits {
        let batching = self.batching.unwrap_or_else(|| Batching::of(workload));
        let most = match (precision, provider) {
            (Precision::Int8, _) => 1,
            (_, Provider::TensorRt) => ENGINE_ITEMS,
            _ => usize::MAX,
        };
        let is_shared = provider != Provider::Cpu;
        Limits {
            token_budget: self.token_budget.unwrap_or(measured_budget),
            max_items: self.max_items.min(most),
            max_items_peak: self.max_items_peak.min(most),
            run_tokens: if is_shared { GPU_RUN_TOKENS } else { CPU_RUN_TOKENS },
            max_wait: Duration::from_millis(self.max_wait_ms),
            fill_wait: if is_shared { batching.fill_wait() } else { Duration::ZERO },
        }
    }

    /// One session per CPU: the standard library knows the cgroup's quota. On a GPU
    /// two, so that one copies while the other computes.
    pub fn session_count(&self, provider: Provider) -> usize {
        let cpus = || std::thread::available_parallelism().map_or(1, usize::from);
        self.sessions.unwrap_or_else(|| if provider == Provider::Cpu { cpus() } else { 2 })
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        let is_wider = self.max_items_peak >= self.max_items;
        let is_shorter = self.overlap < self.max_tokens;
        ranges.at_least_if_set("sessions", self.sessions, 1);
        ranges.at_least("tokenizer_threads", self.tokenizer_threads, 1);
        ranges.at_least_if_set("token_budget", self.token_budget, 1);
        ranges.at_least("max_items", self.max_items, 1);
        ranges.at_least("queue_capacity", self.queue_capacity, 1);
        ranges.rule("max_items_peak", self.max_items_peak, "max_items or more", is_wider);
        ranges.rule("overlap", self.overlap, "less than max_tokens", is_shorter);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_valid() {
        assert!(Config::default().validate().is_ok());
    }

    #[test]
    fn the_workload_decides_how_long_a_batch_fills_unless_that_is_configured() {
        let fill_wait_ms = |config: &Config, workload| {
            let limits = config.limits(Precision::Fp32, Provider::Cuda, workload, 512);
            limits.fill_wait.as_millis()
        };
        let unset = Config::default();
        let waits = [Workload::RealTime, Workload::Mixed, Workload::Etl]
            .map(|workload| fill_wait_ms(&unset, workload));
        assert_eq!(waits, [5, 10, 20]);
        let set = Config { batching: Some(Batching::Throughput), ..Config::default() };
        assert_eq!(fill_wait_ms(&set, Workload::Latency), 20);
    }

    #[test]
    fn a_value_out_of_range_is_named() {
        let key = |config: Config| match config.validate() {
            Err(Error::Range(error)) => error.key,
            other => panic!("{other:?}"),
        };
        let config = Config { overlap: 256, ..Config::default() };
        assert_eq!(key(config), "inference.overlap");
        let config = Config { sessions: Some(0), ..Config::default() };
        assert_eq!(key(config), "inference.sessions");
    }
}
