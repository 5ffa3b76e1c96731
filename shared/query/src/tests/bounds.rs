//! The bounds of a query, and arbitrary texts.

use proptest::prelude::*;

use super::{error, now, query};
use crate::{MAX_CHARS, MAX_CONDITIONS, MAX_LEVELS, Query};

#[test]
fn a_text_has_at_most_a_thousand_code_points() {
    query(&"東".repeat(MAX_CHARS));
    let error = error(&"東".repeat(MAX_CHARS + 1));
    assert_eq!(
        (error.position, error.message.contains("more than 1000 characters")),
        (MAX_CHARS, true)
    );
}

#[test]
fn a_query_has_at_most_64_conditions_values_included() {
    query(&"a ".repeat(MAX_CONDITIONS));
    let error = error(&format!("{}lang:en,de", "a ".repeat(MAX_CONDITIONS - 1)));
    assert_eq!((error.position, error.message.contains("more than 64 conditions")), (134, true));
}

#[test]
fn parentheses_and_exclusions_nest_at_most_16_levels() {
    let nested = |levels| format!("{}a{}", "(".repeat(levels), ")".repeat(levels));
    query(&nested(MAX_LEVELS));
    query(&format!("{}a", "NOT ".repeat(MAX_LEVELS)));
    for text in [nested(MAX_LEVELS + 1), "(".repeat(900), "NOT ".repeat(250), "-(".repeat(400)] {
        let error = error(&text);
        assert!(error.message.contains("more than 16 levels"), "{error}");
    }
}

/// Texts of the pieces that the grammar is made of.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "a",
        "é",
        "東京",
        " ",
        "  ",
        "\u{3000}",
        "(",
        ")",
        "\"",
        "“",
        "-",
        "--",
        "OR",
        "AND",
        "NOT",
        "|",
        ":",
        "：",
        ",",
        "，",
        "\\",
        "title:",
        "lang:",
        "site:",
        "date:",
        "sentiment:",
        "decision:",
        "has:image",
        "en",
        "new",
        "..",
        "2026",
        "-11",
        "T10:00Z",
        "P7D",
        "today",
        ">0.3",
        "<",
        "http://",
        "12\"",
        "x:",
        "entity:\"",
        "c++",
        "\0",
        "10:30",
    ];
    let piece = prop_oneof![4 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,3}"];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_a_query_that_can_be_written_or_an_error_with_a_place(
        text in prop_oneof![soup(), any::<String>()],
    ) {
        match Query::parse(&text, now()) {
            Ok(query) => {
                let written = query.to_string();
                if written.chars().count() <= MAX_CHARS {
                    prop_assert_eq!(Query::parse(&written, now()), Ok(query), "{}", written);
                }
            }
            Err(error) => {
                prop_assert!(error.position <= text.chars().count(), "{}", error);
                let place = format!("at character {}", error.position);
                prop_assert!(error.message.contains(&place), "{}", error);
            }
        }
    }

    #[test]
    fn any_value_of_a_filter_can_be_written_or_is_refused(
        field in proptest::sample::select(vec!["title", "author", "site", "lang", "date", "sentiment"]),
        value in prop_oneof![soup(), any::<String>()],
    ) {
        if let Ok(query) = Query::filter(field, &value, now()) {
            let written = query.to_string();
            if written.chars().count() <= MAX_CHARS {
                prop_assert_eq!(Query::parse(&written, now()), Ok(query), "{}", written);
            }
        }
    }
}
