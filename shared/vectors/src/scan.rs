//! The seam between rows that are searched and the device that searches them.

use std::error::Error;

use crate::{DimensionError, Matrix, Scored};

/// Rows that follow their changes and are searched: a [`Matrix`] on the CPU, or one
/// with a copy on a device.
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
    ) -> Result<Vec<Scored>, DimensionError>;
}

/// Decides where the rows of a matrix are searched, or says why they cannot be searched
/// there.
pub type Place =
    Box<dyn FnOnce(Matrix) -> Result<Box<dyn Scan>, Box<dyn Error + Send + Sync>> + Send>;

/// The [`Place`] of a matrix that the CPU searches.
pub fn on_cpu() -> Place {
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
    ) -> Result<Vec<Scored>, DimensionError> {
        Self::top_k(self, query, k, admit)
    }
}
