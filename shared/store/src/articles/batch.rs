//! The records of a batch that count.

use std::collections::HashMap;

use courant_article::ArticleId;

use super::record::{StoredArticle, UpsertOutcome};
use crate::error::Error;

/// One record per article, each with its place in `records`: of each article
/// the greatest revision, the first of equal ones. In id order, so that two
/// batches never lock rows in opposite orders.
///
/// # Errors
/// [`Error::Dimension`] if a vector does not fit.
pub(crate) fn kept(
    records: &[StoredArticle],
    dimension: usize,
) -> Result<Vec<(usize, &StoredArticle)>, Error> {
    let mut best: HashMap<ArticleId, (usize, &StoredArticle)> = HashMap::new();
    for (place, record) in records.iter().enumerate() {
        check_dimension(record.vector.dimension(), dimension)?;
        let kept = best.entry(record.article.id).or_insert((place, record));
        if record.article.revision > kept.1.article.revision {
            *kept = (place, record);
        }
    }
    let mut kept: Vec<_> = best.into_values().collect();
    kept.sort_by_key(|(_, record)| record.article.id);
    Ok(kept)
}

/// Outcomes in the caller's order, from those of the kept records by place.
pub(crate) fn outcomes(
    size: usize,
    kept: impl IntoIterator<Item = (usize, UpsertOutcome)>,
) -> Vec<UpsertOutcome> {
    let mut outcomes = vec![UpsertOutcome::Unchanged; size];
    for (place, outcome) in kept {
        outcomes[place] = outcome;
    }
    outcomes
}

pub(crate) fn check_dimension(found: usize, expected: usize) -> Result<(), Error> {
    if found == expected { Ok(()) } else { Err(Error::Dimension { expected, found }) }
}
