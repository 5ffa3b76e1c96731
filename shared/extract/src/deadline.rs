//! A limit on the time that one page may be worked on.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

/// Between two looks at the clock lie so many steps, each of some nanoseconds.
const STEPS_PER_LOOK: u32 = 256;

/// When the work on a page must end, by a clock that the caller brings.
///
/// The work looks at it every few hundred steps, and gives up at the first look
/// that finds it passed: a page is read whole or not at all.
pub struct Deadline<'c> {
    has_passed: Box<dyn Fn() -> bool + 'c>,
    steps: Cell<u32>,
}

/// The work on a page took longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeIsUp;

impl<'c> Deadline<'c> {
    /// `has_passed`: asked again and again; after its first yes no more.
    pub fn new(has_passed: impl Fn() -> bool + 'c) -> Self {
        Self { has_passed: Box::new(has_passed), steps: Cell::new(0) }
    }

    /// In so much time from now.
    pub fn after(limit: Duration) -> Self {
        let start = Instant::now();
        Self::new(move || start.elapsed() >= limit)
    }

    /// Never.
    pub fn never() -> Self {
        Self::new(|| false)
    }

    /// To be called before each step of a loop.
    pub(crate) fn step(&self) -> Result<(), TimeIsUp> {
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(STEPS_PER_LOOK) { self.look() } else { Ok(()) }
    }

    /// To be called before work that has no steps to be counted.
    pub(crate) fn look(&self) -> Result<(), TimeIsUp> {
        if (self.has_passed)() { Err(TimeIsUp) } else { Ok(()) }
    }
}

impl fmt::Debug for Deadline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").field("steps", &self.steps).finish_non_exhaustive()
    }
}
