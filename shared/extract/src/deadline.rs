//! A limit on the time that the work on one page may take.

use std::cell::Cell;
use std::fmt;
use std::time::{Duration, Instant};

/// The number of steps between two looks at the clock. Each step takes some nanoseconds.
const STEPS_PER_LOOK: u32 = 256;

/// The time at which the work on a page must end, by a clock that the caller passes in.
///
/// The work looks at the clock every few hundred steps. It gives up at the first look after the
/// deadline, so a page is read whole or not at all.
pub struct Deadline<'c> {
    has_passed: Box<dyn Fn() -> bool + 'c>,
    steps: Cell<u32>,
}

/// The error for work on a page that did not end before its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeIsUp;

impl<'c> Deadline<'c> {
    /// Makes a deadline from `has_passed`, which is called many times until it first returns true.
    pub fn new(has_passed: impl Fn() -> bool + 'c) -> Self {
        Self { has_passed: Box::new(has_passed), steps: Cell::new(0) }
    }

    /// Makes a deadline that is `limit` from now.
    pub fn after(limit: Duration) -> Self {
        let start = Instant::now();
        Self::new(move || start.elapsed() >= limit)
    }

    /// Makes a deadline that never passes.
    pub fn never() -> Self {
        Self::new(|| false)
    }

    /// Counts one step, and looks at the clock now and then. Call this before each step of a loop.
    ///
    /// # Errors
    /// [`TimeIsUp`] if the deadline has passed.
    pub(crate) fn step(&self) -> Result<(), TimeIsUp> {
        let steps = self.steps.get().wrapping_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(STEPS_PER_LOOK) { self.look() } else { Ok(()) }
    }

    /// Looks at the clock. Call this before work that has no countable steps.
    ///
    /// # Errors
    /// [`TimeIsUp`] if the deadline has passed.
    pub(crate) fn look(&self) -> Result<(), TimeIsUp> {
        if (self.has_passed)() { Err(TimeIsUp) } else { Ok(()) }
    }
}

impl fmt::Debug for Deadline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deadline").field("steps", &self.steps).finish_non_exhaustive()
    }
}
