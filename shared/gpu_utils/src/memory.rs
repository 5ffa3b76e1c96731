//! The memory of a device: its use, its budgets, and its leaks.
//!
//! Only three ledgers together explain the memory of a device. ONNX Runtime's arena takes
//! memory from CUDA directly. CUDA's default pool does not see that. The device counts both,
//! and the memory of all other processes.

mod budget;
mod device;
mod fraction;
mod leak;
mod ledger;
mod pool;
mod staging;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use budget::{Budget, BudgetExceeded, Reservation};
pub use device::{DeviceBudget, DeviceRoom};
pub use fraction::{OutOfRange, UsableFraction};
pub use leak::{LeakMonitor, MemoryWindow};
pub use ledger::{ArenaSample, DeviceCapacity, LedgerSample, MemorySnapshot, Metrics};
pub use pool::{BufferPool, PoolError, PooledBuffer};
pub use staging::{Number, Staged, Staging, StagingError};

/// The section `[gpu.memory]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The share of a device's memory that may be used at first, 0.25 to 0.90. It follows the
    /// use, and applies to what is loaded afterwards: peaks under 60 % raise it by 0.05; peaks
    /// over 90 % and a lack of memory lower it by 0.10.
    #[schemars(with = "f64")]
    pub usable_fraction: UsableFraction,
    /// The most bytes that one agent may take for all its models, or for its vectors.
    pub agent_cap_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { usable_fraction: UsableFraction::default(), agent_cap_bytes: 6_000_000_000 }
    }
}
