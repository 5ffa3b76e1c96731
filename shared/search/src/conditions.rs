//! The articles that fulfil the conditions of a query.

use courant_query::{Condition, Expr, Query};
use tantivy::Searcher;

use crate::error::Error;
use crate::index::Index;
use crate::lower::Lowering;
use crate::matching::Matching;

/// Returns the articles that fulfil all conditions of a query; `None` if it has none.
pub(crate) fn allowed(
    index: &Index,
    searcher: &Searcher,
    lowering: &Lowering<'_>,
    query: &Query,
) -> Result<Option<Matching>, Error> {
    let mut allowed: Option<Matching> = None;
    for part in query.top_level() {
        let fulfilling = fulfilling(index, searcher, lowering, part)?;
        match &mut allowed {
            Some(allowed) => allowed.intersect(&fulfilling),
            None => allowed = Some(fulfilling),
        }
    }
    Ok(allowed)
}

/// Returns the articles that fulfil a condition. Those of conditions that come again and again are
/// kept.
pub(crate) fn fulfilling(
    index: &Index,
    searcher: &Searcher,
    lowering: &Lowering<'_>,
    part: &Expr,
) -> Result<Matching, Error> {
    let query = lowering.expr(part)?;
    Ok(match comes_again(part) {
        true => Matching::kept(&index.filters, &format!("{part:?}"), searcher, query.as_ref())?,
        false => Matching::of(searcher, query.as_ref())?,
    })
}

/// Returns true for a condition whose documents do not depend on other parts of the query, and
/// that is not of one moment, as a time is.
fn comes_again(part: &Expr) -> bool {
    match part {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().all(comes_again),
        Expr::Not(part) => comes_again(part),
        Expr::Is(condition) => matches!(
            condition,
            Condition::Site(_)
                | Condition::Source(_)
                | Condition::Language(_)
                | Condition::Topic(_)
                | Condition::Sentiment(_)
                | Condition::Decision(_)
                | Condition::HasImage
        ),
    }
}
