//! Which execution provider runs the model: TensorRT, else CUDA, else the CPU, and
//! what really ran is in every record.

use std::path::PathBuf;
use std::sync::Arc;

use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::cuda::{self, CudaDevice};
use courant_gpu_utils::device::{
    Choice, Cuda, CudaAbsence, PassedOver, Provider, Unused, choose,
};
use courant_gpu_utils::memory::DeviceBudget;
use courant_host::Cpu;
use ort::environment::Environment;
use ort::ep::{ArenaExtendStrategy, CUDA, ExecutionProviderDispatch, TensorRT};
use ort::memory::AllocationDevice;

use crate::launch::Host;
use crate::model::{Model, Pooling};
use crate::session::{Input, ModelSession};
use crate::share::{Demand, Share};
use crate::weights::Weights;
use crate::{Deps, Error, Precision};

/// A model's place on a device: what a session is built with.
#[derive(Clone, Debug)]
pub(crate) struct Placement {
    pub(crate) provider: Provider,
    device: usize,
    /// What the GPU is called; none on the CPU.
    gpu: Option<String>,
    share: Option<Share>,
    max_tokens: usize,
    /// Where TensorRT keeps its engines: a restart builds none anew.
    engines: Option<PathBuf>,
    /// The start of the file names of the model's engines.
    engine_prefix: String,
    pools_in_graph: bool,
    precision: Precision,
    /// The better providers, and why they are not used.
    pub(crate) passed_over: Vec<PassedOver>,
    /// What sessions here have in common.
    pub(crate) weights: Option<Arc<Weights>>,
}

/// Texts per batch and spans per text for which TensorRT's engines are built: a
/// text has its whole and at most 200 sentences.
pub(crate) const ENGINE_ITEMS: usize = 32;
const ENGINE_SPANS: usize = 201;
/// What TensorRT may take while it chooses its kernels.
const ENGINE_WORKSPACE_BYTES: usize = 1 << 30;

/// Lengths in tokens from headlines to whole chunks.
const BUCKETS: [usize; 6] = [1, 16, 32, 64, 128, 256];

impl Placement {
    /// On the CPU.
    pub(crate) fn cpu(model: &Model) -> Self {
        Self {
            provider: Provider::Cpu,
            device: 0,
            gpu: None,
            share: None,
            max_tokens: model.max_tokens,
            engines: None,
            engine_prefix: model.version.clone(),
            pools_in_graph: model.pooling == Pooling::Graph,
            precision: model.precision,
            passed_over: Vec::new(),
            weights: None,
        }
    }

    fn on(provider: Provider, gpu: &GpuConfig, cuda: &Cuda, model: &Model, deps: &Deps) -> Self {
        Self {
            provider,
            device: gpu.device,
            gpu: cuda.gpus().get(gpu.device).map(|gpu| gpu.name.clone()),
            engines: deps.root().map(|root| root.join("cache/tensorrt")),
            ..Self::cpu(model)
        }
    }

    /// What the GPU or else the processor is called; empty where nobody tells.
    pub(crate) fn hardware(&self) -> String {
        self.gpu.clone().or_else(|| Cpu::detect().name).unwrap_or_default()
    }

    /// The same for several sessions of `model`. On a GPU each keeps its weights there,
    /// and one alone has nobody to share them with.
    pub(crate) fn shared_by(
        self,
        sessions: usize,
        environment: &Environment,
        model: &Model,
    ) -> Self {
        let is_shared = self.provider == Provider::Cpu && sessions > 1;
        Self { weights: is_shared.then(|| Arc::new(Weights::of(environment, model))), ..self }
    }

    /// The lengths in tokens that a session runs before it serves: a GPU chooses its
    /// kernels by shape when it first sees one, which takes longer than a query may.
    pub(crate) fn warm_up_lengths(&self) -> Vec<usize> {
        match self.provider {
            Provider::Cpu => vec![1],
            Provider::Cuda | Provider::TensorRt => {
                BUCKETS.into_iter().filter(|&length| length <= self.max_tokens).collect()
            }
        }
    }

    /// The CUDA device that it is on.
    pub(crate) fn cuda(&self) -> Result<Option<CudaDevice>, Error> {
        if self.provider == Provider::Cpu {
            return Ok(None);
        }
        let context =
            cuda::open(self.device).map_err(|absence| Error::Device(absence.to_string()))?;
        Ok(Some(CudaDevice::new(context)))
    }

    /// Where the arena's memory lies.
    pub(crate) fn memory(&self) -> (AllocationDevice<'static>, i32) {
        match self.provider {
            Provider::Cpu => (AllocationDevice::CPU, 0),
            _ => (AllocationDevice::CUDA, i32::try_from(self.device).unwrap_or(i32::MAX)),
        }
    }

    /// What its sessions' memory is taken from; none on the CPU.
    pub(crate) fn budget(&self) -> Option<&DeviceBudget> {
        self.share.as_ref().map(Share::device)
    }

