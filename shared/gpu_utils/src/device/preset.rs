//! The thresholds from which a GPU is used, by its class and the workload.
//!
//! They are ours, and only where dispatch starts: which device is faster is measured
//! ([`hybrid`](crate::hybrid)), and `courant bench vectors --calibrate` finds the values of
//! one machine.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Card, GpuClass};

/// The kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Over 100 queries a second, batches over 256, P99 under 100 ms will do.
    Throughput,
    /// Under 10 queries a second, batches under 64, P99 under 10 ms.
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
    /// As in the configuration.
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
    /// The least factor by which the GPU must be faster than the CPU.
    pub speedup_threshold: f64,
    /// The part of the launches that must succeed.
    pub success_rate_threshold: f64,
    /// The runs that are remembered, per operation, bucket and device.
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
    /// The row of the class and the workload.
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

    /// For a device of this name: its class's row, and where the card has values of its
    /// own, the more cautious ones of both.
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

    /// With the values that the configuration replaces.
    #[must_use]
    pub fn with(self, overrides: &Overrides) -> Self {
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
pub struct Overrides {
    /// Smaller batches run on the CPU. 1 or more.
    pub min_batch_size: Option<usize>,
    /// The speed of the GPU, as a multiple of that of the CPU, that a run needs. 1.0 or more.
    pub speedup_threshold: Option<f64>,
    /// The part of the launches that must succeed, 0 to 1: 0.95 in production, 0.98
    /// where latency is promised, 0.90 in development.
    pub success_rate_threshold: Option<f64>,
    /// The runs that are remembered, per operation, bucket and device; 8 to 10,000.
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
        let overrides = Overrides { min_batch_size: Some(7), ..Overrides::default() };
        let preset = Preset::default().with(&overrides);
        assert_eq!(thresholds(preset), (7, 1.5, 0.95, 100));
    }
}
