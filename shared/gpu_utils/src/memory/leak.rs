//! A monitor for memory that is not given back.

use std::collections::VecDeque;

use serde::Serialize;

use super::MemorySnapshot;

/// Windows in a row with a positive slope that raise the alarm.
const STREAK: u32 = 3;
/// The number of windows that are kept.
const HISTORY: usize = 64;

/// The change between two samples of an idle device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryWindow {
    /// The change of the memory in use in arena and pool. Between idle samples it is 0 if
    /// nothing leaks.
    pub leak: i64,
    /// The change of the memory that arena and pool took from the device.
    pub growth: i64,
    /// True if the arena was extended. A new shape may then explain the growth.
    pub extended: bool,
    /// The change of the device's use that the growth does not explain: workspaces, engines,
    /// other processes. `None` if the device is not read.
    pub unattributed: Option<i64>,
}

impl MemoryWindow {
    /// Returns true if memory was lost: some stayed in use, or was taken without an extension.
    pub fn is_positive(&self) -> bool {
        self.leak > 0 || (self.growth > 0 && !self.extended)
    }
}

/// Compares samples of the ledgers. Take each sample a fixed number of batches apart, after
/// every shape was used, with the device synchronized and all outputs dropped.
#[derive(Clone, Debug)]
pub struct LeakMonitor {
    owner: String,
    last: Option<MemorySnapshot>,
    streak: u32,
    windows: VecDeque<MemoryWindow>,
}

impl LeakMonitor {
    /// Makes a monitor without samples. The log names `owner`.
    pub fn new(owner: String) -> Self {
        Self { owner, last: None, streak: 0, windows: VecDeque::new() }
    }

    /// Adds a sample, and returns the window since the one before. The first sample returns
    /// `None`. A sample that lacks a ledger of the one before starts again.
    pub fn observe(&mut self, now: MemorySnapshot) -> Option<MemoryWindow> {
        let before = self.last.replace(now)?;
        let window = between(&before, &now)?;
        self.streak = if window.is_positive() { self.streak + 1 } else { 0 };
        if self.windows.len() == HISTORY {
            self.windows.pop_front();
        }
        self.windows.push_back(window);
        let MemoryWindow { leak, growth, extended, unattributed } = window;
        let owner = &self.owner;
        tracing::debug!(owner, leak, growth, extended, unattributed, "memory window");
        if self.streak == STREAK {
            let leaks: Vec<i64> = self.windows().map(|window| window.leak).collect();
            tracing::error!(owner, leak, growth, ?leaks, "memory leaks");
        }
        Some(window)
    }

    /// Returns true if the last three windows were all positive.
    pub fn is_alarmed(&self) -> bool {
        self.streak >= STREAK
    }

    /// Returns the last 64 windows, oldest first.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = &MemoryWindow> {
        self.windows.iter()
    }
}

fn between(before: &MemorySnapshot, now: &MemorySnapshot) -> Option<MemoryWindow> {
    let same_ledgers = before.arena.is_some() == now.arena.is_some()
        && before.pool.is_some() == now.pool.is_some();
    if !same_ledgers {
        return None;
    }
    let growth = delta(before.reserved()?, now.reserved()?);
    let used = before.device.zip(now.device).map(|(b, n)| delta(b.used(), n.used()));
    let extensions = |snapshot: &MemorySnapshot| snapshot.arena.map_or(0, |arena| arena.extensions);
    Some(MemoryWindow {
        leak: delta(before.allocated()?, now.allocated()?),
        growth,
        extended: extensions(now) > extensions(before),
        unattributed: used.map(|used| used.saturating_sub(growth)),
    })
}

fn delta(before: u64, now: u64) -> i64 {
    let difference = i128::from(now) - i128::from(before);
    i64::try_from(difference).unwrap_or(if now > before { i64::MAX } else { i64::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{ArenaSample, DeviceCapacity, LedgerSample};

    fn monitor() -> LeakMonitor {
        LeakMonitor::new("test".into())
    }

    fn look(allocated: u64, reserved: u64, extensions: u64) -> MemorySnapshot {
        let memory = LedgerSample { allocated, reserved };
        let device = DeviceCapacity { total: 10_000, free: 9_000 - reserved };
        MemorySnapshot {
            arena: Some(ArenaSample { memory, extensions }),
            pool: None,
            device: Some(device),
        }
    }

    #[test]
    fn growth_for_a_new_shape_is_no_leak() {
        let mut monitor = monitor();
        assert_eq!(monitor.observe(look(10, 100, 1)), None);
        let window = monitor.observe(look(10, 200, 2)).unwrap();
        let expected = MemoryWindow { leak: 0, growth: 100, extended: true, unattributed: Some(0) };
        assert_eq!(window, expected);
        assert!(!window.is_positive());
    }

    #[test]
    fn three_positive_windows_in_a_row_alarm_and_one_flat_one_ends_it() {
        let mut monitor = monitor();
        for allocated in [10, 11, 12] {
            monitor.observe(look(allocated, 100, 1));
        }
        assert!(!monitor.is_alarmed());
        monitor.observe(look(13, 100, 1));
        assert!(monitor.is_alarmed());
        monitor.observe(look(13, 100, 1));
        assert!(!monitor.is_alarmed());
    }

    #[test]
    fn growth_without_an_extension_counts_as_lost() {
        let mut monitor = monitor();
        monitor.observe(look(10, 100, 1));
        assert!(monitor.observe(look(10, 150, 1)).unwrap().is_positive());
    }

    #[test]
    fn looks_at_other_ledgers_are_not_compared_and_history_is_bounded() {
        let mut monitor = monitor();
        monitor.observe(look(10, 100, 1));
        assert_eq!(monitor.observe(MemorySnapshot::default()), None);
        for _ in 0..200 {
            monitor.observe(look(10, 100, 1));
        }
        assert_eq!(monitor.windows().len(), HISTORY);
    }
}
