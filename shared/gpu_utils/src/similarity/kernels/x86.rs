//! The kernels in AVX-512 (with VNNI) and AVX2 (with FMA and F16C).
//!
//! Each scores tiles of rows and queries, with one accumulator per pair. A
//! pair's sum is thus the same in a tile of any shape: several queries in one
//! scan get the scores that each would get alone.

#![expect(unsafe_code, reason = "vector instructions load through pointers")]

use std::arch::x86_64::*;

use half::f16;

/// Rows of a tile. Four chains of sums hide most of the latency of an addition.
const ROWS: usize = 4;
/// Queries of a tile: with four rows, sixteen accumulators.
const QUERIES: usize = 4;
/// How far ahead of the sums memory is asked for: the time it takes to come.
const AHEAD_BYTES: usize = 6 << 10;

/// Defines a kernel `$scores`, and its tile.
///
/// `$step` adds the products of `$width` values to an accumulator, `$sum` adds
/// its lanes, and `$rest` multiplies one value of what the width leaves over.
macro_rules! kernel {
    (
        $scores:ident, $tile:ident, $features:literal,
        ($row:ty, $query:ty) -> $score:ty,
        $width:literal, $zero:ident, $step:ident, $sum:ident, $rest:expr
    ) => {
        /// # Safety
        /// The processor has the features.
        #[target_feature(enable = $features)]
        pub(super) unsafe fn $scores(
            rows: &[$row],
            queries: &[$query],
            dimension: usize,
            scores: &mut [$score],
        ) {
            let count = rows.len() / dimension;
            let query_count = queries.len() / dimension;
            assert_eq!(scores.len(), count * query_count, "one score for each pair");
            let mut query = 0;
            while query < query_count {
                let tall = query + QUERIES <= query_count;
                let (mut row, mut at) = (0, [0; 2]);
                while row < count {
                    let wide = row + ROWS <= count;
                    at[0] = row;
                    at[1] = query;
                    // SAFETY: the tile ends before `count` and `query_count`, so that
                    // it lies within the slices; the features are the caller's.
                    unsafe {
                        let tile = |r: usize, q: usize| {
                            (rows.as_ptr().add(r * dimension), queries.as_ptr().add(q * dimension))
                        };
                        let (r, q) = tile(row, query);
                        match (wide, tall) {
                            (true, true) => {
                                $tile::<ROWS, QUERIES>(r, q, dimension, scores, count, at)
                            }
                            (true, false) => $tile::<ROWS, 1>(r, q, dimension, scores, count, at),
                            (false, true) => {
                                $tile::<1, QUERIES>(r, q, dimension, scores, count, at)
                            }
                            (false, false) => $tile::<1, 1>(r, q, dimension, scores, count, at),
                        }
                    }
                    row += if wide { ROWS } else { 1 };
                }
                query += if tall { QUERIES } else { 1 };
            }
        }

        /// Scores `R` rows and `Q` queries; `at` is the first pair's place in `scores`.
        ///
        /// # Safety
        /// The processor has the features, and both pointers are followed by
        /// `R` and `Q` times `dimension` values.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $tile<const R: usize, const Q: usize>(
            rows: *const $row,
            queries: *const $query,
            dimension: usize,
            scores: &mut [$score],
            count: usize,
            at: [usize; 2],
        ) {
            let mut sums = [[$zero(); R]; Q];
            let whole = dimension - dimension % $width;
            let mut i = 0;
            while i < whole {
                for r in 0..R {
                    // SAFETY: `i + $width <= dimension`, within the row and the query.
                    // A prefetch does not fault, wherever it points.
                    unsafe {
                        let row = rows.add(r * dimension + i);
                        let ahead = row.cast::<i8>().wrapping_add(AHEAD_BYTES);
                        _mm_prefetch::<_MM_HINT_T0>(ahead);
                        for q in 0..Q {
                            sums[q][r] = $step(sums[q][r], row, queries.add(q * dimension + i));
                        }
                    }
                }
                i += $width;
            }
            for q in 0..Q {
                for r in 0..R {
                    let mut score = $sum(sums[q][r]);
                    for i in whole..dimension {
                        // SAFETY: `i < dimension`.
                        let (a, b) = unsafe {
                            (*rows.add(r * dimension + i), *queries.add(q * dimension + i))
                        };
                        score += $rest(a, b);
                    }
                    scores[(at[1] + q) * count + at[0] + r] = score;
                }
            }
        }
    };
}

