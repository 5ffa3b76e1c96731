//! Inputs padded to the longest of a batch, and the rows of its output.

use std::ops::Range;

use courant_article::Embedding;

use crate::batch::answer::Rows;
use crate::batch::input::Input;

/// The shape of inputs that are padded to the longest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Padded {
    pub(crate) items: usize,
    pub(crate) tokens: usize,
    pub(crate) rows: usize,
}

impl Padded {
    pub(crate) fn of(inputs: &[&Input]) -> Self {
        Self {
            items: inputs.len(),
            tokens: inputs.iter().map(|input| input.len()).max().unwrap_or(0),
            rows: inputs.iter().map(|input| input.rows.len()).max().unwrap_or(0),
        }
    }

    /// Writes the tokens as `[items, tokens]`, padded with 0.
    pub(crate) fn write_ids(&self, inputs: &[&Input], ids: &mut [i64]) {
        for (input, ids) in inputs.iter().zip(ids.chunks_exact_mut(self.tokens)) {
            let (own, padding) = ids.split_at_mut(input.len());
            own.iter_mut().zip(&input.ids).for_each(|(slot, id)| *slot = i64::from(*id));
            padding.fill(0);
        }
    }

    /// Writes 1 for a token and 0 for padding, as `[items, tokens]`.
    pub(crate) fn write_mask(&self, inputs: &[&Input], mask: &mut [i64]) {
        for (input, mask) in inputs.iter().zip(mask.chunks_exact_mut(self.tokens)) {
            let (own, padding) = mask.split_at_mut(input.len());
            own.fill(1);
            padding.fill(0);
        }
    }

    /// Writes the types of the tokens as `[items, tokens]`, padded with 0.
    pub(crate) fn write_types(&self, inputs: &[&Input], types: &mut [i64]) {
        types.fill(0);
        for (input, types) in inputs.iter().zip(types.chunks_exact_mut(self.tokens)) {
            types.iter_mut().zip(&input.types).for_each(|(slot, of)| *slot = i64::from(*of));
        }
    }

    /// Writes 1 for each token of a row, as `[items, rows, tokens]`.
    pub(crate) fn write_spans(&self, inputs: &[&Input], spans: &mut [f32]) {
        spans.fill(0.0);
        for (input, spans) in inputs.iter().zip(spans.chunks_exact_mut(self.rows * self.tokens)) {
            for (range, row) in input.rows.iter().zip(spans.chunks_exact_mut(self.tokens)) {
                row[range.clone()].fill(1.0);
            }
        }
    }

    /// The rows of every input from `[items, rows, dimension]`.
    pub(crate) fn split(&self, inputs: &[&Input], flat: &[f32], dimension: usize) -> Vec<Rows> {
        let items = flat.chunks_exact(self.rows * dimension).zip(inputs);
        items
            .map(|(item, input)| {
                item.chunks_exact(dimension).take(input.rows.len()).map(<[f32]>::to_vec).collect()
            })
            .collect()
    }

    /// The scores of each row's first token from `[items, tokens, labels]`.
    pub(crate) fn first_tokens(&self, inputs: &[&Input], flat: &[f32], labels: usize) -> Vec<Rows> {
        let items = flat.chunks_exact(self.tokens * labels).zip(inputs);
        let row = |item: &[f32], row: &Range<usize>| item[row.start * labels..][..labels].to_vec();
        items.map(|(item, input)| input.rows.iter().map(|at| row(item, at)).collect()).collect()
    }

    /// The mean of each row's token vectors from `[items, tokens, dimension]`; of row 0,
    /// which is the whole input, the first token's where `by_first` says so.
    pub(crate) fn pool(
        &self,
        inputs: &[&Input],
        flat: &[f32],
        dimension: usize,
        by_first: bool,
    ) -> Vec<Rows> {
        let pooled = |item: &[f32], input: &Input| {
            let taken =
                |at, row: &Range<usize>| if by_first && at == 0 { 0..1 } else { row.clone() };
            let rows = input.rows.iter().enumerate();
            rows.map(|(at, row)| mean(item, &taken(at, row), dimension)).collect()
        };
        let items = flat.chunks_exact(self.tokens * dimension).zip(inputs);
        items.map(|(item, input)| pooled(item, input)).collect()
    }
}

fn mean(tokens: &[f32], range: &Range<usize>, dimension: usize) -> Vec<f32> {
    let mut sum = vec![0.0; dimension];
    for token in tokens[range.start * dimension..range.end * dimension].chunks_exact(dimension) {
        for (total, value) in sum.iter_mut().zip(token) {
            *total += value;
        }
    }
    Embedding::normalized(sum).as_slice().to_vec()
}
