//! The memory ledgers of a device, and samples of them.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};
use serde::Serialize;

/// The bytes that an allocator holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerSample {
    /// The bytes in use by tensors.
    pub allocated: u64,
    /// The bytes taken from the device, in use or kept for later.
    pub reserved: u64,
}

/// ONNX Runtime's arena of one or more sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArenaSample {
    /// `InUse` and `TotalAllocated` of `AllocatorGetStats`.
    pub memory: LedgerSample,
    /// `NumArenaExtensions`: the number of times that the arena took more memory.
    pub extensions: u64,
}

/// The memory of a device as CUDA reports it, including all processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceCapacity {
    /// In bytes.
    pub total: u64,
    /// In bytes.
    pub free: u64,
}

impl DeviceCapacity {
    /// In bytes.
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// Returns the used share, 0 to 1. `None` for a device without memory.
    pub fn used_fraction(&self) -> Option<f64> {
        (self.total > 0).then(|| self.used() as f64 / self.total as f64)
    }
}

/// One sample of all ledgers. A ledger that cannot be read is `None`, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemorySnapshot {
    /// ONNX Runtime's.
    pub arena: Option<ArenaSample>,
    /// CUDA's default pool.
    pub pool: Option<LedgerSample>,
    /// The device.
    pub device: Option<DeviceCapacity>,
}

impl MemorySnapshot {
    /// Returns the bytes in use by tensors. `None` if no ledger was read.
    pub fn allocated(&self) -> Option<u64> {
        self.sum(|ledger| ledger.allocated)
    }

    /// Returns the bytes that the allocators of this process took from the device. `None` if no
    /// ledger was read.
    pub fn reserved(&self) -> Option<u64> {
        self.sum(|ledger| ledger.reserved)
    }

    fn sum(&self, of: impl Fn(&LedgerSample) -> u64) -> Option<u64> {
        let arena = self.arena.map(|arena| arena.memory);
        let ledgers = [arena, self.pool];
        let known = ledgers.iter().flatten();
        (arena.is_some() || self.pool.is_some()).then(|| known.map(of).sum())
    }
}

/// `courant_gpu_memory_bytes{ledger,kind}` for the ledgers that a process has once per device:
/// the pool and the device. Each session has its own arena, which its owner exports.
#[derive(Clone, Debug)]
pub struct Metrics {
    bytes: Gauge<u64>,
}

impl Metrics {
    /// Instruments of `meter`.
    pub fn new(meter: &Meter) -> Self {
        let bytes = meter
            .u64_gauge("courant_gpu_memory")
            .with_unit("By")
            .with_description("Device memory by ledger (pool, device) and kind")
            .build();
        Self { bytes }
    }

    /// Records the ledgers that were read. The others keep their values.
    pub fn record(&self, snapshot: &MemorySnapshot) {
        let labels = |ledger, kind| [KeyValue::new("ledger", ledger), KeyValue::new("kind", kind)];
        if let Some(pool) = snapshot.pool {
            self.bytes.record(pool.allocated, &labels("pool", "allocated"));
            self.bytes.record(pool.reserved, &labels("pool", "reserved"));
        }
        if let Some(device) = snapshot.device {
            self.bytes.record(device.used(), &labels("device", "reserved"));
            self.bytes.record(device.total, &labels("device", "total"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ledgers_that_were_not_read_are_absent_not_zero() {
        assert_eq!(MemorySnapshot::default().allocated(), None);
        let pool = Some(LedgerSample { allocated: 3, reserved: 8 });
        let snapshot = MemorySnapshot { pool, ..MemorySnapshot::default() };
        assert_eq!((snapshot.allocated(), snapshot.reserved()), (Some(3), Some(8)));

        let meters = courant_telemetry::Meters::new("test").unwrap();
        let metrics = Metrics::new(&meters.meter());
        metrics.record(&snapshot);
        let text = meters.render().unwrap();
        assert!(text.contains(r#"courant_gpu_memory_bytes{kind="reserved",ledger="pool"} 8"#));
        assert!(!text.contains(r#"ledger="device""#), "{text}");
    }
}
