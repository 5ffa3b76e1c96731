//! Rows of unit length in memory, and their nearest ones by cosine.

use half::f16;

use crate::codes::{self, Codes};
use crate::lines::Lines;
use crate::nearest::ScoredRow;
use crate::rows::Floats;
use crate::search;

/// A vector whose dimension differs from that of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a vector of dimension {found} does not fit a matrix of dimension {expected}")]
pub struct DimensionError {
    /// The matrix's dimension.
    pub expected: usize,
    /// The vector's.
    pub found: usize,
}

/// The precision in which rows are kept.
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
}

/// The values of all rows, one row after the other, in the best precision that is kept.
pub enum RowValues<'a> {
    /// The rows of [`RowFormat::F32`] and [`RowFormat::Int8WithF32`].
    F32(&'a [f32]),
    /// The rows of [`RowFormat::F16`].
    F16(&'a [f16]),
    /// The rows of [`RowFormat::Int8`].
    Int8 {
        /// From -127 to 127.
        codes: Vec<i8>,
        /// The value of one step of the code, for each row.
        scales: Vec<f32>,
    },
}

/// Rows of unit length, one after the other in memory.
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
    /// Makes an empty matrix whose rows have `dimension` values of [`RowFormat::F32`].
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
        };
        Self { dimension, format, rows }
    }

    /// Values per row.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The precision in which rows are kept.
    pub fn format(&self) -> RowFormat {
        self.format
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        let values = match &self.rows {
            Rows::Floats(floats) => floats.len(),
            Rows::Codes(codes) | Rows::Both(codes, _) => codes.len(),
        };
        values / self.dimension
    }

    /// Returns true if there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory that the matrix takes, in bytes.
    pub fn size_bytes(&self) -> usize {
        match &self.rows {
            Rows::Floats(floats) => floats.size_bytes(),
            Rows::Codes(codes) => codes.size_bytes(),
            Rows::Both(codes, floats) => codes.size_bytes() + floats.size_bytes(),
        }
    }

    /// Returns the row with number `row` in the best precision that is kept, if it exists.
    pub fn row(&self, row: usize) -> Option<Vec<f32>> {
        (row < self.len()).then(|| match &self.rows {
            Rows::Floats(floats) | Rows::Both(_, floats) => {
                floats.get(row * self.dimension, self.dimension)
            }
            Rows::Codes(codes) => codes.get(row, self.dimension),
        })
    }

    /// Returns all rows, for a copy in other memory.
    pub fn values(&self) -> RowValues<'_> {
        match &self.rows {
            Rows::Floats(Floats::F32(values)) | Rows::Both(_, Floats::F32(values)) => {
                RowValues::F32(values.as_slice())
            }
            Rows::Floats(Floats::F16(values)) | Rows::Both(_, Floats::F16(values)) => {
                RowValues::F16(values.as_slice())
            }
            Rows::Codes(codes) => RowValues::Int8 {
                codes: codes.signed().collect(),
                scales: codes.scales().collect(),
            },
        }
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

    /// Returns the `k` rows with the greatest cosine, best first. Rows with equal scores are in
    /// the order of their numbers. Rows that `admit` refuses are not scored, and rows whose
    /// score is NaN are left out.
    ///
    /// # Errors
    /// [`DimensionError`] if the query does not fit.
    pub fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: impl Fn(usize) -> bool,
    ) -> Result<Vec<ScoredRow>, DimensionError> {
        self.fit(query)?;
        let k = k.min(self.len());
        let ranges = search::admitted(if k == 0 { 0 } else { self.len() }, admit);
        Ok(match &self.rows {
            Rows::Floats(floats) => search::nearest(floats, query, k, ranges),
            Rows::Codes(codes) => search::nearest_codes(codes, query, k, ranges),
            // The bound says nothing about a query without codes.
            Rows::Both(_, floats) if !codes::is_finite(query) => {
                search::nearest(floats, query, k, ranges)
            }
            Rows::Both(codes, floats) => {
                let rows = search::candidates(codes, query, k, ranges);
                search::nearest(floats, query, k, rows.into_iter().map(|row| row..row + 1))
            }
        })
    }

    /// Checks the dimension of a vector.
    ///
    /// # Errors
    /// [`DimensionError`] if it differs from the dimension of the rows.
    pub fn fit(&self, values: &[f32]) -> Result<(), DimensionError> {
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

#[cfg(test)]
mod tests;
