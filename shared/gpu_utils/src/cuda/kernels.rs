//! Kernels that NVRTC compiles at run time for the present device.

use std::sync::Arc;

use cudarc::driver::sys::CUdevice_attribute_enum::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
use cudarc::driver::{CudaFunction, CudaModule, CudaStream, DriverError, LaunchConfig};
use cudarc::nvrtc::{self, CompileError};

use crate::operation::RunFailure;

/// `WARPS` of every source: warps of a block.
pub(crate) const WARPS: usize = 8;
/// Enough blocks to have some ready wherever others wait for memory.
const BLOCKS_PER_MULTIPROCESSOR: usize = 4;

/// The reasons why kernels cannot be compiled or loaded.
#[derive(Debug, thiserror::Error)]
pub enum KernelsError {
    /// NVRTC, the compiler, is not installed.
    #[error("libnvrtc is not there to compile the kernels")]
    NoCompiler,
    /// The kernels do not compile.
    #[error("the kernels do not compile")]
    Compile(#[source] CompileError),
    /// The driver failed to load the kernels.
    #[error("the CUDA driver failed")]
    Driver(#[from] DriverError),
}

impl RunFailure for KernelsError {
    fn is_out_of_memory(&self) -> bool {
        matches!(self, Self::Driver(error) if error.is_out_of_memory())
    }
}

/// The kernels of one source file, compiled for a device.
#[derive(Clone, Debug)]
pub struct CompiledKernels {
    stream: Arc<CudaStream>,
    module: Arc<CudaModule>,
}

impl CompiledKernels {
    /// Compiles `source` for the device of `stream`, on which the kernels run.
    ///
    /// # Errors
    /// [`KernelsError`]
    pub fn compile(source: &str, stream: &Arc<CudaStream>) -> Result<Self, KernelsError> {
        // SAFETY: loading libnvrtc runs its initializers, which its vendor makes for
        // being loaded by any process.
        if !unsafe { nvrtc::sys::is_culib_present() } {
            return Err(KernelsError::NoCompiler);
        }
        let code = nvrtc::compile_ptx(source).map_err(KernelsError::Compile)?;
        let module = stream.context().load_module(code)?;
        Ok(Self { stream: Arc::clone(stream), module })
    }

    pub(crate) fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    pub(crate) fn function(&self, name: &str) -> Result<CudaFunction, DriverError> {
        self.module.load_function(name)
    }

    /// The number of blocks that share `items`, of which a warp takes one after the other: as
    /// many as the device has room for at a time, and no more than have one.
    pub(crate) fn blocks(&self, items: usize) -> Result<usize, DriverError> {
        let context = self.stream.context();
        let multiprocessors = context.attribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?;
        let most = usize::try_from(multiprocessors).unwrap_or(1) * BLOCKS_PER_MULTIPROCESSOR;
        Ok(items.div_ceil(WARPS).clamp(1, most.max(1)))
    }
}

/// `blocks` blocks, each of as many threads as every kernel has.
pub(crate) fn launch(blocks: usize, shared_bytes: usize) -> LaunchConfig {
    LaunchConfig {
        grid_dim: (blocks as u32, 1, 1),
        block_dim: (WARPS as u32 * 32, 1, 1),
        shared_mem_bytes: shared_bytes as u32,
    }
}

#[cfg(test)]
mod tests {
    use cudarc::nvrtc::CompileOptions;

    use crate::similarity;

    /// From the oldest that CUDA 13 compiles for.
    const ARCHITECTURES: [&str; 3] = ["compute_75", "compute_80", "compute_90"];

    fn compiled(source: &str, architecture: &'static str) -> String {
        let options = CompileOptions { arch: Some(architecture), ..CompileOptions::default() };
        cudarc::nvrtc::compile_ptx_with_opts(source, options).unwrap().to_src()
    }

    #[test]
    #[ignore = "needs libnvrtc"]
    fn all_kernels_compile_for_all_architectures() {
        for architecture in ARCHITECTURES {
            let code = compiled(similarity::device::SOURCE, architecture);
            for name in ["top_k_f32", "top_k_f16", "top_k_int8"] {
                assert!(code.contains(&format!(".entry {name}(")), "{name} {architecture}");
            }
        }
    }
}
