//! The section `[gpu]`.

use courant_config::{RangeError, Ranged, Ranges, range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::device::{PresetOverrides, Workload};
use crate::memory;

/// The section `[gpu]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Uses no GPU.
    pub force_cpu: bool,
    /// Fails if the GPU cannot be used, instead of running on the CPU.
    pub require_gpu: bool,
    /// Tries TensorRT before CUDA. Its engines take minutes to build at the first
    /// start with a model.
    pub tensorrt: bool,
    /// The CUDA ordinal of the device to use.
    pub device: usize,
    /// Repeats runs that lack GPU memory on the CPU.
    pub cpu_fallback: bool,
    /// The workload, which decides the thresholds: `throughput`, `latency`, `mixed`,
    /// `real_time`, `etl`, `multi_tenant`.
    pub workload: Workload,
    /// Measures GPU operations and exports them as metrics.
    pub telemetry_enabled: bool,
    /// Memory.
    pub memory: memory::Config,
    /// Thresholds that replace those of the workload.
    pub hybrid: PresetOverrides,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            force_cpu: false,
            require_gpu: false,
            tensorrt: true,
            device: 0,
            cpu_fallback: true,
            workload: Workload::default(),
            telemetry_enabled: true,
            memory: memory::Config::default(),
            hybrid: PresetOverrides::default(),
        }
    }
}

impl Config {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`RangeError`] names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("gpu", self)
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        let contradicts = self.force_cpu && self.require_gpu;
        let range = "true, false; not true with force_cpu";
        ranges.rule("require_gpu", self.require_gpu, range, !contradicts);
        ranges.table("memory", &self.memory);
        ranges.table("hybrid", &self.hybrid);
    }
}

impl Ranged for memory::Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("usable_fraction", self.usable_fraction.get(), 0.25..=0.9);
        ranges.at_least("agent_cap_bytes", self.agent_cap_bytes, 1);
    }
}

impl Ranged for PresetOverrides {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.at_least_if_set("min_batch_size", self.min_batch_size, 1);
        let speedup = self.speedup_threshold.unwrap_or(1.0);
        let is_finite = speedup.is_finite() && speedup >= 1.0;
        ranges.rule("speedup_threshold", speedup, "1 or more", is_finite);
        ranges.within_if_set("success_rate_threshold", self.success_rate_threshold, 0.0..=1.0);
        let window = self.performance_window_size;
        ranges.within_if_set("performance_window_size", window, 8..=10_000);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_key_is_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let mut config = Config { force_cpu: true, require_gpu: true, ..Config::default() };
        assert_eq!(config.validate().unwrap_err().key, "gpu.require_gpu");
        config.force_cpu = false;
        config.memory.agent_cap_bytes = 0;
        assert_eq!(config.validate().unwrap_err().key, "gpu.memory.agent_cap_bytes");
        config.memory = memory::Config::default();
        config.hybrid.speedup_threshold = Some(0.5);
        let error = config.validate().unwrap_err();
        assert_eq!(error.to_string(), "gpu.hybrid.speedup_threshold is 0.5, but may be 1 or more");
    }
}
