//! What the encoder says of single tokens, for heads that tag words.
//!
//! States are large (3 KB per token) and leave the session's thread only as what
//! their reader keeps of them.

use std::ops::Range;
use std::sync::Arc;

use courant_article::{ModelRef, Span};
use courant_gpu_utils::device::Provider;
use courant_heads::entities::EntityHead;
use ort::session::{HasSelectedOutputs, OutputSelector, RunOptions, SessionOutputs};
use ort::value::Outlet;

use crate::Error;
use crate::session::{Input, Rows, check_output};

/// The output's name in the graph.
const STATES: &str = "states";

/// What one input gave.
pub(crate) struct Answered {
    pub(crate) rows: Rows,
    /// What its reader kept; empty where it has none.
    pub(crate) words: Vec<f32>,
    /// What ran it: the CPU where its device had no memory for it.
    pub(crate) provider: Provider,
}

/// `model` with what really ran, input by input.
pub(crate) fn ran(model: &ModelRef, providers: impl Iterator<Item = Provider>) -> ModelRef {
    let mut providers: Vec<&str> = providers.map(Provider::as_str).collect();
    providers.sort_unstable();
    providers.dedup();
    match providers.is_empty() {
        true => model.clone(),
        false => ModelRef { provider: providers.join("+"), ..model.clone() },
    }
}

/// The words of a text with the mean of their tokens' states.
#[derive(Clone, Debug, PartialEq)]
pub struct WordStates {
    /// Where each word stands, in code points.
    pub spans: Vec<Span>,
    /// One row per word; zeros for a word without tokens.
    pub states: Vec<f32>,
    /// Values per row.
    pub dimension: usize,
}

/// Keeps of an input's states what a head needs.
#[derive(Clone, Debug)]
pub(crate) struct StateReader {
    /// The tokens of each word, with the special ones counted.
    pub(crate) words: Vec<Range<usize>>,
    /// Whose first layer each word goes through; without one, the mean of its
    /// tokens' states is kept.
    pub(crate) head: Option<Arc<EntityHead>>,
}

impl StateReader {
    /// One row per word, from rows of `dimension` values per token.
    fn read(&self, states: &[f32], dimension: usize) -> Vec<f32> {
        let mut means = vec![0.0; self.words.len() * dimension];
        for (mean, tokens) in means.chunks_exact_mut(dimension).zip(&self.words) {
            let share = 1.0 / tokens.len() as f32;
            let own = &states[tokens.start * dimension..tokens.end * dimension];
            for state in own.chunks_exact(dimension) {
                mean.iter_mut().zip(state).for_each(|(sum, value)| *sum += share * value);
            }
        }
        match &self.head {
            Some(head) => head.project(&means),
            None => means,
        }
    }
}

/// How a session is run, and which outputs it gives.
pub(crate) type Options = RunOptions<HasSelectedOutputs>;

/// Leaves the states where they are unless somebody reads them.
pub(crate) fn options(inputs: &[&Input]) -> ort::Result<Options> {
    let are_read = inputs.iter().any(|input| input.reader.is_some());
    let all = OutputSelector::default();
    let selected = if are_read { all } else { all.without(STATES) };
    Ok(RunOptions::new()?.with_outputs(selected))
}

/// What each input's reader makes of the states; empty where it has none.
pub(crate) fn read(
    outputs: &SessionOutputs<'_>,
    inputs: &[&Input],
    tokens: usize,
    dimension: Option<usize>,
) -> Result<Vec<Vec<f32>>, Error> {
    let (Some(found), Some(dimension)) = (outputs.get(STATES), dimension) else {
        return Ok(vec![Vec::new(); inputs.len()]);
    };
    let (_, states) = found.try_extract_tensor::<f32>()?;
    if states.len() != inputs.len() * tokens * dimension {
        return Err(Error::NotAVector);
    }
    let items = inputs.iter().zip(states.chunks_exact(tokens * dimension));
    let read = |(input, states): (&&Input, &[f32])| match &input.reader {
        Some(reader) => reader.read(states, dimension),
        None => Vec::new(),
    };
    Ok(items.map(read).collect())
}

/// Whether the graph gives the states that are declared.
pub(crate) fn check(outputs: &[Outlet], dimension: Option<usize>) -> Result<(), String> {
    let Some(dimension) = dimension else { return Ok(()) };
    let output = outputs.iter().find(|output| output.name() == STATES);
    check_output(output.ok_or(format!("it has no output {STATES}"))?.dtype(), dimension)
}
