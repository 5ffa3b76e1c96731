//! The section `[inference]`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use courant_config::{Ranged, Ranges, range};
use courant_gpu_utils::device::{Provider, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::batch::waiting::BatchLimits;
use crate::model::prefixes::Prefixes;
use crate::{Error, Precision, PrecisionChoice};

/// The cost of a run beside its tokens: so many tokens more would take as long. On a
/// CPU (one thread, AVX-512) from the times of short texts alone and in batches; on a
/// GPU a run takes about as long until thousands of tokens fill it.
const CPU_RUN_TOKENS: usize = 16;
const GPU_RUN_TOKENS: usize = 2_048;
/// Texts per batch for which TensorRT's engines are built.
pub(crate) const ENGINE_ITEMS: usize = 32;

/// The encoder, and the batching of its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The encoder: the name of a folder in `.deps/models`, the path of a folder, or
    /// `hf:owner/repo[@revision]` for an ONNX encoder on the Hugging Face hub. A folder has a
    /// `model.json`, or the same files as on the hub: then the keys below for models from the
    /// hub apply to it too.
    pub model: String,
    /// The precision of the encoder: fp32; int8, which is about twice as fast on a CPU and
    /// whose vectors have cosine 0.99 with those of fp32; fp16, for GPUs; or int8-static, if
    /// `courant models calibrate` has made it. auto is int8 on a CPU with VNNI (or ARM's dot
    /// product) if the model's int8 graph is measured to be as good as fp32, as that of the
    /// bundled encoder is, and fp32 elsewhere. For a model from the hub, the name of
    /// `graph_file` decides instead.
    pub precision: PrecisionChoice,
    /// For a model from the hub: the path of the graph in the repository. The graph must be a
    /// single file.
    pub graph_file: String,
    /// For a model from the hub: the pooling of the token vectors into one, as the model card
    /// states it. Another pooling gives meaningless vectors.
    pub pooling: TokenPooling,
    /// For a model from the hub: the text that goes before queries and before documents, as the
    /// model card states it. `courant doctor` says so of known families without it.
    pub prefixes: Prefixes,
    /// For a model from the hub: the SHA-256 of each file, by file name. Every loaded file must
    /// be listed. The error about a missing entry states the SHA-256.
    pub sha256: BTreeMap<String, String>,
    /// The folder of files from the hub. The default is the cache folder of the hub's own
    /// tools.
    pub hub_cache: Option<PathBuf>,
    /// The folder in which `courant models promote` stores heads. A promoted head for names is
    /// read from it. `courant run` uses `models` in its data folder.
    pub heads: Option<PathBuf>,
    /// The shared library of ONNX Runtime; by default the one in `.deps/lib`.
    pub runtime_library: Option<PathBuf>,
    /// The number of sessions of one thread each, 1 or more. The default is the number of CPUs
    /// that the process may use, including the quota of its control group; on a GPU it is 2.
    pub sessions: Option<usize>,
    /// The number of tokenizer threads, 1 or more. One thread can feed more sessions than a CPU
    /// has cores.
    pub tokenizer_threads: usize,
    /// The most tokens in a batch, padding included. A longer text forms a batch alone. The
    /// default is the fastest value on this machine, which is measured at the first start and
    /// kept in `.deps/cache`: 512 or less on CPUs.
    pub token_budget: Option<usize>,
    /// The time that a batch may wait to fill while its GPU is busy. An idle GPU and the
    /// sessions of a CPU never wait. The default follows from `gpu.workload`.
    pub batching: Option<Batching>,
    /// The most texts in a batch, 1 or more.
    pub max_items: usize,
    /// The most texts in a batch while the queue is long, at least `max_items`.
    pub max_items_peak: usize,
    /// Milliseconds after which queries no longer overtake waiting bulk work.
    pub max_wait_ms: u64,
    /// Megabytes of vectors that are cached for repeated texts, such as queries; 0 caches none.
    pub result_cache_mb: u64,
    /// The most texts and chunks that may wait, 1 or more. Queries have a queue of the same
    /// size of their own.
    pub queue_capacity: usize,
    /// The most tokens of one input, special ones included, up to the limit of the encoder.
    /// Longer texts are cut. Articles are split into chunks.
    pub max_tokens: usize,
    /// Tokens that a chunk shares with the next one; less than `max_tokens`
    /// without the special ones.
    pub overlap: usize,
}

/// The pooling of a text's token vectors into one vector of unit length.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TokenPooling {
    /// The mean of the token vectors, for models such as all-MiniLM and e5.
    #[default]
    Mean,
    /// The vector of the first token, for models such as bge. A sentence within a text has no
    /// such token, and gets the mean.
    Cls,
}

/// The time that a batch waits to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Batching {
    /// At most 5 ms: a fast result matters more than a full batch.
    LowLatency,
    /// At most 10 ms.
    Balanced,
    /// At most 20 ms: full batches matter more than a fast result.
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
            precision: PrecisionChoice::Auto,
            graph_file: "onnx/model.onnx".into(),
            pooling: TokenPooling::Mean,
            prefixes: Prefixes::default(),
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
    ) -> BatchLimits {
        let batching = self.batching.unwrap_or_else(|| Batching::of(workload));
        let most = match (precision, provider) {
            (Precision::Int8, _) => 1,
            (_, Provider::TensorRt) => ENGINE_ITEMS,
            _ => usize::MAX,
        };
        let is_shared = provider != Provider::Cpu;
        BatchLimits {
            token_budget: self.token_budget.unwrap_or(measured_budget),
            max_items: self.max_items.min(most),
            max_items_peak: self.max_items_peak.min(most),
            run_tokens: if is_shared { GPU_RUN_TOKENS } else { CPU_RUN_TOKENS },
            max_wait: Duration::from_millis(self.max_wait_ms),
            fill_wait: if is_shared { batching.fill_wait() } else { Duration::ZERO },
        }
    }

    /// Returns the number of sessions: one per CPU, including the quota of the control group;
    /// two on a GPU, so that one copies while the other computes.
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
