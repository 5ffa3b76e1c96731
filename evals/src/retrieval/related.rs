//! Measures how many of the other articles of an event are found as related.

use std::collections::HashMap;

use anyhow::Result;
use courant_query::Query;
use courant_search::{Question, SearchMode};
use courant_store::StoredArticle;

use super::archive::Archive;
use super::scores::{mean, recall};
use super::sets::Set;
use crate::report::Report;

/// The places in which the others should stand.
const PLACES: usize = 5;
/// Related articles that are asked for: some do not count.
const ASKED: usize = 30;

/// Measures `related` beside the nearest vectors alone.
pub(super) async fn measure(
    report: &mut Report,
    archive: &Archive,
    set: &Set,
    records: &[StoredArticle],
) -> Result<()> {
    let by_id: HashMap<&str, &StoredArticle> =
        records.iter().map(|record| (record.article.submission_id.as_str(), record)).collect();
    let (mut near, mut related) = (Vec::new(), Vec::new());
    for asked in &set.questions {
        let Some(record) = by_id.get(asked.id.as_str()) else { continue };
        near.push(recall(&archive.rank(&vector_of(record)).await?, asked, PLACES));
        related.push(recall(&archive.related(record.article.id, ASKED).await?, asked, PLACES));
    }
    let near = mean(&near);
    report.state(format!("{}, recall@{PLACES}: nearest vectors", set.name), near);
    let measure = format!("{}, recall@{PLACES}: related", set.name);
    report.judge(measure, mean(&related), near, near);
    Ok(())
}

/// Returns the vector of an article by which others near to it are found.
fn vector_of(record: &StoredArticle) -> Question {
    let vector = Some(record.vector.clone());
    Question { query: Query::everything(), vector, mode: SearchMode::Vector, recency: None }
}
