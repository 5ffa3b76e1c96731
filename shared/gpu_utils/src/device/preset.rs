//! The thresholds for the use of a GPU, by its class and the workload.
//!
//! The values are ours, and only the start of the dispatch, which measures the faster device
//! itself ([`hybrid`](crate::hybrid)). `courant bench vectors --calibrate` finds the values for
//! a machine.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Card, GpuClass};

/// The kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// More than 100 queries a second in batches of more than 256, with a P99 of up to 100 ms.
    Throughput,
    /// Less than 10 queries a second in batches of less than 64, with a P99 under 10 ms.
    Latency,
    /// Both, or neither.
    #[default]
    Mixed,
    /// Up to 1,000 queries a second in batches of 10 to 100, P99 under 20 ms.
    RealTime,
    /// Batches of thousands, whatever the latency.
    Etl,
    /// Several tenants on one device.
    MultiTenant,
}

impl Workload {
    /// Returns the name in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Throughput => "throughput",
            Self::Latency => "latency",
            Self::Mixed => "mixed",
            Self::RealTime => "real_time",
            Self::Etl => "etl",
            Self::MultiTenant => "multi_tenant",
        }
    }
}

/// The conditions under which a GPU is used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Preset {
    /// Smaller batches run on the CPU.
    pub min_batch_size: usize,
    /// The factor by which the GPU must at least be faster than the CPU.
    pub speedup_threshold: f64,
    /// The share of launches that must succeed.
    pub success_rate_threshold: f64,
    /// The number of runs that are remembered, per operation, bucket and device.
    pub performance_window_size: usize,
}

impl Default for Preset {
    /// The row for mixed work on a device that is not known, with a shorter window.
    fn default() -> Self {
        preset(64, 1.5, 0.95, 100)
    }
}

const fn preset(batch: usize, speedup: f64, success: f64, window: usize) -> Preset {
    Preset {
        min_batch_size: batch,
        speedup_threshold: speedup,
        success_rate_threshold: success,
        performance_window_size: window,
    }
}

impl Preset {
    /// Returns the preset of a class and a workload.
    pub const fn of(class: GpuClass, workload: Workload) -> Self {
        use GpuClass::{Consumer, Datacenter};
        match (workload, class) {
            (Workload::Throughput, Consumer) => preset(64, 1.3, 0.95, 200),
            (Workload::Latency, Consumer) => preset(128, 2.0, 0.98, 100),
            (Workload::Mixed, Consumer) => preset(96, 1.5, 0.95, 150),
            (Workload::Throughput, Datacenter) => preset(32, 1.2, 0.95, 500),
            (Workload::Latency, Datacenter) => preset(64, 1.5, 0.98, 200),
            (Workload::Mixed, Datacenter) => preset(48, 1.3, 0.95, 350),
            (Workload::RealTime, Consumer) => preset(96, 2.0, 0.98, 100),
            (Workload::RealTime, Datacenter) => preset(96, 2.0, 0.98, 200),
            (Workload::Etl, Consumer) => preset(64, 1.2, 0.95, 200),
            (Workload::Etl, Datacenter) => preset(64, 1.2, 0.95, 500),
            (Workload::MultiTenant, Consumer) => preset(64, 1.5, 0.95, 150),
            (Workload::MultiTenant, Datacenter) => preset(64, 1.5, 0.95, 350),
        }
    }

    /// Returns the preset for a device of this name: that of its class, with the more cautious
    /// values if the card has its own.
    pub fn for_gpu(name: &str, workload: Workload) -> Self {
        let preset = Self::of(GpuClass::of(name), workload);
        let (batch, speedup) = match Card::of(name) {
            Some(Card::Rtx3060) => (64, 1.4),
            Some(Card::A100Pcie | Card::A100Sxm) => (32, 1.2),
            Some(Card::T4) => (80, 1.5),
            Some(Card::Rtx4070) | None => return preset,
        };
        Self {
            min_batch_size: preset.min_batch_size.max(batch),
            speedup_threshold: preset.speedup_threshold.max(speedup),
            ..preset
        }
    }

