//! One input of a session.

use std::ops::Range;
use std::sync::Arc;

use courant_heads::entities::EntityHead;

/// The tokens of one input, and those of them that make up each vector.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) ids: Vec<u32>,
    /// The type of each token; empty if all are of type 0.
    pub(crate) types: Vec<u32>,
    pub(crate) rows: Vec<Range<usize>>,
    /// The reader of its tokens' states, if there is one.
    pub(crate) reader: Option<StateReader>,
}

impl Input {
    /// Row 0 takes every token, special ones included, as the encoders were
    /// trained.
    pub(crate) fn new(ids: Vec<u32>) -> Self {
        let whole = 0..ids.len();
        Self { ids, types: Vec::new(), rows: vec![whole], reader: None }
    }

    /// An input of two texts, with the type of each token.
    pub(crate) fn pair(ids: Vec<u32>, types: Vec<u32>) -> Self {
        Self { types, ..Self::new(ids) }
    }

    /// Asks for the vector of some of the tokens; returns its row.
    pub(crate) fn add_row(&mut self, tokens: Range<usize>) -> usize {
        self.rows.push(tokens);
        self.rows.len() - 1
    }

    /// The number of its tokens.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }
}

/// Keeps the part of an input's states that a head needs.
#[derive(Clone, Debug)]
pub(crate) struct StateReader {
    /// The tokens of each word, with the special ones counted.
    pub(crate) words: Vec<Range<usize>>,
    /// Each word goes through its first layer; without a head, the mean of the tokens'
    /// states is kept.
    pub(crate) head: Option<Arc<EntityHead>>,
}

impl StateReader {
    /// One row per word, from rows of `dimension` values per token.
    pub(crate) fn read(&self, states: &[f32], dimension: usize) -> Vec<f32> {
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
