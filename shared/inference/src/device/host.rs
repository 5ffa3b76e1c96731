//! The devices, the runtime and the folders that models share.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Cuda;
use courant_gpu_utils::memory::DeviceBudget;

use crate::{Config, Deps, Error};

/// The devices, the runtime and the folders that models share. All models of one host and its
/// clones share the GPU memory that one agent may use.
#[derive(Clone, Debug)]
pub struct ModelHost {
    /// The section `[gpu]`.
    pub gpu: GpuConfig,
    /// The folder of files that are not configured by path.
    pub deps: Deps,
    /// `[inference] runtime_library`.
    pub runtime_library: Option<PathBuf>,
    /// `[inference] hub_cache`.
    pub hub_cache: Option<PathBuf>,
    /// The memory budget of the GPU that `gpu` names, once a model needs it.
    budget: Arc<OnceLock<DeviceBudget>>,
}

impl ModelHost {
    /// Makes a host from the sections `[inference]` and `[gpu]`.
    pub fn new(inference: &Config, gpu: &GpuConfig, deps: Deps) -> Self {
        Self {
            gpu: gpu.clone(),
            deps,
            runtime_library: inference.runtime_library.clone(),
            hub_cache: inference.hub_cache.clone(),
            budget: Arc::default(),
        }
    }

    /// The memory that the agent may take of the GPU that `gpu` names.
    pub(crate) fn budget(&self, cuda: &Cuda) -> &DeviceBudget {
        let total = cuda.gpus().get(self.gpu.device).map_or(0, |gpu| gpu.memory_bytes);
        self.budget.get_or_init(|| DeviceBudget::new(&self.gpu.memory, total))
    }

    /// Returns the path of ONNX Runtime's shared library.
    ///
    /// # Errors
    /// [`Error::NoDeps`] if no library is configured and there is no `.deps`.
    pub fn library(&self) -> Result<PathBuf, Error> {
        match &self.runtime_library {
            Some(library) => Ok(library.clone()),
            None => self.deps.runtime_library(),
        }
    }
}
