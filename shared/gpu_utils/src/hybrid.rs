//! The choice of CPU or GPU for each batch, by the recent times of both.
//!
//! Statistics are kept per operation, batch-size bucket and device, over a window of runs.
//! Lifetime averages over different batch sizes would hide regressions.

mod calibrate;
mod cell;
mod decision;
mod dispatch;
mod metrics;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::device::Preset;
use cell::Cell;

pub use calibrate::{Calibration, CalibrationPoint, SWEEP, calibrate};
pub use decision::{DispatchDecision, DispatchReason, DispatchTarget, DispatchTiming};
pub(crate) use dispatch::{Dispatch, Operation};
pub use metrics::Metrics;

/// The result of a batch, and the device that really ran it.
#[derive(Debug)]
pub struct DispatchResult<T, E> {
    /// The result.
    pub value: T,
    /// The device that computed it.
    pub target: DispatchTarget,
    /// The reason for the device that was tried first.
    pub reason: DispatchReason,
    /// The failure of the GPU, if the CPU had to repeat the run.
    pub fallback: Option<E>,
}

type Key = (&'static str, u32);

/// Chooses the device of each batch and learns from the runs. Threads share it.
pub struct HybridExecutor {
    preset: Preset,
    timing: DispatchTiming,
    metrics: Option<Metrics>,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    cells: Mutex<HashMap<Key, Cell>>,
}

impl HybridExecutor {
    /// Makes an executor with a monotonic clock.
    pub fn new(preset: Preset, metrics: Option<Metrics>) -> Self {
        let start = Instant::now();
        let clock = move || start.elapsed();
        Self::with_clock(preset, DispatchTiming::default(), metrics, clock)
    }

    /// Makes an executor with the given clock, which returns the time since any fixed moment.
    pub fn with_clock(
        preset: Preset,
        timing: DispatchTiming,
        metrics: Option<Metrics>,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let cells = Mutex::default();
        Self { preset, timing, metrics, clock: Box::new(clock), cells }
    }

    /// Runs a batch of `items` on the faster device. If the GPU fails, the CPU repeats the
    /// batch. The failure is in the result and counts in `courant_gpu_fallback_total`.
    ///
    /// # Errors
    /// The CPU's.
    pub fn execute<T, E>(
        &self,
        operation: &'static str,
        items: usize,
        cpu: impl FnOnce() -> Result<T, E>,
        gpu: Option<impl FnOnce() -> Result<T, E>>,
    ) -> Result<DispatchResult<T, E>, E> {
        let DispatchDecision { target, reason } = self.decide(operation, items, gpu.is_some());
        let mut fallback = None;
        if let (DispatchTarget::Gpu, Some(gpu)) = (target, gpu) {
            match self.timed(operation, items, DispatchTarget::Gpu, gpu) {
                Ok(value) => return Ok(DispatchResult { value, target, reason, fallback }),
                Err(error) => fallback = Some(error),
            }
        }
        let value = self.timed(operation, items, DispatchTarget::Cpu, cpu)?;
        Ok(DispatchResult { value, target: DispatchTarget::Cpu, reason, fallback })
    }

    fn timed<T, E>(
        &self,
        operation: &'static str,
        items: usize,
        target: DispatchTarget,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let start = (self.clock)();
        let result = run();
        let took = (self.clock)().saturating_sub(start);
        self.record(operation, items, target, result.is_ok().then_some(took));
        result
    }

    /// Decides which device should run a batch now. A decision to probe or to learn counts as a
    /// try, so the caller must run the batch and [`record`](Self::record) the outcome.
    pub fn decide(&self, operation: &'static str, items: usize, has_gpu: bool) -> DispatchDecision {
        let cpu = |reason| DispatchDecision { target: DispatchTarget::Cpu, reason };
        if !has_gpu {
            return cpu(DispatchReason::NoGpu);
        }
        if items < self.preset.min_batch_size {
            return cpu(DispatchReason::SmallBatch);
        }
        let now = (self.clock)();
        self.cells().entry(key(operation, items)).or_default().decide(
            &self.preset,
            self.timing,
            now,
        )
    }

    /// Records a run: its time, or `None` if it failed.
    pub fn record(
        &self,
        operation: &'static str,
        items: usize,
        target: DispatchTarget,
        took: Option<Duration>,
    ) {
        let now = (self.clock)();
        let (success, speedup) = {
            let mut cells = self.cells();
            let cell = cells.entry(key(operation, items)).or_default();
            cell.record(&self.preset, self.timing, target, items, took, now);
            (cell.success_rate(), cell.speedup())
        };
        if let Some(metrics) = &self.metrics {
            metrics.run(operation, items, target, took);
            metrics.state(operation, bucket(items), success, speedup);
        }
    }

    /// Returns the factor by which the GPU was recently faster than the CPU for batches of this
    /// size. `None` while one of them is unknown.
    pub fn speedup(&self, operation: &'static str, items: usize) -> Option<f64> {
        self.cells().get(&key(operation, items))?.speedup()
    }

    /// No code panics while it holds the lock.
    fn cells(&self) -> MutexGuard<'_, HashMap<Key, Cell>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(operation: &'static str, items: usize) -> Key {
    (operation, bucket(items))
}

/// Batches of one bucket differ by less than a factor of two.
fn bucket(items: usize) -> u32 {
    items.max(1).ilog2()
}

#[cfg(test)]
mod tests;
