//! What GPUs and the host tell of themselves, as observable metrics. What is not
//! there is absent, never zero.

mod disk;
mod gpu;
mod host;
mod nvml;

use std::path::Path;

use opentelemetry::metrics::Meter;

use crate::Config;

pub use gpu::{GpuSample, observe_gpus};
pub use host::{Host, observe_host};
pub use nvml::NvmlCollector;

/// Shows the host and its GPUs, once per process, which keeps its files in
/// `folder`. GPUs are left out where `config` says so.
pub fn observe_machine(meter: &Meter, config: &Config, folder: &Path) {
    observe_host(meter, &Host::of_process(folder));
    if !config.telemetry_enabled {
        return;
    }
    match NvmlCollector::open() {
        Ok(nvml) => observe_gpus(meter, move || nvml.sample()),
        Err(reason) => tracing::debug!(reason, "no GPU is shown"),
    }
}
