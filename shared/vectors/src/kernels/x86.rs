//! The kernels in AVX-512 (with VNNI) and AVX2 (with FMA and F16C).
//!
//! Each scores tiles of rows with a query, with one accumulator per row. A row's
//! sum is thus the same in a tile as alone.

#![expect(unsafe_code, reason = "vector instructions load through pointers")]

use std::arch::x86_64::*;

use half::f16;

/// Rows of a tile. Four chains of sums hide most of the latency of an addition.
const ROWS: usize = 4;
/// The distance ahead of the sums at which memory is asked for: the time it takes to
/// come.
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
        pub(super) unsafe fn $scores(rows: &[$row], query: &[$query], scores: &mut [$score]) {
            let dimension = query.len();
            let count = rows.len() / dimension;
            assert_eq!(scores.len(), count, "one score for each row");
            let mut row = 0;
            while row < count {
                let wide = row + ROWS <= count;
                // SAFETY: the tile ends before `count`, so that it lies within the
                // rows; the features are the caller's.
                unsafe {
                    let first = rows.as_ptr().add(row * dimension);
                    match wide {
                        true => $tile::<ROWS>(first, query, &mut scores[row..]),
                        false => $tile::<1>(first, query, &mut scores[row..]),
                    }
                }
                row += if wide { ROWS } else { 1 };
            }
        }

        /// Scores `R` rows into the first of `scores`.
        ///
        /// # Safety
        /// The processor has the features, and `R` rows as long as the query follow the
        /// pointer.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn $tile<const R: usize>(
            rows: *const $row,
            query: &[$query],
            scores: &mut [$score],
        ) {
            let dimension = query.len();
            let mut sums = [$zero(); R];
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
                        sums[r] = $step(sums[r], row, query.as_ptr().add(i));
                    }
                }
                i += $width;
            }
            for r in 0..R {
                let mut score = $sum(sums[r]);
                for i in whole..dimension {
                    // SAFETY: `i < dimension`, within the row.
                    let value = unsafe { *rows.add(r * dimension + i) };
                    score += $rest(value, query[i]);
                }
                scores[r] = score;
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
