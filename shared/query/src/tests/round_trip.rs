//! A query that is written parses to the same query.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use courant_article::{Decision, EntityKind, SentimentLabel};
use proptest::prelude::*;
use proptest::sample::select;

use super::{now, query};
use crate::chars::is_blank;
use crate::lex::{is_value, is_word};
use crate::{Condition, Expr, MAX_CHARS, Query, QueryError, SentimentFilter, TextField, TimeRange};

#[test]
fn queries_are_written_in_their_short_form() {
    for (text, written) in [
        ("storm  AND flood", "storm flood"),
        ("NOT a", "-a"),
        ("NOT NOT a", "NOT -a"),
        ("a|b c", "a OR b c"),
        ("a (b OR c)", "a (b OR c)"),
        ("NOT (a b)", "-(a b)"),
        ("-lang:en-GB,DE", "-lang:en,de"),
        ("“red sea”", "\"red sea\""),
        ("author:\"Jane\"", "author:Jane"),
        ("title:\"storm\"", "title:\"storm\""),
        ("source:\"a, b\"", "source:\"a, b\""),
        ("date:2026-11..2026-11", "date:2026-11"),
        ("date:2026..2026-02", "date:2026-01..2026-02"),
        ("date:today", "date:2026-11-30"),
        ("date:P7D", "date:2026-11-23T12:16:22.500Z.."),
        ("observed:..0987", "observed:..0987"),
        ("sentiment:>=-.50", "sentiment:>=-0.5"),
    ] {
        assert_eq!(query(text).to_string(), written, "{text}");
    }
}

fn text() -> impl Strategy<Value = String> {
    let texts = prop_oneof![
        "[a-z]{1,8}",
        "[ a-zA-Z東:：,|()（\"“\\\\>&+.-]{1,8}",
        "\\PC{1,8}",
        select(vec!["OR", "lang:en", "12\"", "a\\", "http://a.example/(x)", "--x", ">x"])
            .prop_map(str::to_owned),
    ];
    let trimmed = texts.prop_map(|text| text.trim().to_owned());
    trimmed.prop_filter("a text to search for", |text| !is_blank(text))
}

fn words() -> impl Strategy<Value = Condition> {
    let field = select(vec![TextField::Any, TextField::Title]);
    (field, text(), any::<bool>()).prop_map(|(field, text, quoted)| {
        let is_bare = if field == TextField::Any { is_word(&text) } else { is_value(&text) };
        let quoted = quoted || !is_bare;
        Condition::Text { field, text, quoted }
    })
}

fn sentiment() -> impl Strategy<Value = SentimentFilter> {
    let bound = |score: f32| prop_oneof![Just(Included(score)), Just(Excluded(score))];
    let ends = (-1.0_f32..0.0, 0.0_f32..=1.0).prop_flat_map(move |(min, max)| {
        let open = Just(Bound::<f32>::Unbounded);
        (prop_oneof![open, bound(min)], prop_oneof![open, bound(max)])
    });
    let ends = ends.prop_filter("a bound", |ends| *ends != (Unbounded, Unbounded));
    prop_oneof![
        select(SentimentLabel::ALL.to_vec()).prop_map(SentimentFilter::Label),
        ends.prop_map(|(min, max)| SentimentFilter::Range { min, max }),
    ]
}

fn times() -> impl Strategy<Value = TimeRange> {
    // The years 1 to 9989, by milliseconds, minutes and days.
    let moment = |step: i64| {
        (-62_135_596_800_000 / step..253_086_681_600_000 / step).prop_map(move |n| n * step)
    };
    let moment = prop_oneof![moment(1), moment(60_000), moment(86_400_000)];
    (moment, 1..100_000_000_000_i64, 0..3_u8).prop_map(|(from, length, open)| TimeRange {
        from_ms: (open != 1).then_some(from),
        until_ms: (open != 2).then_some(from + length),
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let kinds = [EntityKind::Person, EntityKind::Organization, EntityKind::Location].map(Some);
    let decisions = vec![Decision::New, Decision::Syndicated, Decision::Revision];
    prop_oneof![
        4 => words(),
        1 => text().prop_map(Condition::Author),
        1 => "[a-z]{1,6}\\.example".prop_map(Condition::Site),
        1 => text().prop_map(Condition::Source),
        2 => "[a-z]{2,3}".prop_map(Condition::Language),
        1 => text().prop_map(Condition::Topic),
        2 => (select([&kinds[..], &[None]].concat()), text())
            .prop_map(|(kind, name)| Condition::Entity { kind, name }),
        1 => sentiment().prop_map(Condition::Sentiment),
        1 => text().prop_map(Condition::Story),
        1 => select(decisions).prop_map(Condition::Decision),
        1 => times().prop_map(Condition::Published),
        1 => times().prop_map(Condition::Observed),
        1 => Just(Condition::HasImage),
    ]
}

/// Expressions as [`Expr`] describes those of parsed queries.
fn expression() -> impl Strategy<Value = Expr> {
    condition().prop_map(Expr::Is).prop_recursive(6, 24, 4, |inner| {
        let several = || proptest::collection::vec(inner.clone(), 1..5);
        prop_oneof![
            several().prop_map(Expr::all),
            several().prop_map(Expr::any),
            inner.clone().prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_expression_that_is_written_parses_to_itself(expr in expression()) {
        let written = expr.to_string();
        let parsed: Result<Query, QueryError> = Query::parse(&written, now());
        if written.chars().count() <= MAX_CHARS {
            prop_assert_eq!(parsed.map(|query| query.expr().clone()), Ok(expr), "{}", written);
        }
    }
}
