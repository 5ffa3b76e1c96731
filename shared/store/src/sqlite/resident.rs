//! The vectors in memory.

use std::collections::HashMap;

use courant_article::ArticleId;
use courant_vectors::{DimensionError, Matrix, RowFormat, Scan, ScanPlacement};
use rusqlite::Connection;

use crate::columns::{article_id, corrupt};
use crate::error::Error;

/// The vectors of all articles.
pub(crate) struct Resident {
    matrix: Box<dyn Scan>,
    rows: Rows,
}

/// One matrix row per article, and whose it is.
#[derive(Default)]
struct Rows {
    ids: Vec<ArticleId>,
    /// False for an all-zero vector: it has no direction, so it is near nothing.
    has_direction: Vec<bool>,
    places: HashMap<ArticleId, usize>,
}

impl Resident {
    /// Loads the vectors of a file, and puts them where `place` says.
    ///
    /// # Errors
    /// [`Error::Place`] if they cannot be there, or what SQLite meets.
    pub(crate) fn load(
        connection: &Connection,
        dimension: usize,
        place: ScanPlacement,
    ) -> Result<Self, Error> {
        let mut matrix = Matrix::with_format(dimension, RowFormat::Int8WithF32);
        let mut known = Rows::default();
        let mut statement = connection.prepare("SELECT id, vector FROM article ORDER BY number")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = article_id(row.get_ref(0)?.as_blob().map_err(|e| corrupt("id", e))?)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(|e| corrupt("vector", e))?;
            let vector = from_bytes(bytes)?;
            known.set(&mut matrix, id, &vector).map_err(|e| corrupt("vector", e))?;
        }
        let matrix = place(matrix).map_err(|reason| Error::Place(reason.into()))?;
        Ok(Self { matrix, rows: known })
    }

    /// Adds or replaces an article's vector.
    pub(crate) fn set(&mut self, id: ArticleId, vector: &[f32]) -> Result<(), DimensionError> {
        self.rows.set(self.matrix.as_mut(), id, vector)
    }

    /// The `k` nearest articles with their cosines, best first.
    pub(crate) fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(ArticleId, f32)>, Error> {
        let best = self
            .matrix
            .top_k(query, k, &|row| self.rows.has_direction[row])
            .map_err(|DimensionError { expected, found }| Error::Dimension { expected, found })?;
        let ids = &self.rows.ids;
        Ok(best.into_iter().map(|scored| (ids[scored.row], scored.score)).collect())
    }
}

impl Rows {
    fn set(
        &mut self,
        matrix: &mut dyn Scan,
        id: ArticleId,
        vector: &[f32],
    ) -> Result<(), DimensionError> {
        let has_direction = vector.iter().any(|value| *value != 0.0);
        if let Some(row) = self.places.get(&id) {
            matrix.set(*row, vector)?;
            self.has_direction[*row] = has_direction;
            return Ok(());
        }
        let row = matrix.push(vector)?;
        self.ids.push(id);
        self.has_direction.push(has_direction);
        self.places.insert(id, row);
        Ok(())
    }
}

/// Little-endian `f32`.
pub(crate) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let (values, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(corrupt("vector", format!("{} bytes", bytes.len())));
    }
    Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}
