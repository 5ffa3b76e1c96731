//! The vectors in memory: their codes, or all values where a device compares them.

use std::sync::{Mutex, PoisonError};

use courant_vectors::{DimensionError, RowSet, ScanPlacement, SignCodes, on_cpu};
use rusqlite::Connection;

use crate::depth::RerankDepth;
use crate::error::Error;
use crate::matrix::MatrixRows;
use crate::tables::{self, THREADS};

/// Shorter vectors have too few signs to tell them apart, and take little memory as they are.
const LEAST_DIMENSION: usize = 128;
/// Candidates per result that is asked for, where the chosen depth gives fewer. By vectors alone,
/// nDCG@10 of `stories-basil` is 0.7948 with three, and 0.7930 with two.
const CANDIDATES_PER_RESULT: usize = 3;

/// The vectors of all articles, by their numbers.
pub struct Resident(Rows);

enum Rows {
    /// One bit per value; the file has the values.
    Codes { codes: SignCodes, depth: Mutex<RerankDepth> },
    /// All values.
    Matrix(MatrixRows),
}

impl Resident {
    /// Loads the codes of a file. If `place` is given, loads the values instead and puts them
    /// where it says. Values of few dimensions are always loaded.
    ///
    /// # Errors
    /// [`Error::Place`] if they cannot be there, or a failure of SQLite.
    pub fn load(
        connection: &Connection,
        dimension: usize,
        place: Option<ScanPlacement>,
    ) -> Result<Self, Error> {
        let place = place.or_else(|| (dimension < LEAST_DIMENSION).then(on_cpu));
        if let Some(place) = place {
            return Ok(Self(Rows::Matrix(MatrixRows::load(connection, dimension, place)?)));
        }
        let codes = tables::codes(connection, dimension)?;
        let depth = Mutex::new(RerankDepth::load(connection, &codes)?);
        Ok(Self(Rows::Codes { codes, depth }))
    }

    /// Writes down the settings that were chosen while loading.
    ///
    /// # Errors
    /// A failure of SQLite.
    pub fn save_settings(&self, connection: &Connection) -> Result<(), Error> {
        match &self.0 {
            Rows::Codes { depth, .. } => {
                depth.lock().unwrap_or_else(PoisonError::into_inner).save(connection)
            }
            Rows::Matrix(_) => Ok(()),
        }
    }

    /// Adds or replaces an article's vector.
    ///
    /// # Errors
    /// [`DimensionError`] if it does not fit.
    pub fn set(&mut self, number: u32, vector: &[f32]) -> Result<(), DimensionError> {
        match &mut self.0 {
            Rows::Codes { codes, .. } => codes.set(number, SignCodes::encode(vector).as_deref()),
            Rows::Matrix(matrix) => matrix.set(number, vector),
        }
    }

    /// The `limit` nearest articles with their cosines, best first, equal ones by number; only
    /// those in `among`, if it is given. `connection` reads the file.
    ///
    /// # Errors
    /// [`Error::Dimension`] if the query does not fit, a failure of SQLite, or [`Error::Corrupt`].
    pub fn nearest(
        &self,
        connection: &Connection,
        query: &[f32],
        limit: usize,
        among: Option<&RowSet>,
    ) -> Result<Vec<(u32, f32)>, Error> {
        let (codes, depth) = match &self.0 {
            Rows::Matrix(matrix) => return matrix.nearest(query, limit, among),
            Rows::Codes { codes, depth } => (codes, depth),
        };
        let depth = {
            let mut depth = depth.lock().unwrap_or_else(PoisonError::into_inner);
            depth.follow(connection, codes)?;
            depth.candidates().max(limit.saturating_mul(CANDIDATES_PER_RESULT))
        };
        let candidates = codes.candidates(query, depth, among, THREADS)?;
        tables::nearest(connection, query, candidates, limit)
    }
}
