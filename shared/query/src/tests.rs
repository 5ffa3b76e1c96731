//! The behaviour of the language as its users see it.

mod bounds;
mod dates;
mod documentation;
mod errors;
mod grammar;
mod questions;
mod round_trip;
mod values;

use jiff::Timestamp;

use crate::{Condition, Expr, Query, QueryError, TextField, TimeRange};

/// The time at which the tests' queries are asked.
const NOW: &str = "2026-11-30T12:16:22.5Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn query(text: &str) -> Query {
    Query::parse(text, now()).unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

fn expr(text: &str) -> Expr {
    query(text).expr().clone()
}

/// The only condition of `text`.
fn only(text: &str) -> Condition {
    match expr(text) {
        Expr::Is(condition) => condition,
        other => panic!("{text:?} is {other:?}"),
    }
}

fn error(text: &str) -> QueryError {
    match Query::parse(text, now()) {
        Err(error) => error,
        Ok(query) => panic!("{text:?} is {query:?}"),
    }
}

fn word(text: &str) -> Expr {
    Expr::Is(Condition::Text { field: TextField::Any, text: text.to_owned(), quoted: false })
}

fn phrase(text: &str) -> Expr {
    Expr::Is(Condition::Text { field: TextField::Any, text: text.to_owned(), quoted: true })
}

fn not(expr: Expr) -> Expr {
    Expr::Not(Box::new(expr))
}

#[test]
fn the_times_of_observation_are_those_that_every_article_has() {
    let all = query("ferry observed:2026-11-02..2026-11-20 observed:2026-11-10..2026-12-01");
    let day = |text: &str| query(text).observed();
    let (first, last) = (day("observed:2026-11-10"), day("observed:2026-11-20"));
    assert_eq!(all.observed(), TimeRange { from_ms: first.from_ms, until_ms: last.until_ms });
    let any = query("observed:2026-11-02 OR lang:en").observed();
    assert_eq!(any, TimeRange { from_ms: None, until_ms: None });
    assert_eq!(query("-observed:2026-11-02").observed(), any);
}
