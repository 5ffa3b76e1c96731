//! Matrices of `f32`, row by row. Sums run in one fixed order: the same on every
//! machine.

/// Rows and columns that are summed up together, in registers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// Adds `left · right` to `out`: `[rows, inner] · [inner, columns]`.
pub(crate) fn add_product(
    out: &mut [f32],
    left: &[f32],
    right: &[f32],
    inner: usize,
    columns: usize,
) {
    debug_assert_eq!(right.len(), inner * columns);
    debug_assert_eq!(out.len() * inner, left.len() * columns);
    let whole = columns - columns % COLUMNS;
    for start in (0..whole).step_by(COLUMNS) {
        let panel = panel(right, columns, start);
        let blocks = out.chunks_mut(ROWS * columns).zip(left.chunks(ROWS * inner));
        for (out, left) in blocks {
            add_tile(out, left, &panel, columns, start);
        }
    }
    for (out, left) in out.chunks_exact_mut(columns).zip(left.chunks_exact(inner)) {
        for (column, sum) in out.iter_mut().enumerate().skip(whole) {
            let right = right[column..].iter().step_by(columns);
            *sum += left.iter().zip(right).map(|(a, b)| a * b).sum::<f32>();
        }
    }
}

/// Some columns of a matrix, beside each other.
fn panel(matrix: &[f32], columns: usize, start: usize) -> Vec<[f32; COLUMNS]> {
    let row = |row: &[f32]| std::array::from_fn(|column| row[start + column]);
    matrix.chunks_exact(columns).map(row).collect()
}

/// Up to [`ROWS`] rows by [`COLUMNS`] columns.
fn add_tile(out: &mut [f32], left: &[f32], panel: &[[f32; COLUMNS]], columns: usize, start: usize) {
    let inner = panel.len();
    let mut sums = [[0.0f32; COLUMNS]; ROWS];
    if left.len() == ROWS * inner {
        let (top, bottom) = left.split_at(2 * inner);
        let (first, second) = top.split_at(inner);
        let (third, fourth) = bottom.split_at(inner);
        let rows = first.iter().zip(second).zip(third.iter().zip(fourth));
        for (((a, b), (c, d)), right) in rows.zip(panel) {
            for column in 0..COLUMNS {
                sums[0][column] += a * right[column];
                sums[1][column] += b * right[column];
                sums[2][column] += c * right[column];
                sums[3][column] += d * right[column];
            }
        }
    } else {
        for (sums, left) in sums.iter_mut().zip(left.chunks_exact(inner)) {
            for (value, right) in left.iter().zip(panel) {
                for column in 0..COLUMNS {
                    sums[column] += value * right[column];
                }
            }
        }
    }
    for (out, sums) in out.chunks_exact_mut(columns).zip(sums) {
        for (out, sum) in out[start..].iter_mut().zip(sums) {
            *out += sum;
        }
    }
}

/// Columns become rows.
pub(crate) fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    let mut turned = Vec::with_capacity(matrix.len());
    for column in 0..columns {
        turned.extend(matrix.iter().skip(column).step_by(columns));
    }
    turned
}

/// A layer: `input · weight + bias`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dense {
    /// `[inputs, outputs]`.
    pub(crate) weight: Vec<f32>,
    /// One per output.
    pub(crate) bias: Vec<f32>,
}

impl Dense {
    pub(crate) fn inputs(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// `[rows, inputs]` to `[rows, outputs]`.
    pub(crate) fn apply(&self, input: &[f32]) -> Vec<f32> {
        let rows = input.len() / self.inputs();
        let mut out = self.bias.repeat(rows);
        add_product(&mut out, input, &self.weight, self.inputs(), self.outputs());
        out
    }
}

/// Negative values become 0.
pub(crate) fn rectify(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matrix(rows: usize, columns: usize) -> Vec<f32> {
        (0..rows * columns).map(|at| ((at * 7919 % 23) as f32 - 11.0) / 4.0).collect()
    }

    proptest! {
        #[test]
        fn the_tiled_product_is_the_plain_one(rows in 1usize..12, inner in 1usize..9, columns in 1usize..21) {
            let (left, right) = (matrix(rows, inner), matrix(inner, columns));
            let mut out = vec![1.0; rows * columns];
            add_product(&mut out, &left, &right, inner, columns);
            for row in 0..rows {
                for column in 0..columns {
                    let plain: f32 = (0..inner)
                        .map(|at| left[row * inner + at] * right[at * columns + column])
                        .sum();
                    prop_assert!((out[row * columns + column] - 1.0 - plain).abs() < 1e-3);
                }
            }
        }

        #[test]
        fn turning_twice_changes_nothing(rows in 1usize..9, columns in 1usize..9) {
            let matrix = matrix(rows, columns);
            prop_assert_eq!(transposed(&transposed(&matrix, columns), rows), matrix);
        }
    }
}
