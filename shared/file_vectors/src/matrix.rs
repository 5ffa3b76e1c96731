//! All vectors in memory, for a device that compares them exactly.

use std::collections::HashMap;

use courant_vectors::{DimensionError, Matrix, RowFormat, RowSet, Scan, ScanPlacement};
use rusqlite::Connection;

use crate::error::Error;
use crate::tables::{each, row_number};

/// One matrix row per article, and the article's number.
pub(crate) struct MatrixRows {
    matrix: Box<dyn Scan>,
    index: Index,
}

#[derive(Default)]
struct Index {
    numbers: Vec<u32>,
    /// False for an all-zero vector: it has no direction, so it is near nothing.
    has_direction: Vec<bool>,
    places: HashMap<u32, usize>,
}

impl MatrixRows {
    /// Loads the vectors of a file, and puts them where `place` says.
    pub(crate) fn load(
        connection: &Connection,
        dimension: usize,
        place: ScanPlacement,
    ) -> Result<Self, Error> {
        let mut matrix = Matrix::with_format(dimension, RowFormat::Int8WithF32);
        let mut index = Index::default();
        each(connection, |number, vector| {
            let set = index.set(&mut matrix, row_number(number)?, &vector);
            set.map_err(|error| Error::corrupt("vector", error))
        })?;
        let matrix = place(matrix).map_err(Error::Place)?;
        Ok(Self { matrix, index })
    }

    pub(crate) fn set(&mut self, number: u32, vector: &[f32]) -> Result<(), DimensionError> {
        self.index.set(self.matrix.as_mut(), number, vector)
    }

    pub(crate) fn nearest(
        &self,
        query: &[f32],
        limit: usize,
        among: Option<&RowSet>,
    ) -> Result<Vec<(u32, f32)>, Error> {
        let Index { numbers, has_direction, .. } = &self.index;
        let is_wanted = |row: usize| among.is_none_or(|among| among.contains(numbers[row]));
        let best = self.matrix.top_k(query, limit, &|row| has_direction[row] && is_wanted(row))?;
        Ok(best.into_iter().map(|scored| (numbers[scored.row], scored.score)).collect())
    }
}

impl Index {
    fn set(
        &mut self,
        matrix: &mut dyn Scan,
        number: u32,
        vector: &[f32],
    ) -> Result<(), DimensionError> {
        let has_direction = vector.iter().any(|value| *value != 0.0);
        if let Some(row) = self.places.get(&number) {
            matrix.set(*row, vector)?;
            self.has_direction[*row] = has_direction;
            return Ok(());
        }
        let row = matrix.push(vector)?;
        self.numbers.push(number);
        self.has_direction.push(has_direction);
        self.places.insert(number, row);
        Ok(())
    }
}
