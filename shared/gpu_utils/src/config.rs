//! The section `[gpu]`.

use serde::{Deserialize, Serialize};

use crate::device::{Overrides, Workload};
use crate::memory;

/// A value of the section does not make sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("[gpu] {key} {reason}")]
pub struct ConfigError {
    /// The key in `[gpu]`.
    pub key: &'static str,
    /// The condition that it must meet.
    pub reason: &'static str,
}

/// The section `[gpu]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Leaves every GPU alone.
    pub force_cpu: bool,
    /// Fails where the GPU cannot be used, instead of running on the CPU.
    pub require_gpu: bool,
    /// Tries TensorRT before CUDA. Its engines take minutes to build at the first
    /// start with a model.
    pub tensorrt: bool,
    /// CUDA's number of the device to use.
    pub device: usize,
    /// True where runs that lack memory may end on the CPU.
    pub cpu_fallback: bool,
    /// Decides the thresholds: `throughput`, `latency`, `mixed`, `real_time`,
    /// `etl`, `multi_tenant`.
    pub workload: Workload,
    /// True where GPU operations are measured and shown as metrics.
    pub telemetry_enabled: bool,
    /// Memory.
    pub memory: memory::Config,
    /// Thresholds other than the workload's.
    pub hybrid: Overrides,
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
            hybrid: Overrides::default(),
        }
    }
}

impl Config {
    /// Checks that the values make sense together.
    ///
    /// # Errors
    /// [`ConfigError`] names the first key that does not.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let hybrid = &self.hybrid;
        let at_least_one = |value: f64| value.is_finite() && value >= 1.0;
        let checks = [
            (!(self.force_cpu && self.require_gpu), "require_gpu", "contradicts force_cpu"),
            (self.memory.agent_cap_bytes > 0, "memory.agent_cap_bytes", "must be over 0"),
            (
                hybrid.min_batch_size.is_none_or(|size| size > 0),
                "hybrid.min_batch_size",
                "must be over 0",
            ),
            (
                hybrid.speedup_threshold.is_none_or(at_least_one),
                "hybrid.speedup_threshold",
                "must be 1.0 or more",
            ),
            (
                hybrid.success_rate_threshold.is_none_or(|rate| (0.0..=1.0).contains(&rate)),
                "hybrid.success_rate_threshold",
                "must be 0 to 1",
            ),
            (
                hybrid.performance_window_size.is_none_or(|n| (8..=10_000).contains(&n)),
                "hybrid.performance_window_size",
                "must be 8 to 10000",
            ),
        ];
        match checks.into_iter().find(|(holds, ..)| !holds) {
            None => Ok(()),
            Some((_, key, reason)) => Err(ConfigError { key, reason }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wrong_key_is_named() {
        assert_eq!(Config::default().validate(), Ok(()));
        let mut config = Config { force_cpu: true, require_gpu: true, ..Config::default() };
        assert_eq!(config.validate().unwrap_err().key, "require_gpu");
        config.force_cpu = false;
        config.memory.agent_cap_bytes = 0;
        assert_eq!(config.validate().unwrap_err().key, "memory.agent_cap_bytes");
        config.memory = memory::Config::default();
        config.hybrid.speedup_threshold = Some(0.5);
        let error = config.validate().unwrap_err();
        assert_eq!(error.to_string(), "[gpu] hybrid.speedup_threshold must be 1.0 or more");
    }
}
