//! The vectors in memory.

use std::collections::HashMap;

use courant_article::ArticleId;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::hybrid::Metrics;
use courant_gpu_utils::similarity::{DimensionError, HybridMatrix, Matrix, NotOnGpu, RowFormat};
use opentelemetry::metrics::Meter;
use rusqlite::Connection;

use crate::Error;
use crate::row::{article_id, corrupt};

/// One matrix row per article, and whose it is.
pub(super) struct Resident {
    matrix: HybridMatrix,
    ids: Vec<ArticleId>,
    /// False for an all-zero vector: it has no direction, so it is near nothing.
    has_direction: Vec<bool>,
    rows: HashMap<ArticleId, usize>,
}

impl Resident {
    pub(super) fn load(
        connection: &Connection,
        dimension: usize,
        meter: &Meter,
    ) -> Result<Self, Error> {
        let matrix = Matrix::with_format(dimension, RowFormat::Int8WithF32);
        let mut resident = Self {
            matrix: HybridMatrix::new(matrix, Metrics::new(meter)),
            ids: Vec::new(),
            has_direction: Vec::new(),
            rows: HashMap::new(),
        };
        let mut statement = connection.prepare("SELECT id, vector FROM article ORDER BY number")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id = article_id(row.get_ref(0)?.as_blob().map_err(|e| corrupt("id", e))?)?;
            let bytes = row.get_ref(1)?.as_blob().map_err(|e| corrupt("vector", e))?;
            resident.set(id, &from_bytes(bytes)?).map_err(|e| corrupt("vector", e))?;
        }
        Ok(resident)
    }

    /// Lets scans run on a GPU.
    ///
    /// # Errors
    /// Why they do not, where only a GPU will do.
    pub(super) fn use_gpu(&mut self, config: &GpuConfig, meter: &Meter) -> Result<(), NotOnGpu> {
        match self.matrix.use_gpu(config, meter) {
            Err(reason) if !config.require_gpu => {
                tracing::info!(%reason, "vectors are compared on the CPU");
                Ok(())
            }
            used => used,
        }
    }

    /// Adds or replaces an article's vector.
    pub(super) fn set(&mut self, id: ArticleId, vector: &[f32]) -> Result<(), DimensionError> {
        let has_direction = vector.iter().any(|value| *value != 0.0);
        if let Some(row) = self.rows.get(&id) {
            self.matrix.set(*row, vector)?;
            self.has_direction[*row] = has_direction;
            return Ok(());
        }
        let row = self.matrix.push(vector)?;
        self.ids.push(id);
        self.has_direction.push(has_direction);
        self.rows.insert(id, row);
        Ok(())
    }

    /// The `k` nearest articles with their cosines, best first.
    pub(super) fn nearest(&self, query: &[f32], k: usize) -> Result<Vec<(ArticleId, f32)>, Error> {
        let best = self
            .matrix
            .top_k(query, k, |row| self.has_direction[row])
            .map_err(|DimensionError { expected, found }| Error::Dimension { expected, found })?;
        Ok(best.into_iter().map(|scored| (self.ids[scored.row], scored.score)).collect())
    }
}

/// Little-endian `f32`.
pub(super) fn to_bytes(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(super) fn from_bytes(bytes: &[u8]) -> Result<Vec<f32>, Error> {
    let (values, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(corrupt("vector", format!("{} bytes", bytes.len())));
    }
    Ok(values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}
