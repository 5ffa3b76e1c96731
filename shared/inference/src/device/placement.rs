//! A model's place: the provider that runs it, on which device, with how much memory.

use std::path::PathBuf;
use std::sync::Arc;

use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::cuda::{self, CudaDevice};
use courant_gpu_utils::device::{Cuda, Provider, UnusedProvider};
use courant_gpu_utils::memory::DeviceBudget;
use courant_gpu_utils::stream::DeviceStream;
use courant_host::Cpu;
use ort::environment::Environment;
use ort::ep::{ArenaExtendStrategy, CUDA, ExecutionProviderDispatch, TensorRT};
use ort::memory::AllocationDevice;

use crate::config::ENGINE_ITEMS;
use crate::device::share::Share;
use crate::model::weights::Weights;
use crate::model::{LocatedModel, Pooling};
use crate::{Deps, Error, Precision};

/// A model's place on a device; sessions are built with it.
#[derive(Clone, Debug)]
pub(crate) struct ModelPlacement {
    pub(crate) provider: Provider,
    device: usize,
    /// The GPU's name; none on the CPU.
    gpu: Option<String>,
    pub(crate) share: Option<Share>,
    max_tokens: usize,
    /// The folder in which TensorRT keeps its engines: a restart builds none anew.
    engines: Option<PathBuf>,
    /// The start of the file names of the model's engines.
    engine_prefix: String,
    pools_in_graph: bool,
    precision: Precision,
    /// The better providers, and why they are not used.
    pub(crate) passed_over: Vec<UnusedProvider>,
    /// The weights that sessions here have in common.
    pub(crate) weights: Option<Arc<Weights>>,
}

/// Spans per text for which TensorRT's engines are built: a text has its whole and at
/// most 200 sentences.
const ENGINE_SPANS: usize = 201;
/// The memory that TensorRT may take while it chooses its kernels.
const ENGINE_WORKSPACE_BYTES: usize = 1 << 30;

/// Lengths in tokens from headlines to whole chunks.
const BUCKETS: [usize; 6] = [1, 16, 32, 64, 128, 256];

impl ModelPlacement {
    /// On the CPU.
    pub(crate) fn cpu(model: &LocatedModel) -> Self {
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

    pub(crate) fn on(
        provider: Provider,
        gpu: &GpuConfig,
        cuda: &Cuda,
        model: &LocatedModel,
        deps: &Deps,
    ) -> Self {
        Self {
            provider,
            device: gpu.device,
            gpu: cuda.gpus().get(gpu.device).map(|gpu| gpu.name.clone()),
            engines: deps.root().map(|root| root.join("cache/tensorrt")),
            ..Self::cpu(model)
        }
    }

    /// The name of the GPU, else of the processor; empty where it is not known.
    pub(crate) fn hardware(&self) -> String {
        self.gpu.clone().or_else(|| Cpu::detect().name).unwrap_or_default()
    }

    /// The same for several sessions of `model`. On a GPU each keeps its weights there,
    /// and one alone has nobody to share them with.
    pub(crate) fn shared_by(
        self,
        sessions: usize,
        environment: &Environment,
        model: &LocatedModel,
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

    /// The device of the arena's memory.
    pub(crate) fn memory(&self) -> (AllocationDevice<'static>, i32) {
        match self.provider {
            Provider::Cpu => (AllocationDevice::CPU, 0),
            _ => (AllocationDevice::CUDA, i32::try_from(self.device).unwrap_or(i32::MAX)),
        }
    }

    /// The budget of its sessions' memory; none on the CPU.
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

    /// The providers that ONNX Runtime registers; it fails rather than falling back
    /// without a word. None for the CPU, which is always there.
    ///
    /// They compute on `stream`, which has to outlive the session: [`ModelSession`] and
    /// [`SessionDevice`] drop it after what they hold of the session.
    ///
    /// [`ModelSession`]: crate::session::ModelSession
    /// [`SessionDevice`]: crate::session::device::SessionDevice
    #[expect(unsafe_code, reason = "the runtime is handed a stream without its lifetime")]
    pub(crate) fn dispatch(&self, stream: Option<&DeviceStream>) -> Vec<ExecutionProviderDispatch> {
        let device = i32::try_from(self.device).unwrap_or(i32::MAX);
        let limit = self.share.as_ref().map_or(0, Share::session_bytes);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let cuda = || {
            let cuda = CUDA::default()
                .with_device_id(device)
                .with_memory_limit(limit)
                .with_arena_extend_strategy(ArenaExtendStrategy::SameAsRequested);
            let cuda = match stream {
                // SAFETY: whoever builds the session keeps the stream until it has dropped
                // the session, and the handle is that of a stream of this device.
                Some(stream) => unsafe { cuda.with_compute_stream(stream.handle()) },
                None => cuda,
            };
            cuda.build().error_on_failure()
        };
        match self.provider {
            Provider::Cpu => Vec::new(),
            Provider::Cuda => vec![cuda()],
            // Nodes that TensorRT does not take go to CUDA.
            Provider::TensorRt => {
                let tensorrt = match stream {
                    // SAFETY: as above.
                    Some(stream) => unsafe {
                        self.tensorrt(device).with_compute_stream(stream.handle())
                    },
                    None => self.tensorrt(device),
                };
                vec![tensorrt.build().error_on_failure(), cuda()]
            }
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
