//! Copies that hide behind computing: while one batch is computed, the next is
//! copied to the device and the previous one back.

pub mod cuda;

use std::num::NonZeroUsize;

/// A device with slots, each holding one batch with its staging buffers.
pub trait Stages {
    /// A batch on the host.
    type Input;
    /// Its result on the host.
    type Output;
    /// What the device says when it fails.
    type Error;

    /// Queues copying in, computing and copying out, and waits for none of them.
    /// The slot is free: it was never used, or [`collect`](Self::collect)ed.
    ///
    /// # Errors
    /// The device's: the slot stays free.
    fn issue(&mut self, slot: usize, input: Self::Input) -> Result<(), Self::Error>;

    /// Waits for what was issued to a slot and frees it.
    ///
    /// # Errors
    /// The device's: the slot is free and its batch lost.
    fn collect(&mut self, slot: usize) -> Result<Self::Output, Self::Error>;
}

/// A device failed in the middle of a sequence of batches.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the device failed after {delivered} batches: {source}")]
pub struct Interrupted<E> {
    /// How many batches were delivered, from the first on; the others are lost.
    pub delivered: usize,
    /// Why.
    pub source: E,
}

/// Runs all inputs and hands their outputs to `deliver` in order. Up to `slots`
/// batches are on the device at a time: two hide the copies where computing takes
/// at least as long as both, three where all take the same.
///
/// # Errors
/// [`Interrupted`]: no slot is in use any more, and what came before the failure
/// was delivered.
pub fn overlap<S: Stages>(
    stages: &mut S,
    slots: NonZeroUsize,
    inputs: impl IntoIterator<Item = S::Input>,
    mut deliver: impl FnMut(S::Output),
) -> Result<usize, Interrupted<S::Error>> {
    let (mut issued, mut collected, mut delivered) = (0, 0, 0);
    let mut failure = None;
    let mut inputs = inputs.into_iter().fuse();
    loop {
        let next = if failure.is_none() { inputs.next() } else { None };
        let is_full = issued - collected == slots.get();
        if collected < issued && (is_full || next.is_none()) {
            match stages.collect(collected % slots) {
                Ok(output) if failure.is_none() || collected == delivered => {
                    deliver(output);
                    delivered += 1;
                }
                // Behind a batch that is lost: its turn never comes.
                Ok(_) => {}
                Err(source) => failure = failure.or(Some(source)),
            }
            collected += 1;
        }
        match next {
            Some(input) if failure.is_none() => match stages.issue(issued % slots, input) {
                Ok(()) => issued += 1,
                Err(source) => failure = Some(source),
            },
            _ if collected == issued => break,
            _ => {}
        }
    }
    match failure {
        None => Ok(delivered),
        Some(source) => Err(Interrupted { delivered, source }),
    }
}

#[cfg(test)]
mod tests;
