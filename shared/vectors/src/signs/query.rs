//! A query in four bits per value.

use super::page::WORD;

/// Bits of a query's code.
pub(super) const PLANES: usize = 4;
/// The greatest code; the least is its negative.
const GREATEST: f32 = 7.0;

/// The bits of a query's codes: for every 64 values a word per plane, the lowest bit first. The
/// last plane counts negative, as in two's complement.
pub(super) struct QueryPlanes(Vec<[u64; PLANES]>);

impl QueryPlanes {
    /// Returns `None` for a query without a direction: zeros, or a value that is not finite.
    pub(super) fn new(query: &[f32]) -> Option<Self> {
        let greatest = query.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = GREATEST / greatest;
        let is_usable = scale.is_finite() && query.iter().all(|value| value.is_finite());
        is_usable.then(|| Self(query.chunks(WORD).map(|values| planes(values, scale)).collect()))
    }

    pub(super) fn words(&self) -> &[[u64; PLANES]] {
        &self.0
    }
}

fn planes(values: &[f32], scale: f32) -> [u64; PLANES] {
    let mut planes = [0; PLANES];
    for (bit, value) in values.iter().enumerate() {
        let code = (value * scale).round() as i8;
        for (plane, word) in planes.iter_mut().enumerate() {
            *word |= u64::from((code >> plane) as u8 & 1) << bit;
        }
    }
    planes
}
