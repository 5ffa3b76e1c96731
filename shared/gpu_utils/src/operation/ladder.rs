//! The steps to try, in order, when a device has too little memory for a batch.
//!
//! Shrink the arena and trim the pool; halve the budget; one item alone; the CPU,
//! if it is allowed; else the item is lost, and its owner sends it to the dead
//! letters. Later successes raise the budget again by a fixed amount each
//! (additive increase, multiplicative decrease).

use super::Fault;

/// The way in which a chunk is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// On the device, as always.
    Device,
    /// On the device, after shrinking its arena and trimming its pool.
    Shrunk,
    /// On the device, fewer items than before.
    Halved,
    /// On the device, one item, after shrinking and trimming again.
    Alone,
    /// On the CPU: one item for which the device has no memory.
    Cpu,
}

impl Step {
    /// True where arena and pool give memory back before the run.
    pub fn frees_first(self) -> bool {
        matches!(self, Self::Shrunk | Self::Alone)
    }
}

/// Bounds of a [`Ladder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most that one run may cost, such as padded tokens; 1 or more.
    pub max_cost: usize,
    /// The amount that every successful run adds to a lowered budget; 1 or more.
    pub recover_by: usize,
    /// True where the CPU may run chunks for which the device has no memory.
    pub cpu_allowed: bool,
}

impl Limits {
    /// Recovers in 8 runs from the lowest budget.
    pub fn new(max_cost: usize, cpu_allowed: bool) -> Self {
        Self { max_cost, recover_by: max_cost.div_ceil(8), cpu_allowed }
    }
}

/// Why an item has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost<E> {
    /// It found no memory even alone, nor on the CPU if that was allowed.
    #[error("out of memory even alone: {0}")]
    OutOfMemory(#[source] E),
    /// Its run failed for another reason.
    #[error(transparent)]
    Failed(E),
    /// Its run gave another number of results than it was given items, so nobody
    /// knows which is whose.
    #[error("{found} results for {expected} items")]
    Miscounted {
        /// Items.
        expected: usize,
        /// Results.
        found: usize,
    },
}

/// The budget of a device, and how it falls and rises. One per session thread.
#[derive(Clone, Debug)]
pub struct Ladder {
    limits: Limits,
    budget: usize,
}

impl Ladder {
    /// With the whole budget.
    pub fn new(limits: Limits) -> Self {
        Self { limits, budget: limits.max_cost.max(1) }
    }

    /// The most that a run may cost now; batches formed for it need no splitting.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Runs all items, in chunks whose cost fits the budget, and goes down the
    /// ladder where memory is lacking. `cost` of a longer slice is never less;
    /// `run` returns one result per item.
    ///
    /// Returns one result per item, in order. A chunk that succeeded is never run
    /// again.
    pub fn run<I, T, E: Fault + Clone>(
        &mut self,
        items: &[I],
        cost: impl Fn(&[I]) -> usize,
        mut run: impl FnMut(Step, &[I]) -> Result<Vec<T>, E>,
    ) -> Vec<Result<T, Lost<E>>> {
        let mut results = Vec::with_capacity(items.len());
        let mut step = Step::Device;
        while results.len() < items.len() {
            let rest = &items[results.len()..];
            let chunk = match step {
                Step::Alone | Step::Cpu => &rest[..1],
                _ => &rest[..fitting(rest, self.budget, &cost)],
            };
            step = match run(step, chunk) {
                Err(error) if error.is_out_of_memory() => {
                    match self.next(step, chunk.len(), cost(chunk)) {
                        Some(next) => next,
                        None => {
                            results.push(Err(Lost::OutOfMemory(error)));
                            Step::Device
                        }
                    }
                }
                result => {
                    if result.is_ok() && step != Step::Cpu {
                        self.recover();
                    }
                    results.extend(per_item(result, chunk.len()));
                    Step::Device
                }
            };
        }
        results
    }

    /// The step that follows when `step` found too little memory for a chunk; none at the
    /// end. A chunk of one is at the end of its halving.
    fn next(&mut self, step: Step, items: usize, cost: usize) -> Option<Step> {
        match step {
            Step::Device => Some(Step::Shrunk),
            Step::Shrunk | Step::Halved if items > 1 => {
                self.budget = (cost.min(self.budget) / 2).max(1);
                Some(Step::Halved)
            }
            Step::Halved => Some(Step::Alone),
            Step::Shrunk | Step::Alone => self.limits.cpu_allowed.then_some(Step::Cpu),
            Step::Cpu => None,
        }
    }

    fn recover(&mut self) {
        let raised = self.budget.saturating_add(self.limits.recover_by.max(1));
        self.budget = raised.min(self.limits.max_cost.max(1));
    }
}

/// The number of items from the start that fit; at least one.
fn fitting<I>(items: &[I], budget: usize, cost: impl Fn(&[I]) -> usize) -> usize {
    let fits = |count: &usize| cost(&items[..*count]) <= budget;
    (2..=items.len()).take_while(fits).last().unwrap_or(1)
}

fn per_item<T, E: Clone>(result: Result<Vec<T>, E>, items: usize) -> Vec<Result<T, Lost<E>>> {
    match result {
        Ok(values) if values.len() == items => values.into_iter().map(Ok).collect(),
        Ok(values) => {
            let found = values.len();
            (0..items).map(|_| Err(Lost::Miscounted { expected: items, found })).collect()
        }
        Err(error) => (0..items).map(|_| Err(Lost::Failed(error.clone()))).collect(),
    }
}

#[cfg(test)]
mod tests;
