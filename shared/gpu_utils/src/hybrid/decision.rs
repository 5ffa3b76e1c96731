//! The device for a batch, and the reason for it.

use std::time::Duration;

/// The device that runs a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DispatchTarget {
    /// On the CPU.
    Cpu,
    /// On the GPU.
    Gpu,
}

impl DispatchTarget {
    /// Returns the name in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// The reasons for the choice of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DispatchReason {
    /// There is no GPU for this operation.
    NoGpu,
    /// The batch is smaller than `min_batch_size`.
    SmallBatch,
    /// There are too few recent runs to know the speed of this device.
    Learning,
    /// The measured speedup decides.
    Speedup,
    /// The GPU failed too often and is not used for a while.
    Unreliable,
    /// The GPU failed too often, and this run tests it again.
    Probe,
}

/// The chosen device and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchDecision {
    /// The target.
    pub target: DispatchTarget,
    /// Why.
    pub reason: DispatchReason,
}

/// The times after which observations are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DispatchTiming {
    /// The time for which a GPU that failed too often is not used. It doubles after each failed
    /// probe, up to 32 times its length.
    pub rest: Duration,
    /// The age of the last run on a device after which another run is tried there.
    pub refresh: Duration,
}

impl Default for DispatchTiming {
    fn default() -> Self {
        Self { rest: Duration::from_secs(10), refresh: Duration::from_secs(600) }
    }
}
