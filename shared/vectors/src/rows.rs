//! Rows of floats, each scored as it is kept.

use half::f16;

use super::kernels::ScanKernels;
use super::lines::Lines;

/// Rows one behind the other, in one of two precisions.
#[derive(Clone)]
pub(super) enum Floats {
    F32(Lines<f32>),
    F16(Lines<f16>),
}

impl Floats {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F16(values) => values.len(),
        }
    }

    pub(super) fn size_bytes(&self) -> usize {
        match self {
            Self::F32(values) => values.size_bytes(),
            Self::F16(values) => values.size_bytes(),
        }
    }

    pub(super) fn push(&mut self, row: &[f32]) {
        match self {
            Self::F32(values) => values.extend(row.iter().copied()),
            Self::F16(values) => values.extend(row.iter().copied().map(f16::from_f32)),
        }
    }

    pub(super) fn set(&mut self, start: usize, row: &[f32]) {
        match self {
            Self::F32(values) => {
                values.as_mut_slice()[start..start + row.len()].copy_from_slice(row);
            }
            Self::F16(values) => {
                let slots = &mut values.as_mut_slice()[start..start + row.len()];
                for (slot, value) in slots.iter_mut().zip(row) {
                    *slot = f16::from_f32(*value);
                }
            }
        }
    }

    /// Returns `dimension` values from `start` on, as they are kept.
    pub(super) fn get(&self, start: usize, dimension: usize) -> Vec<f32> {
        match self {
            Self::F32(values) => values.as_slice()[start..start + dimension].to_vec(),
            Self::F16(values) => {
                values.as_slice()[start..start + dimension].iter().map(|v| v.to_f32()).collect()
            }
        }
    }

    /// The dot products of the rows numbered `rows` with `query`, into `scores`.
    pub(super) fn score(
        &self,
        kernels: ScanKernels,
        rows: std::ops::Range<usize>,
        query: &[f32],
        scores: &mut [f32],
    ) {
        let values = rows.start * query.len()..rows.end * query.len();
        match self {
            Self::F32(all) => kernels.scores_f32(&all.as_slice()[values], query, scores),
            Self::F16(all) => kernels.scores_f16(&all.as_slice()[values], query, scores),
        }
    }
}
