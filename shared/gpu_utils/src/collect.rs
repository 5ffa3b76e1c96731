//! Counters of GPUs as observable metrics. A value that is not known is absent, never
//! zero.

mod gpu;
mod nvml;

use opentelemetry::metrics::Meter;

use crate::Config;

pub use gpu::{GpuSample, observe_gpus};
pub use nvml::NvmlCollector;

/// Shows the GPUs of the machine, once per process, unless `config` turns that off.
pub fn observe(meter: &Meter, config: &Config) {
    if !config.telemetry_enabled {
        return;
    }
    match NvmlCollector::open() {
        Ok(nvml) => observe_gpus(meter, move || nvml.sample()),
        Err(reason) => tracing::debug!(reason, "no GPU is shown"),
    }
}