    /// Returns this preset with the values of the configuration.
    #[must_use]
    pub fn with(self, overrides: &PresetOverrides) -> Self {
        Self {
            min_batch_size: overrides.min_batch_size.unwrap_or(self.min_batch_size),
            speedup_threshold: overrides.speedup_threshold.unwrap_or(self.speedup_threshold),
            success_rate_threshold: overrides
                .success_rate_threshold
                .unwrap_or(self.success_rate_threshold),
            performance_window_size: overrides
                .performance_window_size
                .unwrap_or(self.performance_window_size),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { min_batch_size, speedup_threshold, .. } = self;
        let (success, window) = (self.success_rate_threshold, self.performance_window_size);
        write!(f, "batches from {min_batch_size}, speedup {speedup_threshold}, ")?;
        write!(f, "success {success}, window {window}")
    }
}

/// The section `[gpu.hybrid]`: values that replace those of the preset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PresetOverrides {
    /// The smallest batch that may run on the GPU, 1 or more.
    pub min_batch_size: Option<usize>,
    /// The factor by which the GPU must at least be faster than the CPU, 1.0 or more.
    pub speedup_threshold: Option<f64>,
    /// The share of launches that must succeed, 0 to 1: for example 0.95 in production, 0.98
    /// with guaranteed latency, 0.90 in development.
    pub success_rate_threshold: Option<f64>,
    /// The number of runs that are remembered, per operation, bucket and device; 8 to 10,000.
    pub performance_window_size: Option<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thresholds(preset: Preset) -> (usize, f64, f64, usize) {
        let Preset { min_batch_size, speedup_threshold, .. } = preset;
        let (success, window) = (preset.success_rate_threshold, preset.performance_window_size);
        (min_batch_size, speedup_threshold, success, window)
    }

    #[test]
    fn each_workload_has_its_row() {
        use GpuClass::{Consumer, Datacenter};
        let of = |class, workload| thresholds(Preset::of(class, workload));
        assert_eq!(thresholds(Preset::default()), (64, 1.5, 0.95, 100));
        assert_eq!(of(Consumer, Workload::Throughput), (64, 1.3, 0.95, 200));
        assert_eq!(of(Consumer, Workload::Latency), (128, 2.0, 0.98, 100));
        assert_eq!(of(Consumer, Workload::Mixed), (96, 1.5, 0.95, 150));
        assert_eq!(of(Datacenter, Workload::Throughput), (32, 1.2, 0.95, 500));
        assert_eq!(of(Datacenter, Workload::Latency), (64, 1.5, 0.98, 200));
        assert_eq!(of(Datacenter, Workload::Mixed).0, 48);
        assert_eq!(of(Datacenter, Workload::Etl), (64, 1.2, 0.95, 500));
        assert_eq!(of(Consumer, Workload::RealTime), (96, 2.0, 0.98, 100));
    }

    #[test]
    fn a_cards_own_row_makes_its_class_more_cautious_only() {
        let of = |name, workload| {
            let preset = Preset::for_gpu(name, workload);
            (preset.min_batch_size, preset.speedup_threshold)
        };
        assert_eq!(of("NVIDIA GeForce RTX 3060", Workload::Throughput), (64, 1.4));
        assert_eq!(of("NVIDIA GeForce RTX 3060", Workload::Latency), (128, 2.0));
        assert_eq!(of("NVIDIA A100-SXM4-40GB", Workload::Throughput), (32, 1.2));
        assert_eq!(of("Tesla T4", Workload::Mixed), (80, 1.5));
        assert_eq!(of("NVIDIA H200", Workload::Mixed), (48, 1.3));
    }

    #[test]
    fn the_configuration_replaces_single_values() {
        let overrides = PresetOverrides { min_batch_size: Some(7), ..PresetOverrides::default() };
        let preset = Preset::default().with(&overrides);
        assert_eq!(thresholds(preset), (7, 1.5, 0.95, 100));
    }
}
