//! The steps that are tried in order when a device has too little memory for a batch.
//!
//! Shrink the arena and trim the pool; halve the budget; one item alone; the CPU,
//! if it is allowed; else the item is lost, and its owner sends it to the dead
//! letters. Later successes raise the budget again by a fixed amount each
//! (additive increase, multiplicative decrease).

use super::RunFailure;

/// The way in which a chunk of a batch is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LadderStep {
    /// On the device, without any measure.
    Device,
    /// On the device, after shrinking its arena and trimming its pool.
    Shrunk,
    /// On the device, with fewer items than before.
    Halved,
    /// On the device, with one item, after shrinking and trimming again.
    Alone,
    /// On the CPU, with one item for which the device has no memory.
    Cpu,
}

impl LadderStep {
    /// Returns true if arena and pool give memory back before the run.
    pub fn frees_first(self) -> bool {
        matches!(self, Self::Shrunk | Self::Alone)
    }
}

/// Bounds of a [`MemoryLadder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LadderLimits {
    /// The greatest cost of one run, such as its padded tokens; 1 or more.
    pub max_cost: usize,
    /// The amount by which every successful run raises a lowered budget; 1 or more.
    pub recover_by: usize,
    /// True if the CPU may run items for which the device has no memory.
    pub cpu_allowed: bool,
}

impl LadderLimits {
    /// Makes limits with which the budget recovers from its lowest value in 8 runs.
    pub fn new(max_cost: usize, cpu_allowed: bool) -> Self {
        Self { max_cost, recover_by: max_cost.div_ceil(8), cpu_allowed }
    }
}

/// The reasons why an item has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LostItem<E> {
    /// There was no memory for the item even alone, nor on the CPU if that was allowed.
    #[error("out of memory even alone: {0}")]
    OutOfMemory(#[source] E),
    /// Its run failed for another reason.
    #[error(transparent)]
    Failed(E),
    /// The run returned another number of results than items, so they cannot be matched.
    #[error("{found} results for {expected} items")]
    Miscounted {
        /// Items.
        expected: usize,
        /// Results.
        found: usize,
    },
}

/// The budget of one run on a device, which falls on a lack of memory and rises again. One per
/// session thread.
#[derive(Clone, Debug)]
pub struct MemoryLadder {
    limits: LadderLimits,
    budget: usize,
}

impl MemoryLadder {
    /// Makes a ladder with the whole budget.
    pub fn new(limits: LadderLimits) -> Self {
        Self { limits, budget: limits.max_cost.max(1) }
    }

    /// Returns the greatest cost of a run now. Batches within it need no splitting.
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Runs all items in chunks whose cost is within the budget, and takes the next step of the
    /// ladder on a lack of memory. `cost` must not be less for a longer slice. `run` must
    /// return one result per item.
    ///
    /// Returns one result per item, in order. A chunk that succeeded is never run
    /// again.
    pub fn run<I, T, E: RunFailure + Clone>(
        &mut self,
        items: &[I],
        cost: impl Fn(&[I]) -> usize,
        mut run: impl FnMut(LadderStep, &[I]) -> Result<Vec<T>, E>,
    ) -> Vec<Result<T, LostItem<E>>> {
        let mut results = Vec::with_capacity(items.len());
        let mut step = LadderStep::Device;
        while results.len() < items.len() {
            let rest = &items[results.len()..];
            let chunk = match step {
                LadderStep::Alone | LadderStep::Cpu => &rest[..1],
                _ => &rest[..fitting(rest, self.budget, &cost)],
            };
            step = match run(step, chunk) {
                Err(error) if error.is_out_of_memory() => {
                    match self.next(step, chunk.len(), cost(chunk)) {
                        Some(next) => next,
                        None => {
                            results.push(Err(LostItem::OutOfMemory(error)));
                            LadderStep::Device
                        }
                    }
                }
                result => {
                    if result.is_ok() && step != LadderStep::Cpu {
                        self.recover();
                    }
                    results.extend(per_item(result, chunk.len()));
                    LadderStep::Device
                }
            };
        }
        results
    }

    /// The step that follows when `step` found too little memory for a chunk; none at the
    /// end. A chunk of one is at the end of its halving.
    fn next(&mut self, step: LadderStep, items: usize, cost: usize) -> Option<LadderStep> {
        match step {
            LadderStep::Device => Some(LadderStep::Shrunk),
            LadderStep::Shrunk | LadderStep::Halved if items > 1 => {
                self.budget = (cost.min(self.budget) / 2).max(1);
                Some(LadderStep::Halved)
            }
            LadderStep::Halved => Some(LadderStep::Alone),
            LadderStep::Shrunk | LadderStep::Alone => {
                self.limits.cpu_allowed.then_some(LadderStep::Cpu)
            }
            LadderStep::Cpu => None,
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

fn per_item<T, E: Clone>(result: Result<Vec<T>, E>, items: usize) -> Vec<Result<T, LostItem<E>>> {
    match result {
        Ok(values) if values.len() == items => values.into_iter().map(Ok).collect(),
        Ok(values) => {
            let found = values.len();
            (0..items).map(|_| Err(LostItem::Miscounted { expected: items, found })).collect()
        }
        Err(error) => (0..items).map(|_| Err(LostItem::Failed(error.clone()))).collect(),
    }
}

#[cfg(test)]
mod tests;
