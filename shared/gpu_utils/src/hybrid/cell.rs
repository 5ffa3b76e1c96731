//! The statistics of one operation with batches of about one size.

use std::collections::VecDeque;
use std::time::Duration;

use super::decision::{DispatchDecision, DispatchReason, DispatchTarget, DispatchTiming};
use crate::device::Preset;

/// Runs of a device before its speed counts.
const LEARN: usize = 3;
/// Failures in a row that need no rate to tell.
const IN_A_ROW: u32 = 3;
/// Launches before the rate of successes counts.
const JUDGE: usize = 20;
/// The number of times that the rest may double.
const DOUBLINGS: u32 = 5;

/// The last runs of a device: items and nanoseconds, with their sums.
#[derive(Debug, Default)]
struct Runs {
    runs: VecDeque<(u64, u64)>,
    items: u64,
    nanos: u64,
    /// When one was last begun or done.
    last: Option<Duration>,
}

impl Runs {
    fn push(&mut self, items: usize, took: Duration, window: usize) {
        let run = (items as u64, u64::try_from(took.as_nanos()).unwrap_or(u64::MAX >> 16));
        self.runs.push_back(run);
        (self.items, self.nanos) = (self.items + run.0, self.nanos + run.1);
        if self.runs.len() > window
            && let Some((items, nanos)) = self.runs.pop_front()
        {
            (self.items, self.nanos) = (self.items - items, self.nanos - nanos);
        }
    }

    /// The mean over all items in the window; none while there are too few runs.
    fn nanos_per_item(&self) -> Option<f64> {
        let known = self.runs.len() >= LEARN;
        known.then(|| self.nanos.max(1) as f64 / self.items.max(1) as f64)
    }

    /// Forgets what is too old, so that few new runs show what has changed.
    fn is_unknown(&mut self, refresh: Duration, now: Duration) -> bool {
        if self.last.is_some_and(|last| now.saturating_sub(last) >= refresh) {
            *self = Self::default();
        }
        self.runs.len() < LEARN
    }
}

/// The trust in the GPU, which decides if it is used at all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Breaker {
    #[default]
    Closed,
    /// Resting until then, after so many probes that failed.
    Open { until: Duration, failed: u32 },
    /// One run decides; others keep to the CPU. It counts as failed if nothing is
    /// heard of it until then.
    HalfOpen { until: Duration, failed: u32 },
}

#[derive(Debug, Default)]
pub(super) struct Cell {
    cpu: Runs,
    gpu: Runs,
    /// True once the GPU has run. The first run compiles and loads: its time is
    /// not the device's.
    is_warm: bool,
    launches: VecDeque<bool>,
    in_a_row: u32,
    breaker: Breaker,
}

impl Cell {
    pub(super) fn decide(
        &mut self,
        preset: &Preset,
        timing: DispatchTiming,
        now: Duration,
    ) -> DispatchDecision {
        let decision = self.decision(preset, timing, now);
        match decision.target {
            DispatchTarget::Cpu => self.cpu.last = Some(now),
            DispatchTarget::Gpu => self.gpu.last = Some(now),
        }
        decision
    }

    fn decision(
        &mut self,
        preset: &Preset,
        timing: DispatchTiming,
        now: Duration,
    ) -> DispatchDecision {
        let of = |target, reason| DispatchDecision { target, reason };
        match self.breaker {
            Breaker::Closed => {}
            Breaker::Open { until, failed } | Breaker::HalfOpen { until, failed } => {
                if now < until {
                    return of(DispatchTarget::Cpu, DispatchReason::Unreliable);
                }
                self.breaker = Breaker::HalfOpen { until: now + timing.rest, failed };
                return of(DispatchTarget::Gpu, DispatchReason::Probe);
            }
        }
        if self.cpu.is_unknown(timing.refresh, now) {
            return of(DispatchTarget::Cpu, DispatchReason::Learning);
        }
        if self.gpu.is_unknown(timing.refresh, now) {
            return of(DispatchTarget::Gpu, DispatchReason::Learning);
        }
        let is_faster = self.speedup().is_some_and(|ratio| ratio >= preset.speedup_threshold);
        of(
            if is_faster { DispatchTarget::Gpu } else { DispatchTarget::Cpu },
            DispatchReason::Speedup,
        )
    }

    pub(super) fn record(
        &mut self,
        preset: &Preset,
        timing: DispatchTiming,
        target: DispatchTarget,
        items: usize,
        took: Option<Duration>,
        now: Duration,
    ) {
        let window = preset.performance_window_size.max(1);
        match (target, took) {
            (DispatchTarget::Cpu, Some(took)) => {
                self.cpu.push(items, took, window);
                self.cpu.last = Some(now);
            }
            // The caller gets the CPU's failure; it says nothing of its speed.
            (DispatchTarget::Cpu, None) => {}
            (DispatchTarget::Gpu, took) => {
                if let Some(took) = took {
                    if self.is_warm {
                        self.gpu.push(items, took, window);
                    }
                    self.is_warm = true;
                }
                self.gpu.last = Some(now);
                self.launched(preset, timing, took.is_some(), now);
            }
        }
    }

    fn launched(&mut self, preset: &Preset, timing: DispatchTiming, is_ok: bool, now: Duration) {
        self.launches.push_back(is_ok);
        if self.launches.len() > preset.performance_window_size.max(1) {
            self.launches.pop_front();
        }
        self.in_a_row = if is_ok { 0 } else { self.in_a_row + 1 };
        let rest = |failed: u32| timing.rest * (1 << failed.min(DOUBLINGS));
        match self.breaker {
            Breaker::HalfOpen { .. } if is_ok => {
                tracing::info!("the GPU works again");
                self.breaker = Breaker::Closed;
                // Failures from before the rest would open it again at once.
                self.launches.clear();
            }
            Breaker::HalfOpen { failed, .. } => {
                let failed = failed + 1;
                self.breaker = Breaker::Open { until: now + rest(failed), failed };
            }
            Breaker::Closed if self.is_unreliable(preset.success_rate_threshold) => {
                let success_rate = self.success_rate();
                tracing::warn!(success_rate, "the GPU fails too often and is not used for a while");
                self.breaker = Breaker::Open { until: now + rest(0), failed: 0 };
            }
            Breaker::Closed | Breaker::Open { .. } => {}
        }
    }

    fn is_unreliable(&self, threshold: f64) -> bool {
        let is_judged = self.launches.len() >= JUDGE;
        self.in_a_row >= IN_A_ROW
            || (is_judged && self.success_rate().is_some_and(|rate| rate < threshold))
    }

    /// The part of the launches that succeeded, in the window and since the last rest.
    pub(super) fn success_rate(&self) -> Option<f64> {
        let ok = self.launches.iter().filter(|is_ok| **is_ok).count();
        (!self.launches.is_empty()).then(|| ok as f64 / self.launches.len() as f64)
    }

    pub(super) fn speedup(&self) -> Option<f64> {
        Some(self.cpu.nanos_per_item()? / self.gpu.nanos_per_item()?)
    }
}
