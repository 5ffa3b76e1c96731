//! The way from a model's files to its threads, for encoders and classifiers.

use std::sync::Arc;
use std::thread;

use courant_article::ModelRef;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Provider;
use courant_gpu_utils::operation::{self, Ladder};
use ort::environment::Environment;

use crate::batch::queue::Queue;
use crate::batch::waiting::Limits;
use crate::device::host::Host;
use crate::device::placement::Placement;
use crate::device::share::Demand;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::session::place::place;
use crate::session::runtime;
use crate::session::worker::{Recipe, Workers};
use crate::text::tokenize::{TextTokenizer, TokenizerThreads};
use crate::{Error, Precision};

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

/// The numbers of threads that run a model, and the limits of their batches.
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
