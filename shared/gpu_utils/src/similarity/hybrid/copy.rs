//! The rows that a copy has as they are now, and a search over these and the others.

use courant_vectors::{DimensionError, Matrix, NearestRows, ScoredRow};

/// A copy is stale when one row in this many is not in it.
const STALE: usize = 8;

/// The rows that were copied.
#[derive(Debug)]
pub(super) struct Copied {
    /// For each row that there was: whether it still is what it was.
    same: Vec<bool>,
    changed: usize,
}

impl Copied {
    /// All `rows` were.
    pub(super) fn of(rows: usize) -> Self {
        Self { same: vec![true; rows], changed: 0 }
    }

    /// The original of a row is another now.
    pub(super) fn changed(&mut self, row: usize) {
        if let Some(same) = self.same.get_mut(row)
            && std::mem::replace(same, false)
        {
            self.changed += 1;
        }
    }

    /// True where too much of a matrix of `rows` rows, which only grows, is not in the copy.
    pub(super) fn is_stale(&self, rows: usize) -> bool {
        let added = rows.saturating_sub(self.same.len());
        (added + self.changed) * STALE > rows
    }

    /// The `k` best rows of `matrix`: of those copied as `copy` finds them among the
    /// rows that it may admit, and of the others by a scan here.
    ///
    /// # Errors
    /// Those of `copy`, or [`DimensionError`] if the query does not fit.
    pub(super) fn top_k<E: From<DimensionError>>(
        &self,
        matrix: &Matrix,
        query: &[f32],
        k: usize,
        admit: impl Fn(usize) -> bool,
        copy: impl FnOnce(&dyn Fn(usize) -> bool) -> Result<Vec<ScoredRow>, E>,
    ) -> Result<Vec<ScoredRow>, E> {
        let found = copy(&|row| self.has(row) && admit(row))?;
        let others = matrix.top_k(query, k, |row| !self.has(row) && admit(row))?;
        let mut best = NearestRows::new(k.min(matrix.len()));
        for scored in found.into_iter().chain(others) {
            best.offer(scored);
        }
        Ok(best.into_sorted())
    }

    fn has(&self, row: usize) -> bool {
        self.same.get(row).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Rows of small integers, so that sums are exact.
    fn matrix(rows: &[Vec<i8>]) -> Matrix {
        let mut matrix = Matrix::new(3);
        for row in rows {
            let values: Vec<f32> = row.iter().copied().map(f32::from).collect();
            matrix.push(&values).unwrap();
        }
        matrix
    }

    proptest! {
        #[test]
        fn a_copy_that_lags_behind_finds_what_the_matrix_has(
            rows in vec(vec(-3_i8..=3, 3), 1..60),
            copied in 0_usize..60,
            changes in vec((0_usize..60, vec(-3_i8..=3, 3)), 0..9),
            k in 0_usize..12,
        ) {
            let copy_of = copied.min(rows.len());
            let on_device = matrix(&rows[..copy_of]);
            let (mut now, mut copied) = (rows.clone(), Copied::of(copy_of));
            for (row, values) in changes.into_iter().filter(|(row, _)| *row < rows.len()) {
                now[row] = values;
                copied.changed(row);
            }
            let (matrix, query) = (matrix(&now), [1.0, -2.0, 0.5]);
            let admit = |row: usize| !row.is_multiple_of(5);
            let found = copied.top_k(&matrix, &query, k, admit, |admit| {
                on_device.top_k(&query, k, admit)
            });
            prop_assert_eq!(found, matrix.top_k(&query, k, admit));
        }
    }

    #[test]
    fn a_copy_is_stale_when_an_eighth_is_missing() {
        let mut copied = Copied::of(70);
        assert!(!copied.is_stale(70) && !copied.is_stale(80) && copied.is_stale(81));
        (0..9).for_each(|row| copied.changed(row));
        copied.changed(3);
        assert!(copied.is_stale(72) && copied.is_stale(70));
        assert!(!Copied::of(0).is_stale(0) && Copied::of(0).is_stale(1));
    }
}