macro_rules! step {
    ($name:ident, $features:literal, $sums:ty, $row:ty, $query:ty, |$acc:ident, $r:ident, $q:ident| $body:expr) => {
        /// # Safety
        /// Both pointers are followed by as many values as a register takes.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $name($acc: $sums, $r: *const $row, $q: *const $query) -> $sums {
            // SAFETY: the loads read what the caller promises; none needs an alignment.
            unsafe { $body }
        }
    };
}

/// The steps over floats of one register width: a fused multiplication and addition.
macro_rules! steps {
    (
        $features:literal, $sums:ty,
        $f32s:ident($load_f32:ident, $fused:ident),
        $f16s:ident($widen:ident, $load_f16:ident)
    ) => {
        step!($f32s, $features, $sums, f32, f32, |acc, row, query| {
            $fused($load_f32(row), $load_f32(query), acc)
        });
        step!($f16s, $features, $sums, f16, f32, |acc, row, query| {
            $fused($widen($load_f16(row.cast())), $load_f32(query), acc)
        });
    };
}

steps!(
    "avx512f",
    __m512,
    step_f32_512(_mm512_loadu_ps, _mm512_fmadd_ps),
    step_f16_512(_mm512_cvtph_ps, _mm256_loadu_si256)
);
steps!(
    "avx2,fma,f16c",
    __m256,
    step_f32_256(_mm256_loadu_ps, _mm256_fmadd_ps),
    step_f16_256(_mm256_cvtph_ps, _mm_loadu_si128)
);
step!(step_u8_512, "avx512f,avx512vnni", __m512i, u8, i8, |acc, row, query| {
    let (row, query) = (_mm512_loadu_si512(row.cast()), _mm512_loadu_si512(query.cast()));
    _mm512_dpbusd_epi32(acc, row, query)
});
step!(step_u8_256, "avx2", __m256i, u8, i8, |acc, row, query| {
    let row = _mm256_cvtepu8_epi16(_mm_loadu_si128(row.cast()));
    let query = _mm256_cvtepi8_epi16(_mm_loadu_si128(query.cast()));
    _mm256_add_epi32(acc, _mm256_madd_epi16(row, query))
});

#[inline]
#[target_feature(enable = "avx2")]
fn sum_ps_256(sums: __m256) -> f32 {
    let halves = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps::<1>(sums));
    let pairs = _mm_add_ps(halves, _mm_movehl_ps(halves, halves));
    _mm_cvtss_f32(_mm_add_ss(pairs, _mm_movehdup_ps(pairs)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum_epi32_256(sums: __m256i) -> i32 {
    let halves = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256::<1>(sums));
    let pairs = _mm_add_epi32(halves, _mm_shuffle_epi32::<0b1110>(halves));
    _mm_cvtsi128_si32(_mm_add_epi32(pairs, _mm_shuffle_epi32::<0b01>(pairs)))
}

fn rest_f32(row: f32, query: f32) -> f32 {
    row * query
}

fn rest_f16(row: f16, query: f32) -> f32 {
    row.to_f32() * query
}

fn rest_u8(row: u8, query: i8) -> i32 {
    i32::from(row) * i32::from(query)
}

kernel!(scores_f32_512, tile_f32_512, "avx512f", (f32, f32) -> f32,
    16, _mm512_setzero_ps, step_f32_512, _mm512_reduce_add_ps, rest_f32);
kernel!(scores_f16_512, tile_f16_512, "avx512f", (f16, f32) -> f32,
    16, _mm512_setzero_ps, step_f16_512, _mm512_reduce_add_ps, rest_f16);
kernel!(scores_u8_512, tile_u8_512, "avx512f,avx512vnni", (u8, i8) -> i32,
    64, _mm512_setzero_si512, step_u8_512, _mm512_reduce_add_epi32, rest_u8);
kernel!(scores_f32_256, tile_f32_256, "avx2,fma,f16c", (f32, f32) -> f32,
    8, _mm256_setzero_ps, step_f32_256, sum_ps_256, rest_f32);
kernel!(scores_f16_256, tile_f16_256, "avx2,fma,f16c", (f16, f32) -> f32,
    8, _mm256_setzero_ps, step_f16_256, sum_ps_256, rest_f16);
kernel!(scores_u8_256, tile_u8_256, "avx2", (u8, i8) -> i32,
    16, _mm256_setzero_si256, step_u8_256, sum_epi32_256, rest_u8);
