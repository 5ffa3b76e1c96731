//! The ledgers and one look at all of them.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};
use serde::Serialize;

/// The bytes that an allocator holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LedgerSample {
    /// In use by tensors.
    pub allocated: u64,
    /// Taken from the device, in use or kept for later.
    pub reserved: u64,
}

/// ONNX Runtime's arena of one or more sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Arena {
    /// `InUse` and `TotalAllocated` of `AllocatorGetStats`.
    pub memory: LedgerSample,
    /// `NumArenaExtensions`: how often it took more.
    pub extensions: u64,
}

/// A device's memory as CUDA tells it, everybody's use included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capacity {
    /// In bytes.
    pub total: u64,
    /// In bytes.
    pub free: u64,
}

impl Capacity {
    /// In bytes.
    pub fn used(&self) -> u64 {
        self.total.saturating_sub(self.free)
    }

    /// 0 to 1; none for a device without memory.
    pub fn used_fraction(&self) -> Option<f64> {
        (self.total > 0).then(|| self.used() as f64 / self.total as f64)
    }
}

/// One look at the ledgers. What cannot be read is none, not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// ONNX Runtime's.
    pub arena: Option<Arena>,
    /// CUDA's default pool.
    pub pool: Option<LedgerSample>,
    /// The device.
    pub device: Option<Capacity>,
}

impl Snapshot {
    /// In use by tensors, in bytes; none if no ledger was read.
    pub fn allocated(&self) -> Option<u64> {
        self.sum(|ledger| ledger.allocated)
    }

    /// Taken from the device by this process's allocators, in bytes; none if no
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

/// `courant_gpu_memory_bytes{ledger,kind}` of what a process has once per device: the
/// pool and the device. Each session has an arena of its own, whoever runs it shows it.
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

    /// Shows the ledgers that were read; the others stay as they were.
    pub fn record(&self, snapshot: &Snapshot) {
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
        assert_eq!(Snapshot::default().allocated(), None);
        let pool = Some(LedgerSample { allocated: 3, reserved: 8 });
        let snapshot = Snapshot { pool, ..Snapshot::default() };
        assert_eq!((snapshot.allocated(), snapshot.reserved()), (Some(3), Some(8)));

        let meters = courant_telemetry::Meters::new("test").unwrap();
        let metrics = Metrics::new(&meters.meter());
        metrics.record(&snapshot);
        let text = meters.render().unwrap();
        assert!(text.contains(r#"courant_gpu_memory_bytes{kind="reserved",ledger="pool"} 8"#));
        assert!(!text.contains(r#"ledger="device""#), "{text}");
    }
}
