//! A watch for memory that does not come back.

use std::collections::VecDeque;

use serde::Serialize;

use super::Snapshot;

/// Windows in a row with a positive slope that raise the alarm.
const STREAK: u32 = 3;
/// The number of windows that are kept.
const HISTORY: usize = 64;

/// The change between two looks at an idle device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Window {
    /// Change of what is in use in arena and pool. Between idle looks it is 0
    /// where nothing leaks.
    pub leak: i64,
    /// Change of what arena and pool took from the device.
    pub growth: i64,
    /// True where the arena took more: then a new shape may explain the growth.
    pub extended: bool,
    /// Change of the device's use that the growth does not explain: workspaces,
    /// engines, other processes. None where the device is not read.
    pub unattributed: Option<i64>,
}

impl Window {
    /// Memory was lost: some stayed in use, or was taken without an extension.
    pub fn is_positive(&self) -> bool {
        self.leak > 0 || (self.growth > 0 && !self.extended)
    }
}

/// Compares looks at the ledgers, each taken with every shape warmed up, the
/// device synchronized and all outputs dropped, a fixed number of batches apart.
#[derive(Clone, Debug)]
pub struct LeakMonitor {
    owner: String,
    last: Option<Snapshot>,
    streak: u32,
    windows: VecDeque<Window>,
}

impl LeakMonitor {
    /// Nothing seen yet of `owner`, whom the log names.
    pub fn new(owner: String) -> Self {
        Self { owner, last: None, streak: 0, windows: VecDeque::new() }
    }

    /// The window that `now` closes; the first look opens one only. A look that
    /// lacks a ledger of the look before begins anew.
    pub fn observe(&mut self, now: Snapshot) -> Option<Window> {
        let before = self.last.replace(now)?;
        let window = between(&before, &now)?;
        self.streak = if window.is_positive() { self.streak + 1 } else { 0 };
        if self.windows.len() == HISTORY {
            self.windows.pop_front();
        }
        self.windows.push_back(window);
        let Window { leak, growth, extended, unattributed } = window;
        let owner = &self.owner;
        tracing::debug!(owner, leak, growth, extended, unattributed, "memory window");
        if self.streak == STREAK {
            let leaks: Vec<i64> = self.windows().map(|window| window.leak).collect();
            tracing::error!(owner, leak, growth, ?leaks, "memory leaks");
        }
        Some(window)
    }

    /// True where the last three windows were all positive.
    pub fn is_alarmed(&self) -> bool {
        self.streak >= STREAK
    }

    /// The last 64 windows, oldest first.
    pub fn windows(&self) -> impl ExactSizeIterator<Item = &Window> {
        self.windows.iter()
    }
}

fn between(before: &Snapshot, now: &Snapshot) -> Option<Window> {
    let same_ledgers = before.arena.is_some() == now.arena.is_some()
        && before.pool.is_some() == now.pool.is_some();
    if !same_ledgers {
        return None;
    }
    let growth = delta(before.reserved()?, now.reserved()?);
    let used = before.device.zip(now.device).map(|(b, n)| delta(b.used(), n.used()));
    let extensions = |snapshot: &Snapshot| snapshot.arena.map_or(0, |arena| arena.extensions);
    Some(Window {
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
    use crate::memory::{Arena, Capacity, LedgerSample};

    fn monitor() -> LeakMonitor {
        LeakMonitor::new("test".into())
    }

    fn look(allocated: u64, reserved: u64, extensions: u64) -> Snapshot {
        let memory = LedgerSample { allocated, reserved };
        let device = Capacity { total: 10_000, free: 9_000 - reserved };
        Snapshot { arena: Some(Arena { memory, extensions }), pool: None, device: Some(device) }
    }

    #[test]
    fn growth_for_a_new_shape_is_no_leak() {
        let mut monitor = monitor();
        assert_eq!(monitor.observe(look(10, 100, 1)), None);
        let window = monitor.observe(look(10, 200, 2)).unwrap();
        let expected = Window { leak: 0, growth: 100, extended: true, unattributed: Some(0) };
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
        assert_eq!(monitor.observe(Snapshot::default()), None);
        for _ in 0..200 {
            monitor.observe(look(10, 100, 1));
        }
        assert_eq!(monitor.windows().len(), HISTORY);
    }
}
