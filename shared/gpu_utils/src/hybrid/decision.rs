//! The device for a batch, and the reason for it.

use std::time::Duration;

/// The device that runs a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// On the CPU.
    Cpu,
    /// On the GPU.
    Gpu,
}

impl Target {
    /// As in labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }
}

/// Why a batch runs where it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// There is no GPU for this operation.
    NoGpu,
    /// The batch is smaller than `min_batch_size`.
    SmallBatch,
    /// Too few runs, or none of late, to know how fast this device is.
    Learning,
    /// The measured speedup decides.
    Speedup,
    /// The GPU failed too often and rests.
    Unreliable,
    /// The GPU failed too often; this run shows whether it works again.
    Probe,
}

/// A target and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The target.
    pub target: Target,
    /// Why.
    pub reason: Reason,
}

/// The times for which observations hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// The rest of a GPU that failed too often; twice as long after each probe
    /// that fails, up to 32 times.
    pub rest: Duration,
    /// The age of the last run on a device after which one more is tried there.
    pub refresh: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { rest: Duration::from_secs(10), refresh: Duration::from_secs(600) }
    }
}
