//! CPU or GPU for each batch, decided by what either took lately.
//!
//! Statistics are kept per operation and batch-size bucket, in a window, and for
//! each device apart: lifetime averages of unlike batches hide regressions, and a
//! run of the GPU says nothing of the CPU.

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

pub use calibrate::{Calibration, Point, SWEEP, calibrate};
pub use decision::{Decision, Reason, Target, Timing};
pub(crate) use dispatch::{Dispatch, Operation};
pub use metrics::Metrics;

/// The result of a batch, and the device that really ran it.
#[derive(Debug)]
pub struct Executed<T, E> {
    /// The result.
    pub value: T,
    /// The device that computed it.
    pub target: Target,
    /// Why it was tried where it was.
    pub reason: Reason,
    /// The GPU's failure, if the CPU had to do it again.
    pub fallback: Option<E>,
}

type Key = (&'static str, u32);

/// Decides and learns. Shared by threads.
pub struct HybridExecutor {
    preset: Preset,
    timing: Timing,
    metrics: Option<Metrics>,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
    cells: Mutex<HashMap<Key, Cell>>,
}

impl HybridExecutor {
    /// With a monotonic clock.
    pub fn new(preset: Preset, metrics: Option<Metrics>) -> Self {
        let start = Instant::now();
        let clock = move || start.elapsed();
        Self::with_clock(preset, Timing::default(), metrics, clock)
    }

    /// `clock` tells the time since any fixed moment.
    pub fn with_clock(
        preset: Preset,
        timing: Timing,
        metrics: Option<Metrics>,
        clock: impl Fn() -> Duration + Send + Sync + 'static,
    ) -> Self {
        let cells = Mutex::default();
        Self { preset, timing, metrics, clock: Box::new(clock), cells }
    }

    /// Runs a batch of `items` where it is faster. Where the GPU fails, the CPU does
    /// it again and the failure stands in the answer and in
    /// `courant_gpu_fallback_total`.
    ///
    /// # Errors
    /// The CPU's.
    pub fn execute<T, E>(
        &self,
        operation: &'static str,
        items: usize,
        cpu: impl FnOnce() -> Result<T, E>,
        gpu: Option<impl FnOnce() -> Result<T, E>>,
    ) -> Result<Executed<T, E>, E> {
        let Decision { target, reason } = self.decide(operation, items, gpu.is_some());
        let mut fallback = None;
        if let (Target::Gpu, Some(gpu)) = (target, gpu) {
            match self.timed(operation, items, Target::Gpu, gpu) {
                Ok(value) => return Ok(Executed { value, target, reason, fallback }),
                Err(error) => fallback = Some(error),
            }
        }
        let value = self.timed(operation, items, Target::Cpu, cpu)?;
        Ok(Executed { value, target: Target::Cpu, reason, fallback })
    }

    fn timed<T, E>(
        &self,
        operation: &'static str,
        items: usize,
        target: Target,
        run: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let start = (self.clock)();
        let result = run();
        let took = (self.clock)().saturating_sub(start);
        self.record(operation, items, target, result.is_ok().then_some(took));
        result
    }

    /// Decides which device should run a batch now. A decision to probe or to learn counts as the
    /// try: whoever asks must run it and [`record`](Self::record) how it went.
    pub fn decide(&self, operation: &'static str, items: usize, has_gpu: bool) -> Decision {
        let cpu = |reason| Decision { target: Target::Cpu, reason };
        if !has_gpu {
            return cpu(Reason::NoGpu);
        }
        if items < self.preset.min_batch_size {
            return cpu(Reason::SmallBatch);
        }
        let now = (self.clock)();
        self.cells().entry(key(operation, items)).or_default().decide(
            &self.preset,
            self.timing,
            now,
        )
    }

    /// Records a run: the time that it took, or none if it failed.
    pub fn record(
        &self,
        operation: &'static str,
        items: usize,
        target: Target,
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

    /// The factor by which the GPU was faster than the CPU lately with batches of this
    /// size; none while either is unknown.
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
