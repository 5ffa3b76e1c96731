//! The number of candidates whose exact values are read, chosen by a test on the stored vectors.
//!
//! The vectors of a sample of articles are the queries of the test. The ten nearest of each among
//! the first 1,600 candidates count as the true ones: codes that are so poor that the true ones
//! stand behind these show it by ranks that are spread over the whole, and get the greatest depth.

use std::time::{Duration, Instant};

use courant_vectors::SignCodes;
use rusqlite::Connection;

use crate::error::Error;
use crate::settings;
use crate::tables::{self, THREADS};

/// The setting: the depth, and the number of vectors for which it was chosen.
const SETTING: &str = "rerank_depth";
/// The depths to choose from.
const DEPTHS: [usize; 5] = [50, 100, 200, 400, 800];
/// The depth while there is nothing to test.
const DEFAULT: usize = 200;
/// The share of the ten nearest that must be among the candidates.
const RECALL: f64 = 0.995;
const K: usize = 10;
/// The candidates among which the true ones are looked for.
const CANDIDATES: usize = 1_600;
/// Queries of a test, and the time after which it asks no more.
const QUERIES: usize = 32;
const TIME: Duration = Duration::from_millis(100);
/// A test with fewer found articles chooses no depth below the default.
const ENOUGH: usize = 100;
/// A store is tested again whenever it has doubled, but not below this size.
const SMALL: usize = 1_000;

/// The number of candidates per query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RerankDepth {
    candidates: usize,
    /// The number of vectors for which it was chosen.
    rows: usize,
}

impl RerankDepth {
    /// Returns the depth that the file remembers, if it was chosen for about as many vectors;
    /// else that of a test.
    pub(crate) fn load(connection: &Connection, codes: &SignCodes) -> Result<Self, Error> {
        match settings::get(connection, SETTING)?.as_deref().and_then(Self::parse) {
            Some(stored) if stored.is_for_about(codes.rows().len()) => Ok(stored),
            _ => Self::test(connection, codes),
        }
    }

    pub(crate) fn save(self, connection: &Connection) -> Result<(), Error> {
        settings::set(connection, SETTING, &format!("{} for {}", self.candidates, self.rows))
    }

    fn parse(text: &str) -> Option<Self> {
        let (candidates, rows) = text.split_once(" for ")?;
        let (candidates, rows) = (candidates.parse().ok()?, rows.parse::<u32>().ok()? as usize);
        DEPTHS.contains(&candidates).then_some(Self { candidates, rows })
    }

    /// Tests again if the store has doubled since the last test.
    pub(crate) fn follow(
        &mut self,
        connection: &Connection,
        codes: &SignCodes,
    ) -> Result<(), Error> {
        if codes.rows().len() > 2 * self.rows.max(SMALL) {
            *self = Self::test(connection, codes)?;
        }
        Ok(())
    }

    pub(crate) fn candidates(self) -> usize {
        self.candidates
    }

    fn is_for_about(self, rows: usize) -> bool {
        (self.rows / 2..=self.rows * 2).contains(&rows)
    }

    fn test(connection: &Connection, codes: &SignCodes) -> Result<Self, Error> {
        let rows = codes.rows().len();
        let start = Instant::now();
        let mut ranks = Vec::new();
        for number in tables::sample(codes.rows(), QUERIES) {
            ranks.extend(ranks_of_nearest(connection, codes, number)?);
            if start.elapsed() > TIME {
                break;
            }
        }
        let (candidates, recall) = choose(&ranks);
        if !ranks.is_empty() {
            let took_ms = start.elapsed().as_millis();
            tracing::info!(rows, candidates, recall, took_ms, "chose the re-rank depth");
        }
        Ok(Self { candidates, rows })
    }
}

/// The ranks, among the candidates for the vector of an article, of the articles nearest to it.
fn ranks_of_nearest(
    connection: &Connection,
    codes: &SignCodes,
    number: u32,
) -> Result<Vec<usize>, Error> {
    let Some(query) = tables::read(connection, number)? else { return Ok(Vec::new()) };
    let mut candidates = codes.candidates(&query, CANDIDATES, None, THREADS)?;
    // The article itself is always the nearest.
    candidates.retain(|candidate| *candidate != number);
    let nearest = tables::nearest(connection, &query, candidates.clone(), K)?;
    let rank = |near: u32| candidates.iter().position(|candidate| *candidate == near);
    Ok(nearest.into_iter().filter_map(|(near, _)| rank(near)).collect())
}

/// The least depth that has enough of the nearest, and the share that it has; the greatest
/// one if none has.
fn choose(ranks: &[usize]) -> (usize, f64) {
    let least = if ranks.len() < ENOUGH { DEFAULT } else { DEPTHS[0] };
    let recall = |depth: usize| {
        let hits = ranks.iter().filter(|rank| **rank < depth).count();
        hits as f64 / ranks.len().max(1) as f64
    };
    let enough = |depth: &usize| *depth >= least && recall(*depth) >= RECALL;
    let greatest = if ranks.is_empty() { DEFAULT } else { DEPTHS[DEPTHS.len() - 1] };
    let depth = DEPTHS.into_iter().find(enough).unwrap_or(greatest);
    (depth, recall(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_depth_with_enough_of_the_nearest_is_chosen() {
        let near = vec![3; 398];
        assert_eq!(choose(&[near.clone(), vec![60, 70]].concat()), (50, 0.995));
        assert_eq!(choose(&[near.clone(), vec![60, 70, 180]].concat()).0, 100);
        assert_eq!(choose(&[near.clone(), vec![250, 260, 390]].concat()).0, 400);
    }

    #[test]
    fn codes_that_tell_little_get_the_greatest_depth() {
        assert_eq!(choose(&(0..1_600).collect::<Vec<_>>()), (800, 0.5));
    }

    #[test]
    fn a_short_test_or_none_chooses_no_small_depth() {
        assert_eq!(choose(&[]).0, 200);
        assert_eq!(choose(&[0; 99]), (200, 1.0));
        assert_eq!(choose(&[0; 100]), (50, 1.0));
    }

    #[test]
    fn a_remembered_depth_is_one_to_choose_from() {
        let depth = RerankDepth { candidates: 400, rows: 7 };
        assert_eq!(RerankDepth::parse("400 for 7"), Some(depth));
        for text in ["400", "401 for 7", "-1 for 7", " for ", ""] {
            assert_eq!(RerankDepth::parse(text), None, "{text}");
        }
    }
}
