//! What GPUs and the host tell of themselves, as observable metrics. What is not
//! there is absent, never zero.

mod gpu;
mod host;
mod nvml;

pub use gpu::{GpuSample, observe_gpus};
pub use host::observe_host;
pub use nvml::NvmlCollector;
