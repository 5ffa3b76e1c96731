//! Counters of GPUs as observable metrics. An unknown value is absent, never zero.

mod gpu;
mod nvml;

use opentelemetry::metrics::Meter;

use crate::Config;

pub use gpu::{GpuSample, observe_gpus};
pub use nvml::NvmlCollector;

/// Exports the metrics of the machine's GPUs, once per process, unless `config` disables them.
pub fn observe(meter: &Meter, config: &Config) {
    if !config.telemetry_enabled {
        return;
    }
    match NvmlCollector::open() {
        Ok(nvml) => observe_gpus(meter, move || nvml.sample()),
        Err(reason) => tracing::debug!(reason, "no GPU is shown"),
    }
}
