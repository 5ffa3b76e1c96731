//! The interface between a collection of rows and the device that searches it.

use std::error::Error;

use crate::{DimensionError, Matrix, ScoredRow};

/// Rows that can be changed and searched: a [`Matrix`] on the CPU, or one with a copy on a
/// device.
pub trait Scan: Send + Sync {
    /// Appends a row and returns its number.
    ///
    /// # Errors
    /// [`DimensionError`]: nothing was appended.
    fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError>;

    /// Overwrites a row.
    ///
    /// # Errors
    /// [`DimensionError`]: the row is unchanged.
    ///
    /// # Panics
    /// If there is no such row.
    fn set(&mut self, row: usize, values: &[f32]) -> Result<(), DimensionError>;

    /// The `k` rows with the greatest cosine among those that `admit` accepts, best
    /// first.
    ///
    /// # Errors
    /// [`DimensionError`] if the query does not fit.
    fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<ScoredRow>, DimensionError>;
}

/// A function that places the rows of a matrix on the device that searches them, or fails with
/// the reason why that is impossible.
pub type ScanPlacement =
    Box<dyn FnOnce(Matrix) -> Result<Box<dyn Scan>, Box<dyn Error + Send + Sync>> + Send>;

/// Returns the [`ScanPlacement`] that searches a matrix on the CPU.
pub fn on_cpu() -> ScanPlacement {
    Box::new(|matrix| Ok(Box::new(matrix)))
}

impl Scan for Matrix {
    fn push(&mut self, values: &[f32]) -> Result<usize, DimensionError> {
        Self::push(self, values)
    }

    fn set(&mut self, row: usize, values: &[f32]) -> Result<(), DimensionError> {
        Self::set(self, row, values)
    }

    fn top_k(
        &self,
        query: &[f32],
        k: usize,
        admit: &dyn Fn(usize) -> bool,
    ) -> Result<Vec<ScoredRow>, DimensionError> {
        Self::top_k(self, query, k, admit)
    }
}
