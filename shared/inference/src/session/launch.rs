//! The way from a model's files to its threads, for encoders and classifiers.

use std::sync::Arc;
use std::thread;

use courant_article::ModelRef;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Provider;
use courant_gpu_utils::operation::{self, MemoryLadder};
use ort::environment::Environment;

use crate::batch::queue::InputQueue;
use crate::batch::waiting::BatchLimits;
use crate::device::host::ModelHost;
use crate::device::placement::ModelPlacement;
use crate::device::share::Demand;
use crate::metrics::Metrics;
use crate::model::LocatedModel;
use crate::session::place::place;
use crate::session::runtime;
use crate::session::worker::{SessionSetup, Workers};
use crate::text::tokenize::{TextTokenizer, TokenizerThreads};
use crate::{Error, Precision};

/// A model whose files are the right ones, before its sessions are loaded.
pub(crate) struct Opened {
    pub(crate) model: Arc<LocatedModel>,
    pub(crate) tokenizer: Arc<TextTokenizer>,
    pub(crate) environment: Environment,
}

/// A model's threads.
pub(crate) struct RunningSessions {
    pub(crate) model: ModelRef,
    pub(crate) tokenizer: TokenizerThreads,
    pub(crate) queue: Arc<InputQueue>,
    pub(crate) workers: Workers,
}

/// The numbers of threads that run a model, and the limits of their batches.
pub(crate) struct SessionPlan {
    pub(crate) sessions: usize,
    pub(crate) tokenizer_threads: usize,
    pub(crate) queue_capacity: usize,
    pub(crate) limits: BatchLimits,
    /// The longest input.
    pub(crate) max_tokens: usize,
}

impl Opened {
    /// Checks the files, reads the tokenizer and loads the runtime, all at a time:
    /// the three take about as long each, and none needs another.
    pub(crate) fn new(model: LocatedModel, host: &ModelHost) -> Result<Self, Error> {
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
    pub(crate) fn place(&self, host: &ModelHost, demand: Demand) -> Result<ModelPlacement, Error> {
        let placement = place(host, &self.environment, &self.model, demand)?;
        if self.model.precision == Precision::Fp16 && placement.provider == Provider::Cpu {
            tracing::warn!("a CPU computes fp16 as fp32, only slower: fp32 or int8 fits it better");
        }
        Ok(placement)
    }

    /// Loads the sessions and starts all threads.
    pub(crate) fn start(
        self,
        placement: ModelPlacement,
        crew: &SessionPlan,
        gpu: &GpuConfig,
        metrics: Metrics,
    ) -> Result<RunningSessions, Error> {
        let Self { model, tokenizer, environment } = self;
        let reference = model_ref(&model, placement.provider);
        let cpu_allowed = gpu.cpu_fallback && placement.provider != Provider::Cpu;
        let greatest = crew.limits.token_budget.max(crew.max_tokens);
        let ladder = MemoryLadder::new(operation::LadderLimits::new(greatest, cpu_allowed));
        let queue = Arc::new(InputQueue::new(crew.queue_capacity, crew.limits, metrics.clone()));
        let placement = placement.shared_by(crew.sessions, &environment, &model);
        let telemetry = gpu.telemetry_enabled;
        let recipe = SessionSetup { environment, model, placement, ladder, telemetry };
        let workers = Workers::spawn(crew.sessions, &recipe, &queue, &metrics)?;
        let threads = TokenizerThreads::spawn(&tokenizer, crew.tokenizer_threads, metrics);
        let tokenizer = threads.map_err(|_| Error::Stopped)?;
        Ok(RunningSessions { model: reference, tokenizer, queue, workers })
    }
}

fn read_tokenizer(model: &LocatedModel) -> Result<TextTokenizer, Error> {
    let json =
        std::fs::read(&model.tokenizer).map_err(|source| Error::read(&model.tokenizer, source))?;
    TextTokenizer::read(&json)?.with_prefixes(&model.prefixes)
}

fn model_ref(model: &LocatedModel, provider: Provider) -> ModelRef {
    ModelRef {
        name: model.name.clone(),
        version: model.version.clone(),
        precision: model.precision.name().into(),
        provider: provider.as_str().into(),
    }
}