    /// As logs call it: `cpu`, `cuda:0`, `tensorrt:0`.
    pub(crate) fn resource(&self) -> String {
        match self.provider {
            Provider::Cpu => self.provider.to_string(),
            provider => format!("{provider}:{}", self.device),
        }
    }

    /// As the runtime calls the arena's device.
    pub(crate) fn arena_name(&self) -> String {
        match self.provider {
            Provider::Cpu => "cpu:0".into(),
            _ => format!("gpu:{}", self.device),
        }
    }

    /// What ONNX Runtime is asked to register; it fails rather than falling back
    /// without a word. None for the CPU, which is always there.
    pub(crate) fn dispatch(&self) -> Vec<ExecutionProviderDispatch> {
        let device = i32::try_from(self.device).unwrap_or(i32::MAX);
        let limit = self.share.as_ref().map_or(0, Share::session_bytes);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let cuda = || {
            CUDA::default()
                .with_device_id(device)
                .with_memory_limit(limit)
                .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested)
                .build()
                .error_on_failure()
        };
        match self.provider {
            Provider::Cpu => Vec::new(),
            Provider::Cuda => vec![cuda()],
            // What TensorRT does not take goes to CUDA.
            Provider::TensorRt => vec![self.tensorrt(device).build().error_on_failure(), cuda()],
        }
    }

    /// Every dynamic input has a profile, whether the graph has it or not: a shape
    /// outside would rebuild the engine, which takes a minute.
    fn tensorrt(&self, device: i32) -> TensorRT {
        let engines = TensorRT::default()
            .with_device_id(device)
            .with_max_workspace_size(ENGINE_WORKSPACE_BYTES)
            .with_fp16(self.precision == Precision::Fp16)
            .with_int8(self.precision == Precision::Int8Static)
            .with_profile_min_shapes(self.shapes(1, 1, 1))
            .with_profile_opt_shapes(self.shapes(ENGINE_ITEMS / 2, 1, self.max_tokens / 2))
            .with_profile_max_shapes(self.shapes(ENGINE_ITEMS, ENGINE_SPANS, self.max_tokens));
        match &self.engines {
            None => engines,
            Some(folder) => engines
                .with_engine_cache(true)
                .with_engine_cache_path(folder.display())
                .with_engine_cache_prefix(&self.engine_prefix)
                .with_timing_cache(true)
                .with_timing_cache_path(folder.display()),
        }
    }

    fn shapes(&self, items: usize, spans: usize, tokens: usize) -> String {
        let ids = ["input_ids", "attention_mask", "token_type_ids"];
        let ids = ids.map(|name| format!("{name}:{items}x{tokens}")).join(",");
        if self.pools_in_graph { format!("{ids},spans:{items}x{spans}x{tokens}") } else { ids }
    }
}

/// The first provider that has memory for what `demand` says, loads the model and gives
/// unit vectors for a probe batch; on the CPU the sessions' own first run is the probe.
///
/// # Errors
/// [`Error::Provider`] where none that may be used works.
pub(crate) fn place(
    host: &Host,
    environment: &Environment,
    model: &Model,
    demand: Demand,
) -> Result<Placement, Error> {
    let gpu = &host.gpu;
    let weights_bytes = model.size_bytes()?;
    // Left alone, the driver is not even loaded.
    let absent = Cuda::Absent(CudaAbsence::NoDriver);
    let cuda = if gpu.force_cpu { absent } else { Cuda::detect() };
    let probe = |provider| {
        if provider != Provider::Cpu && model.precision == Precision::Int8 {
            return Err(Unused::Unsuited("int8 computes on CPUs, fp16 and int8-static on GPUs"));
        }
        let mut placement = Placement::on(provider, gpu, &cuda, model, &host.deps);
        if provider == Provider::Cpu {
            return Ok(placement);
        }
        let share = Share::of(host.budget(&cuda), model.pooling.operation(), weights_bytes, demand);
        placement.share = Some(share.map_err(|error| Unused::Register(error.to_string()))?);
        let mut session = ModelSession::load(environment, model, &placement)
            .map_err(|error| Unused::Register(error.to_string()))?;
        let input = Input::new(vec![0; model.max_tokens.min(64)]);
        session.run(&[&input, &input]).map_err(|error| Unused::Probe(error.to_string()))?;
        Ok(placement)
    };
    let Choice { session: placement, passed_over, .. } =
        choose(gpu, &cuda, probe).map_err(|none| Error::Provider(none.to_string()))?;
    let reasons: Vec<String> = passed_over.iter().map(ToString::to_string).collect();
    tracing::info!(
        model = model.name,
        provider = %placement.provider,
        passed_over = reasons.join(", "),
        "placed the model"
    );
    Ok(Placement { passed_over, ..placement })
}
