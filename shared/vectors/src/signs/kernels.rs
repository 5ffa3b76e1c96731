//! Scores of sign codes, compiled for the instructions that count bits.
//!
//! There is one kernel, in plain code. Compiled for a processor with AVX-512's VPOPCNTDQ or with
//! AVX2, the compiler makes each step one of eight or four lanes.

use super::page::{GROUP, LANES, WordLanes};
use super::query::PLANES;

/// The instructions that a kernel was compiled for; all give the same scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

/// A kernel for instructions that the processor was found to have: there is no other way to
/// one of these.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountKernel(Instructions);

impl CountKernel {
    /// The fastest that runs here.
    pub(super) fn detect() -> Self {
        Self::available().next().unwrap_or(Self(Instructions::Portable))
    }

    /// All that run here, the fastest first.
    pub(super) fn available() -> impl Iterator<Item = Self> {
        let found = [
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vpopcntdq"))
                .then_some(Instructions::Avx512),
            #[cfg(target_arch = "x86_64")]
            (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt"))
                .then_some(Instructions::Avx2),
            Some(Instructions::Portable),
        ];
        found.into_iter().flatten().map(Self)
    }

    /// Scores a group of rows. The scores of rows that are not in `rows` mean nothing.
    pub(super) fn score(
        self,
        group: &[WordLanes],
        query: &[[u64; PLANES]],
        rows: u64,
        scores: &mut [i32; GROUP],
    ) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the kernel needs the processor's features")]
            // SAFETY: `available` found them.
            Instructions::Avx512 => unsafe { score_512(group, query, rows, scores) },
            #[cfg(target_arch = "x86_64")]
            #[expect(unsafe_code, reason = "the kernel needs the processor's features")]
            // SAFETY: `available` found them.
            Instructions::Avx2 => unsafe { score_256(group, query, rows, scores) },
            Instructions::Portable => score_each(group, query, rows, scores),
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn score_512(group: &[WordLanes], query: &[[u64; PLANES]], rows: u64, scores: &mut [i32; GROUP]) {
    score_each(group, query, rows, scores);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,popcnt")]
fn score_256(group: &[WordLanes], query: &[[u64; PLANES]], rows: u64, scores: &mut [i32; GROUP]) {
    score_each(group, query, rows, scores);
}

/// Scores eight rows at a time, of which one at least is wanted.
#[inline(always)]
fn score_each(group: &[WordLanes], query: &[[u64; PLANES]], rows: u64, scores: &mut [i32; GROUP]) {
    let blocks = group.chunks_exact(query.len()).zip(scores.chunks_exact_mut(LANES));
    for (number, (block, scores)) in blocks.enumerate() {
        if (rows >> (number * LANES)) as u8 == 0 {
            continue;
        }
        for (score, sum) in scores.iter_mut().zip(sums(block, query)) {
            *score = sum as i32;
        }
    }
}

/// The sums of the query's codes where the rows are positive.
#[inline(always)]
fn sums(block: &[WordLanes], query: &[[u64; PLANES]]) -> [i64; LANES] {
    let mut sums = [0_i64; LANES];
    for (WordLanes(lanes), planes) in block.iter().zip(query) {
        for (sum, word) in sums.iter_mut().zip(lanes) {
            let count = |plane: usize| i64::from((word & planes[plane]).count_ones()) << plane;
            *sum += count(0) + count(1) + count(2) - count(3);
        }
    }
    sums
}
