//! The nearest rows of a resident matrix, by cosine.
//!
//! Rows and queries have unit length, so the cosine is the dot product. The
//! scan is exact: every row is scored in `f32`.

mod nearest;

use nearest::Nearest;

/// Independent sums per dot product. Sixteen let LLVM keep them in vector
/// registers of any width (SSE2 to AVX-512), without reordering a float sum.
const LANES: usize = 16;

/// A vector has another dimension than the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a vector of dimension {found} does not fit a matrix of dimension {expected}")]
pub struct DimensionError {
    /// The matrix's dimension.
    pub expected: usize,
    /// The vector's.
    pub found: usize,
}

/// A row and its cosine with the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// The row's number.
    pub row: usize,
    /// -1 to 1.
    pub score: f32,
}

/// Rows of unit length, one behind the other in memory.
#[derive(Clone, Debug)]
pub struct Matrix {
    dimension: usize,
    values: Vec<f32>,
}

impl Matrix {
    /// An empty matrix whose rows have `dimension` values.
    ///
    /// # Panics
    /// If `dimension` is 0.
    pub fn new(dimension: usize) -> Self {
        assert!(dimension > 0, "a row has at least one value");
        Self { dimension, values: Vec::new() }
    }

    /// Values per row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dimension
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Memory taken, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.values.capacity() * size_of::<f32>()
    }

    /// The row with number `row`, if there is one.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        self.values.chunks_exact(self.dimension).nth(row)
    }

    /// Appends a row and returns its number.
    ///
    /// # Errors
    /// [`DimensionError`]: nothing was appended.
    pub fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError> {
        self.fit(values)?;
        self.values.extend_from_slice(values);
        Ok(self.len() - 1)
    }

    /// Overwrites a row.
    ///
    /// # Errors
    /// [`DimensionError`]: the row is unchanged.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn set(&mut self, row: usize, values: &[f32]) -> Result<(), DimensionError> {
        self.fit(values)?;
        let start = row * self.dimension;
        self.values[start..start + self.dimension].copy_from_slice(values);
        Ok(())
    }

    /// The `k` rows with the greatest cosine, best first; equal ones in the
    /// order of their rows. Rows that `admit` refuses are not scored, and rows
    /// whose score is not a number are left out.
    ///
    /// # Errors
    /// [`DimensionError`] if the query does not fit.
    pub fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: impl Fn(usize) -> bool,
    ) -> Result<Vec<Scored>, DimensionError> {
        self.fit(query)?;
        let mut nearest = Nearest::new(k.min(self.len()));
        for (row, values) in self.values.chunks_exact(self.dimension).enumerate() {
            if admit(row) {
                nearest.offer(Scored { row, score: dot(query, values) });
            }
        }
        Ok(nearest.into_sorted())
    }

    fn fit(&self, values: &[f32]) -> Result<(), DimensionError> {
        if values.len() == self.dimension {
            Ok(())
        } else {
            Err(DimensionError { expected: self.dimension, found: values.len() })
        }
    }
}

/// The dot product of two vectors of the same length; of longer ones, what
/// exceeds the shorter is ignored.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_lanes, a_rest) = a.as_chunks::<LANES>();
    let (b_lanes, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (x, y) in a_lanes.iter().zip(b_lanes) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests;
