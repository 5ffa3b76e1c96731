//! Dense rows of equal length.

/// Row-major values, `[rows, columns]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DenseMatrix {
    columns: usize,
    values: Vec<f32>,
}

impl DenseMatrix {
    /// An empty matrix whose rows will have `columns` values, 1 or more.
    pub fn new(columns: usize) -> Self {
        debug_assert!(columns > 0, "rows of nothing cannot be counted");
        Self { columns, values: Vec::new() }
    }

    /// Takes values that are rows already; `None` where their number is no
    /// multiple of `columns`.
    pub fn from_values(columns: usize, values: Vec<f32>) -> Option<Self> {
        (columns > 0 && values.len().is_multiple_of(columns)).then_some(Self { columns, values })
    }

    /// Adds a row at the end.
    ///
    /// # Panics
    /// If the row has another length than the others.
    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.columns, "rows have equal length");
        self.values.extend_from_slice(row);
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.values.len().checked_div(self.columns).unwrap_or(0)
    }

    /// Returns the number of values per row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One row.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.columns..][..self.columns]
    }

    /// All rows, first to last.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.columns.max(1))
    }
}

/// The sum of the products, in double precision: sums of thousands of terms stay
/// the same to the last digit that is told.
pub fn dot(a: &[f32], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_pushed() {
        let mut matrix = DenseMatrix::new(2);
        matrix.push(&[1.0, 2.0]);
        matrix.push(&[3.0, 4.0]);
        assert_eq!((matrix.rows(), matrix.columns()), (2, 2));
        assert_eq!(matrix.row(1), [3.0, 4.0]);
        assert_eq!(matrix.iter().map(|row| row[0]).collect::<Vec<_>>(), [1.0, 3.0]);
    }

    #[test]
    fn values_that_make_no_whole_rows_are_refused() {
        assert_eq!(DenseMatrix::from_values(2, vec![1.0; 3]), None);
        assert_eq!(DenseMatrix::from_values(0, Vec::new()), None);
        assert_eq!(DenseMatrix::from_values(3, vec![1.0; 6]).unwrap().rows(), 2);
    }
}
