//! The nearest rows of a resident matrix, by cosine.
//!
//! Rows and queries have unit length, so the cosine is the dot product. The
//! scan sees every row; only [`RowFormat::Int8`] gives scores that are not
//! those of the rows as they are kept.

mod codes;
pub mod device;
mod hybrid;
mod kernels;
mod lines;
pub(crate) mod nearest;
mod rows;
mod scan;

use codes::Codes;
use kernels::Kernels;
use lines::Lines;
use rows::Floats;

pub use hybrid::{HybridMatrix, NotOnGpu};

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

/// In what precision rows are kept, and what a scan reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFormat {
    /// Four bytes per value.
    F32,
    /// Two bytes per value. A cosine is off by at most about 0.0005.
    F16,
    /// One byte per value and a scale per row. A cosine is off by about 0.001
    /// in 384 dimensions, and near neighbours can change places.
    Int8,
    /// Five bytes per value, of which a scan reads one: rows that can be among
    /// the nearest are scored again. The result is that of [`RowFormat::F32`].
    Int8WithF32,
    /// Three bytes per value, of which a scan reads one; as
    /// [`RowFormat::Int8WithF32`], with the result of [`RowFormat::F16`].
    Int8WithF16,
}

/// Rows of unit length, one behind the other in memory.
#[derive(Clone)]
pub struct Matrix {
    dimension: usize,
    format: RowFormat,
    rows: Rows,
}

#[derive(Clone)]
enum Rows {
    Floats(Floats),
    Codes(Codes),
    Both(Codes, Floats),
}

impl Matrix {
    /// An empty matrix whose rows have `dimension` values of [`RowFormat::F32`].
    ///
    /// # Panics
    /// If `dimension` is 0.
    pub fn new(dimension: usize) -> Self {
        Self::with_format(dimension, RowFormat::F32)
    }

    /// An empty matrix whose rows have `dimension` values.
    ///
    /// # Panics
    /// If `dimension` is 0, or more than 65,536 in a format of [`RowFormat::Int8`].
    pub fn with_format(dimension: usize, format: RowFormat) -> Self {
        assert!(dimension > 0, "a row has at least one value");
        let codes = || {
            assert!(dimension <= codes::MAX_DIMENSION, "{dimension} values are too many for int8");
            Codes::new()
        };
        let f32s = || Floats::F32(Lines::new());
        let f16s = || Floats::F16(Lines::new());
        let rows = match format {
            RowFormat::F32 => Rows::Floats(f32s()),
            RowFormat::F16 => Rows::Floats(f16s()),
            RowFormat::Int8 => Rows::Codes(codes()),
            RowFormat::Int8WithF32 => Rows::Both(codes(), f32s()),
            RowFormat::Int8WithF16 => Rows::Both(codes(), f16s()),
        };
        Self { dimension, format, rows }
    }

    /// Values per row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// How rows are kept.
    pub fn format(&self) -> RowFormat {
        self.format
    }

    /// How many rows.
    pub fn len(&self) -> usize {
        let values = match &self.rows {
            Rows::Floats(floats) => floats.len(),
            Rows::Codes(codes) | Rows::Both(codes, _) => codes.len(),
        };
        values / self.dimension
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory taken, in bytes.
    pub fn size_bytes(&self) -> usize {
        match &self.rows {
            Rows::Floats(floats) => floats.size_bytes(),
            Rows::Codes(codes) => codes.size_bytes(),
            Rows::Both(codes, floats) => codes.size_bytes() + floats.size_bytes(),
        }
    }

    /// The row with number `row` as it is kept, in the best precision there
    /// is, if there is such a row.
    pub fn row(&self, row: usize) -> Option<Vec<f32>> {
        (row < self.len()).then(|| match &self.rows {
            Rows::Floats(floats) | Rows::Both(_, floats) => {
                floats.get(row * self.dimension, self.dimension)
            }
            Rows::Codes(codes) => codes.get(row, self.dimension),
        })
    }

    /// Appends a row and returns its number.
    ///
    /// # Errors
    /// [`DimensionError`]: nothing was appended.
    pub fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError> {
        self.fit(values)?;
        let number = self.len();
        match &mut self.rows {
            Rows::Floats(floats) => floats.push(values),
            Rows::Codes(codes) => codes.push(values),
            Rows::Both(codes, floats) => {
                floats.push(values);
                codes.push(&floats.get(number * self.dimension, self.dimension));
            }
        }
        Ok(number)
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
        match &mut self.rows {
            Rows::Floats(floats) => floats.set(start, values),
            Rows::Codes(codes) => codes.set(row, values),
            Rows::Both(codes, floats) => {
                floats.set(start, values);
                codes.set(row, &floats.get(start, self.dimension));
            }
        }
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
        let mut found = self.search(query, k, admit);
        Ok(found.pop().expect("one query has one result"))
    }

    /// What [`Self::top_k`] finds for each of `queries`, in one scan. What a
    /// scan of a large matrix costs is reading it, whatever the queries.
    ///
    /// # Errors
    /// [`DimensionError`] if a query does not fit: none was searched.
    pub fn top_k_batch(
        &self,
        queries: &[impl AsRef<[f32]>],
        k: usize,
        admit: impl Fn(usize) -> bool,
    ) -> Result<Vec<Vec<Scored>>, DimensionError> {
        let mut values = Vec::with_capacity(queries.len() * self.dimension);
        for query in queries {
            self.fit(query.as_ref())?;
            values.extend_from_slice(query.as_ref());
        }
        Ok(self.search(&values, k, admit))
    }

    /// `queries`: `[m, dimension]`.
    fn search(&self, queries: &[f32], k: usize, admit: impl Fn(usize) -> bool) -> Vec<Vec<Scored>> {
        let (k, dimension) = (k.min(self.len()), self.dimension);
        let ranges = scan::admitted(if k == 0 { 0 } else { self.len() }, admit);
        match &self.rows {
            Rows::Floats(floats) => scan::nearest(floats, dimension, queries, k, ranges),
            Rows::Codes(codes) => scan::nearest_codes(codes, dimension, queries, k, ranges),
            // The bound says nothing of a query without codes.
            Rows::Both(_, floats) if !codes::is_finite(queries) => {
                scan::nearest(floats, dimension, queries, k, ranges)
            }
            Rows::Both(codes, floats) => {
                let candidates = scan::candidates(codes, dimension, queries, k, ranges);
                let exact = |(query, rows): (&[f32], Vec<usize>)| {
                    let rows = rows.into_iter().map(|row| row..row + 1);
                    scan::nearest(floats, dimension, query, k, rows).remove(0)
                };
                queries.chunks(dimension).zip(candidates).map(exact).collect()
            }
        }
    }

    fn fit(&self, values: &[f32]) -> Result<(), DimensionError> {
        if values.len() == self.dimension {
            Ok(())
        } else {
            Err(DimensionError { expected: self.dimension, found: values.len() })
        }
    }
}

impl std::fmt::Debug for Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Matrix")
            .field("dimension", &self.dimension)
            .field("format", &self.format)
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

/// The dot product of two vectors of the same length; of longer ones, what
/// exceeds the shorter is ignored.
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let dimension = a.len().min(b.len());
    let mut score = [0.0];
    if dimension > 0 {
        Kernels::detect().scores_f32(&a[..dimension], &b[..dimension], dimension, &mut score);
    }
    score[0]
}

#[cfg(test)]
mod tests;
