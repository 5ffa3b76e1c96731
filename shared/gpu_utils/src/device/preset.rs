//! The tuning guide's thresholds by GPU class and workload (FEATURES F8, F9, F12,
//! F13).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Card, GpuClass};

/// What the work is like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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

/// When a GPU is used.
///
/// The guide's fractions of memory are not here: they contradict each other
/// (4 GB 0.85, 8 GB 0.80, 12 GB and more 0.75; RTX 3060 0.75, A100 0.70, T4 0.80;
/// data center 0.70 and 0.80), so one measured
/// [`UsableFraction`](crate::memory::UsableFraction) holds for all.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Preset {
    /// Smaller batches run on the CPU.
    pub min_batch_size: usize,
    /// How many times faster than the CPU the GPU must be.
    pub speedup_threshold: f64,
    /// Which part of the launches must succeed.
    pub success_rate_threshold: f64,
    /// How many runs are remembered, per operation, bucket and device.
    pub performance_window_size: usize,
}

impl Default for Preset {
    /// What the guide's code has built in: 64, 1.5, 0.95, 100.
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
    /// The class's row. For a data center's mixed work the guide gives the batch
    /// alone: the other values lie between its neighbours'. The scenarios take the
    /// window of the row that they resemble.
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

    /// For a device of this name: its class's row, and where the guide has a row
    /// for the card too, the more cautious value of both.
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

    /// With what the configuration says.
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Smaller batches run on the CPU. 1 or more.
    pub min_batch_size: Option<usize>,
    /// How many times faster than the CPU the GPU must be. 1.0 or more.
    pub speedup_threshold: Option<f64>,
    /// Which part of the launches must succeed, 0 to 1: 0.95 in production, 0.98
    /// where latency is promised, 0.90 in development.
    pub success_rate_threshold: Option<f64>,
    /// How many runs are remembered, per operation, bucket and device; 8 to 10,000.
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
    fn rows_are_the_guides() {
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
