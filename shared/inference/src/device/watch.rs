//! The changes of a session's memory from window to window of batches.

use courant_gpu_utils::memory::{DeviceBudget, LeakMonitor, MemorySnapshot, MemoryWindow};
use courant_gpu_utils::operation::RunFailure;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Gauge, Meter};

/// Batches of a session between two looks for memory that does not come back.
const WINDOW: u64 = 10;

/// The memory in the arenas of sessions, on whatever device, by `model`, `session` and
/// `device`.
#[derive(Clone)]
pub(crate) struct ArenaMetrics {
    memory: Gauge<u64>,
    leak: Gauge<i64>,
    leaking: Gauge<u64>,
}

impl ArenaMetrics {
    /// Instruments of `meter`.
    pub(crate) fn new(meter: &Meter) -> Self {
        let memory = meter.u64_gauge("courant_session_memory").with_unit("By");
        let leak = meter.i64_gauge("courant_session_leak").with_unit("By");
        let leaking = meter.u64_gauge("courant_session_leaking");
        Self {
            memory: memory.with_description("Memory of a session's arena by kind").build(),
            leak: leak
                .with_description("Memory that a session's last window did not give back")
                .build(),
            leaking: leaking
                .with_description("Whether a session's last three windows all lost memory (1)")
                .build(),
        }
    }
}

/// The metrics that show one session's arena.
pub(crate) struct Shown {
    arenas: ArenaMetrics,
    labels: [KeyValue; 3],
}

impl Shown {
    pub(crate) fn new(
        arenas: ArenaMetrics,
        model: &str,
        session: usize,
        device: &'static str,
    ) -> Self {
        let session = i64::try_from(session).unwrap_or(i64::MAX);
        let labels = [
            KeyValue::new("model", model.to_owned()),
            KeyValue::new("session", session),
            KeyValue::new("device", device),
        ];
        Self { arenas, labels }
    }

    fn memory(&self, allocated: u64, reserved: u64) {
        for (kind, bytes) in [("allocated", allocated), ("reserved", reserved)] {
            let kind = std::iter::once(KeyValue::new("kind", kind));
            let labels: Vec<_> = kind.chain(self.labels.iter().cloned()).collect();
            self.arenas.memory.record(bytes, &labels);
        }
    }

    fn leak(&self, bytes: i64, is_alarmed: bool) {
        self.arenas.leak.record(bytes, &self.labels);
        self.arenas.leaking.record(u64::from(is_alarmed), &self.labels);
    }
}

/// One session's memory. What is shown of a session that has gone is 0.
pub(crate) struct Watch {
    shown: Option<Shown>,
    budget: Option<DeviceBudget>,
    leaks: LeakMonitor,
    batches: u64,
    lacked_memory: bool,
}

impl Watch {
    /// Watches a session that has run no batch yet and holds what `now` says, taken from
    /// `budget`, which follows what is seen. Logs call it `name`.
    pub(crate) fn new(
        name: String,
        shown: Option<Shown>,
        budget: Option<DeviceBudget>,
        now: &MemorySnapshot,
    ) -> Self {
        let leaks = LeakMonitor::new(name);
        let watch = Self { shown, budget, leaks, batches: 0, lacked_memory: false };
        watch.show(now);
        watch
    }

    /// A run of the batch failed.
    pub(crate) fn ran_into(&mut self, error: &impl RunFailure) {
        self.lacked_memory |= error.is_out_of_memory();
    }

    /// A batch is done, and its outputs are dropped. Looks once per window: the first
    /// batch takes what is kept for the others.
    pub(crate) fn batch(&mut self, look: impl FnOnce() -> MemorySnapshot) {
        if self.batches.is_multiple_of(WINDOW) {
            self.close_window(look());
        }
        self.batches += 1;
    }

    fn close_window(&mut self, now: MemorySnapshot) {
        self.show(&now);
        let lacked_memory = std::mem::take(&mut self.lacked_memory);
        // The arena keeps what it took: the use at the end is the window's peak.
        let peak = now.device.and_then(|device| device.used_fraction());
        if let Some((budget, peak)) = self.budget.as_ref().zip(peak) {
            budget.observe(peak, lacked_memory);
        }
        // CUDA's pool is not the session's alone.
        let window = self.leaks.observe(MemorySnapshot { pool: None, ..now });
        if let Some((shown, MemoryWindow { leak, .. })) = self.shown.as_ref().zip(window) {
            shown.leak(leak, self.leaks.is_alarmed());
        }
    }

    fn show(&self, now: &MemorySnapshot) {
        if let Some((shown, arena)) = self.shown.as_ref().zip(now.arena) {
            shown.memory(arena.memory.allocated, arena.memory.reserved);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(shown) = &self.shown {
            shown.memory(0, 0);
            shown.leak(0, false);
        }
    }
}

#[cfg(test)]
mod tests;
