//! The states of single tokens, for heads that tag words.
//!
//! States are large (3 KB per token) and leave the session's thread only as what
//! their reader keeps of them.

use crate::batch::input::Input;

/// The output's name in the graph.
pub(crate) const STATES: &str = "states";

/// The values that each input's reader keeps of `states`, which has `[items, tokens,
/// dimension]` numbers; empty for an input without a reader.
pub(crate) fn read(
    states: &[f32],
    inputs: &[&Input],
    tokens: usize,
    dimension: usize,
) -> Vec<Vec<f32>> {
    let items = inputs.iter().zip(states.chunks_exact(tokens * dimension));
    let read = |(input, states): (&&Input, &[f32])| match &input.reader {
        Some(reader) => reader.read(states, dimension),
        None => Vec::new(),
    };
    items.map(read).collect()
}
