//! Rows of eight-bit codes, and how far their products can be from the rows'.
//!
//! A row is its codes times a scale, the greatest value over 127. A query is
//! coded alike, so that a product is a sum of integers. By Cauchy and Schwarz
//! it differs from the product of the vectors `q·r` by no more than
//! `|q|·|r - r'| + |q - q'|·|r'|`, where `r'` and `q'` are what the codes stand
//! for. Rows whose product is too far below the best to catch up within this
//! bound cannot be among the nearest; only the others need their exact scores.

use std::ops::Range;

use super::kernels::ScanKernels;
use super::lines::Lines;

/// The longest row whose sums of products stay within 32 bits.
pub(super) const MAX_DIMENSION: usize = 65_536;

/// Added to a code, so that it is stored without a sign: what the instructions
/// multiply is a byte without a sign by one with a sign.
const BIAS: i32 = 128;

/// The meaning of a row's codes.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The value of one step of the code.
    scale: f32,
    /// The length of the coded row.
    norm: f32,
    /// The length of what coding lost; infinite for a row of which a value is
    /// not finite, whose codes mean nothing.
    residual: f32,
}

/// A query in codes.
pub(super) struct CodedQuery {
    codes: Vec<i8>,
    /// To be taken from a sum of products, for the rows' bias.
    offset: i32,
    scale: f32,
    /// The factors of a row's residual and norm in the bound.
    by_residual: f32,
    by_norm: f32,
}

#[derive(Clone)]
pub(super) struct Codes {
    codes: Lines<u8>,
    spans: Vec<Span>,
}

impl Codes {
    pub(super) fn new() -> Self {
        Self { codes: Lines::new(), spans: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.codes.len()
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.codes.size_bytes() + self.spans.capacity() * size_of::<Span>()
    }

    pub(super) fn push(&mut self, row: &[f32]) {
        let (codes, span) = encode(row);
        self.codes.extend(codes.map(biased));
        self.spans.push(span);
    }

    pub(super) fn set(&mut self, number: usize, row: &[f32]) {
        let (codes, span) = encode(row);
        let start = number * row.len();
        let slots = &mut self.codes.as_mut_slice()[start..start + row.len()];
        for (slot, code) in slots.iter_mut().zip(codes) {
            *slot = biased(code);
        }
        self.spans[number] = span;
    }

    /// Returns the values that the codes of a row stand for.
    pub(super) fn get(&self, number: usize, dimension: usize) -> Vec<f32> {
        let codes = &self.codes.as_slice()[number * dimension..(number + 1) * dimension];
        let scale = self.spans[number].scale;
        codes.iter().map(|code| (i32::from(*code) - BIAS) as f32 * scale).collect()
    }

    /// The products of a query's codes with those of `rows`.
    pub(super) fn sums(
        &self,
        kernels: ScanKernels,
        rows: Range<usize>,
        query: &[i8],
        sums: &mut [i32],
    ) {
        let codes = &self.codes.as_slice()[rows.start * query.len()..rows.end * query.len()];
        kernels.scores_u8(codes, query, sums);
    }

    /// All codes, row by row.
    pub(super) fn signed(&self) -> impl ExactSizeIterator<Item = i8> {
        self.codes.as_slice().iter().map(|code| (i32::from(*code) - BIAS) as i8)
    }

    /// The scale of each row: the factor of its codes.
    pub(super) fn scales(&self) -> impl Iterator<Item = f32> {
        self.spans.iter().map(|span| span.scale)
    }

    pub(super) fn spans(&self, rows: Range<usize>) -> &[Span] {
        &self.spans[rows]
    }
}

impl Span {
    /// The score that a sum stands for, and how far it can be from the exact one.
    #[inline]
    pub(super) fn score(&self, query: &CodedQuery, sum: i32) -> (f32, f32) {
        let score = (sum - query.offset) as f32 * (self.scale * query.scale);
        (score, query.by_residual * self.residual + query.by_norm * self.norm)
    }
}

impl CodedQuery {
    pub(super) fn new(query: &[f32]) -> Self {
        let (codes, span) = encode(query);
        let codes: Vec<i8> = codes.collect();
        let norm = length(query.iter().copied());
        // An exact score's rounding, and that of the bound itself.
        let rounding = (query.len() + 8) as f32 * f32::EPSILON;
        Self {
            offset: BIAS * codes.iter().map(|code| i32::from(*code)).sum::<i32>(),
            codes,
            scale: span.scale,
            by_residual: norm * (1.0 + rounding),
            by_norm: span.residual + norm * rounding,
        }
    }

    pub(super) fn codes(&self) -> &[i8] {
        &self.codes
    }
}

/// Codes from -127 to 127. A row with a value that is not finite has a scale
/// that is not a number.
fn encode(row: &[f32]) -> (impl ExactSizeIterator<Item = i8>, Span) {
    let finite = row.iter().all(|value| value.is_finite());
    let greatest = row.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    let scale = if finite { greatest / 127.0 } else { f32::NAN };
    // A subnormal scale has no inverse: such a row is coded as zeros.
    let inverse = if scale >= f32::MIN_POSITIVE { 1.0 / scale } else { 0.0 };
    let code = move |value: &f32| (value * inverse).round() as i8;
    let coded = |value: &f32| f32::from(code(value)) * scale;
    let span = if finite {
        Span {
            scale,
            norm: length(row.iter().map(coded)),
            residual: length(row.iter().map(|value| value - coded(value))),
        }
    } else {
        Span { scale, norm: 0.0, residual: f32::INFINITY }
    };
    (row.iter().map(code), span)
}

fn biased(code: i8) -> u8 {
    (i32::from(code) + BIAS) as u8
}

fn length(values: impl Iterator<Item = f32>) -> f32 {
    values.map(|value| f64::from(value).powi(2)).sum::<f64>().sqrt() as f32
}

pub(super) fn is_finite(values: &[f32]) -> bool {
    values.iter().all(|value| value.is_finite())
}
