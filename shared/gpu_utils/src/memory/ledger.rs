//! The ledgers and one look at all of them.

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};
use serde::Serialize;

use super::Window;

/// What an allocator holds, in bytes.
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

/// `courant_gpu_memory_bytes{ledger,kind}` and `courant_gpu_leak_bytes`.
#[derive(Clone, Debug)]
pub struct Metrics {
    bytes: Gauge<u64>,
    leak: Gauge<i64>,
}

impl Metrics {
    /// Instruments of `meter`.
    pub fn new(meter: &Meter) -> Self {
        let bytes = meter
            .u64_gauge("courant_gpu_memory")
            .with_unit("By")
            .with_description("Device memory by ledger (arena, pool, device) and kind")
            .build();
        let leak = meter
            .i64_gauge("courant_gpu_leak")
            .with_unit("By")
            .with_description("Device memory that the last window of runs did not give back")
            .build();
        Self { bytes, leak }
    }

    /// Shows what a window of the [`LeakMonitor`](super::LeakMonitor) lost.
    pub fn record_window(&self, window: &Window) {
        self.leak.record(window.leak, &[]);
    }

    /// Shows the ledgers that were read; the others stay as they were.
    pub fn record(&self, snapshot: &Snapshot) {
        let labels = |ledger, kind| [KeyValue::new("ledger", ledger), KeyValue::new("kind", kind)];
        let own = [("arena", snapshot.arena.map(|arena| arena.memory)), ("pool", snapshot.pool)];
        for (ledger, sample) in own {
            if let Some(sample) = sample {
                self.bytes.record(sample.allocated, &labels(ledger, "allocated"));
                self.bytes.record(sample.reserved, &labels(ledger, "reserved"));
            }
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
        metrics.record_window(&Window { leak: 7, growth: 7, extended: false, unattributed: None });
        let text = meters.render().unwrap();
        assert!(text.contains(r#"courant_gpu_memory_bytes{kind="reserved",ledger="pool"} 8"#));
        assert!(text.contains("courant_gpu_leak_bytes 7"), "{text}");
        assert!(!text.contains(r#"ledger="arena""#), "{text}");
    }
}
