//! From a model's files to its threads: what encoders and classifiers share.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::thread;

use courant_article::ModelRef;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::{Cuda, Provider};
use courant_gpu_utils::memory::DeviceBudget;
use courant_gpu_utils::operation::{self, Ladder};
use ort::environment::Environment;

use crate::batch::Limits;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::provider::{Placement, place};
use crate::queue::Queue;
use crate::share::Demand;
use crate::tokenize::{TextTokenizer, TokenizerThreads};
use crate::worker::{Recipe, Workers};
use crate::{Config, Deps, Error, Precision, runtime};

/// What models run on: devices, the runtime, and where files lie. The models of one host
/// and its clones together take of a GPU what one agent may.
#[derive(Clone, Debug)]
pub struct Host {
    /// The section `[gpu]`.
    pub gpu: GpuConfig,
    /// Where things lie that are not configured by path.
    pub deps: Deps,
    /// `[inference] runtime_library`.
    pub runtime_library: Option<PathBuf>,
    /// `[inference] hub_cache`.
    pub hub_cache: Option<PathBuf>,
    /// Of the GPU that `gpu` names, once a model asks for it.
    budget: Arc<OnceLock<DeviceBudget>>,
}

impl Host {
    /// What the sections `[inference]` and `[gpu]` say of it.
    pub fn new(inference: &Config, gpu: &GpuConfig, deps: Deps) -> Self {
        Self {
            gpu: gpu.clone(),
            deps,
            runtime_library: inference.runtime_library.clone(),
            hub_cache: inference.hub_cache.clone(),
            budget: Arc::default(),
        }
    }

    /// What the agent may take of the GPU that `gpu` names.
    pub(crate) fn budget(&self, cuda: &Cuda) -> &DeviceBudget {
        let total = cuda.gpus().get(self.gpu.device).map_or(0, |gpu| gpu.memory_bytes);
        self.budget.get_or_init(|| DeviceBudget::new(&self.gpu.memory, total))
    }

    /// ONNX Runtime's shared library.
    ///
    /// # Errors
    /// [`Error::NoDeps`] if none is configured, and there is no `.deps` to hold one.
    pub fn library(&self) -> Result<PathBuf, Error> {
        match &self.runtime_library {
            Some(library) => Ok(library.clone()),
            None => self.deps.runtime_library(),
        }
    }
}

/// A model whose files are the right ones, before its sessions are loaded.
pub(crate) struct Opened {
    pub(crate) model: Arc<Model>,
    pub(crate) tokenizer: Arc<TextTokenizer>,
    pub(crate) environment: Environment,
}

/// A model's threads.
pub(crate) struct Running {
    pub(crate) model: ModelRef,
    pub(crate) tokenizer: TokenizerThreads,
    pub(crate) queue: Arc<Queue>,
    pub(crate) workers: Workers,
}

/// How many threads run a model, and what they take at a time.
pub(crate) struct Crew {
    pub(crate) sessions: usize,
    pub(crate) tokenizer_threads: usize,
    pub(crate) queue_capacity: usize,
    pub(crate) limits: Limits,
    /// The longest input.
    pub(crate) max_tokens: usize,
}

impl Opened {
    /// Checks the files, reads the tokenizer and loads the runtime, all at a time:
    /// the three take about as long each, and none needs another.
    pub(crate) fn new(model: Model, host: &Host) -> Result<Self, Error> {
        host.gpu.validate().map_err(|error| Error::Provider(error.to_string()))?;
        let library = host.library()?;
        model.precision.check_processor()?;
        let (verified, tokenizer, environment) = thread::scope(|scope| {
            let tokenizer = scope.spawn(|| read_tokenizer(&model));
            let environment = scope.spawn(|| runtime::environment(&library));
            (model.verify(), tokenizer.join(), environment.join())
        });
        verified?;
        let tokenizer = Arc::new(tokenizer.unwrap_or(Err(Error::Stopped))?);
        let environment = environment.unwrap_or(Err(Error::Stopped))?;
        Ok(Self { model: Arc::new(model), tokenizer, environment })
    }

    /// The first provider that works and has the memory that `demand` asks for.
    pub(crate) fn place(&self, host: &Host, demand: Demand) -> Result<Placement, Error> {
        let placement = place(host, &self.environment, &self.model, demand)?;
        if self.model.precision == Precision::Fp16 && placement.provider == Provider::Cpu {
            tracing::warn!("a CPU computes fp16 as fp32, only slower: fp32 or int8 fits it better");
        }
        Ok(placement)
    }

    /// Loads the sessions and starts all threads.
    pub(crate) fn start(
        self,
        placement: Placement,
        crew: &Crew,
        gpu: &GpuConfig,
        metrics: Metrics,
    ) -> Result<Running, Error> {
        let Self { model, tokenizer, environment } = self;
        let reference = model_ref(&model, placement.provider);
        let cpu_allowed = gpu.cpu_fallback && placement.provider != Provider::Cpu;
        let greatest = crew.limits.token_budget.max(crew.max_tokens);
        let ladder = Ladder::new(operation::Limits::new(greatest, cpu_allowed));
        let queue = Arc::new(Queue::new(crew.queue_capacity, crew.limits, metrics.clone()));
        let placement = placement.shared_by(crew.sessions, &environment, &model);
        let telemetry = gpu.telemetry_enabled;
        let recipe = Recipe { environment, model, placement, ladder, telemetry };
        let workers = Workers::spawn(crew.sessions, &recipe, &queue, &metrics)?;
        let threads = TokenizerThreads::spawn(&tokenizer, crew.tokenizer_threads, metrics);
        let tokenizer = threads.map_err(|_| Error::Stopped)?;
        Ok(Running { model: reference, tokenizer, queue, workers })
    }
}

fn read_tokenizer(model: &Model) -> Result<TextTokenizer, Error> {
    let json =
        std::fs::read(&model.tokenizer).map_err(|source| Error::read(&model.tokenizer, source))?;
    TextTokenizer::from_json(&json)
}

fn model_ref(model: &Model, provider: Provider) -> ModelRef {
    ModelRef {
        name: model.name.clone(),
        version: model.version.clone(),
        precision: model.precision.name().into(),
        provider: provider.as_str().into(),
    }
}
