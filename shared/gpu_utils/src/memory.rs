//! Memory of a device: what is taken, what may be taken, and what is not given
//! back.
//!
//! Three ledgers explain a device's memory only together: ONNX Runtime's arena
//! takes from CUDA by itself, CUDA's default pool does not see that, and the device
//! counts both with everybody else's.

mod budget;
mod device;
mod fraction;
mod leak;
mod ledger;
mod pool;
mod staging;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use budget::{Budget, Refused, Reservation};
pub use device::{DeviceBudget, Room};
pub use fraction::{OutOfRange, UsableFraction};
pub use leak::{LeakMonitor, Window};
pub use ledger::{Arena, Capacity, LedgerSample, Metrics, Snapshot};
pub use pool::{Block, Pool, PoolError};
pub use staging::{Number, Staged, Staging, StagingError};

/// The section `[gpu.memory]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The part of a device's memory that may be taken, 0.25 to 0.90, at first. It
    /// follows the use, for what is loaded from then on: peaks under 60 % raise it by
    /// 0.05, peaks over 90 % and lack of memory lower it by 0.10.
    #[schemars(with = "f64")]
    pub usable_fraction: UsableFraction,
    /// The most that one agent takes, in bytes: all its models, or its vectors.
    pub agent_cap_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { usable_fraction: UsableFraction::default(), agent_cap_bytes: 6_000_000_000 }
    }
}
