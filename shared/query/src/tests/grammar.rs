//! Words, phrases, exclusions, alternatives and parentheses.

use super::{expr, not, only, phrase, query, word};
use crate::{Condition, Expr, Query, TextField};

#[test]
fn a_blank_text_asks_for_everything() {
    for blank in ["", "  ", "\t\n\u{3000}"] {
        assert_eq!(query(blank), Query::everything());
    }
}

#[test]
fn words_side_by_side_must_all_occur() {
    let both = Expr::All(vec![word("storm"), word("Paris")]);
    for text in ["storm Paris", "storm AND Paris", "(storm) Paris", " storm\u{3000}Paris "] {
        assert_eq!(expr(text), both, "{text}");
    }
}

#[test]
fn a_phrase_stands_between_quotation_marks_of_any_shape() {
    for text in ["\"red sea\"", "“red sea”", "„red sea“", "« red sea »", "＂red sea＂"]
    {
        assert_eq!(expr(text), phrase("red sea"), "{text}");
    }
    assert_eq!(expr(r#""a \"b\" c\\d""#), phrase(r#"a "b" c\d"#));
    assert_eq!(expr(r#""AND -x lang:en""#), phrase("AND -x lang:en"));
}

#[test]
fn adjacency_binds_tighter_than_or() {
    let expected = Expr::Any(vec![Expr::All(vec![word("a"), word("b")]), word("c")]);
    for text in ["a b OR c", "a b | c", "a b|c", "a b || c", "(a b) OR c", "a AND b OR c"] {
        assert_eq!(expr(text), expected, "{text}");
    }
    let grouped = Expr::All(vec![word("a"), Expr::Any(vec![word("b"), word("c")])]);
    for text in ["a (b OR c)", "a (b | c)", "a（b｜c）", "a(b OR c)", "a AND (b OR(c))"] {
        assert_eq!(expr(text), grouped, "{text}");
    }
}

#[test]
fn operators_in_lower_case_are_words() {
    assert_eq!(expr("or and not"), Expr::All(vec![word("or"), word("and"), word("not")]));
}

#[test]
fn words_phrases_fields_and_parentheses_can_be_excluded() {
    assert_eq!(expr("-storm"), not(word("storm")));
    assert_eq!(expr("NOT storm"), not(word("storm")));
    assert_eq!(expr("-\"red sea\""), not(phrase("red sea")));
    assert_eq!(expr("-(a b)"), not(Expr::All(vec![word("a"), word("b")])));
    assert_eq!(expr("-lang:EN"), not(Expr::Is(Condition::Language("en".to_owned()))));
    assert_eq!(expr("NOT NOT a"), not(not(word("a"))));
    assert_eq!(expr("a -b"), Expr::All(vec![word("a"), not(word("b"))]));
    assert_eq!(expr("a OR -b"), Expr::Any(vec![word("a"), not(word("b"))]));
}

#[test]
fn a_query_of_exclusions_alone_is_valid() {
    assert_eq!(expr("-a -b"), Expr::All(vec![not(word("a")), not(word("b"))]));
}

#[test]
fn signs_without_a_meaning_belong_to_the_word() {
    for text in [
        "10:30",
        "http://a.example/x",
        "https://a.example/x_(y)?q=1&r=2#z",
        "std::fmt",
        "C:\\temp",
        "C++",
        "C#",
        "covid-19",
        "main()",
        "f(g(x))",
        "--release",
        "->x",
        "12\"",
        "$100",
        "don't",
        "a,b",
        "a/b",
        "東京：大阪",
        "😀",
    ] {
        assert_eq!(expr(text), word(text), "{text}");
    }
}

#[test]
fn an_unknown_name_before_a_space_is_a_word_of_a_headline() {
    assert_eq!(expr("Breaking: storm"), Expr::All(vec![word("Breaking:"), word("storm")]));
    assert_eq!(expr("storm:"), word("storm:"));
}

#[test]
fn signs_that_stand_alone_are_left_out() {
    let both = Expr::All(vec![word("Paris"), word("Dakar")]);
    for text in
        ["Paris - Dakar", "Paris – Dakar", "Paris & Dakar", "Paris -> Dakar", "Paris Dakar !"]
    {
        assert_eq!(expr(text), both, "{text}");
    }
}

#[test]
fn inches_in_parentheses_are_no_open_quotation_mark() {
    assert_eq!(expr("(12\" OR 13\") disc"), {
        Expr::All(vec![Expr::Any(vec![word("12\""), word("13\"")]), word("disc")])
    });
}

#[test]
fn a_parenthesis_that_closes_behind_a_space_is_a_group() {
    let group = Expr::Any(vec![word("smoke"), word("flame")]);
    assert_eq!(expr("fire(smoke OR flame)"), Expr::All(vec![word("fire"), group.clone()]));
    assert_eq!(expr("fire(smoke|flame)"), Expr::All(vec![word("fire"), group]));
}

#[test]
fn field_names_are_known_in_any_case_and_with_a_full_width_colon() {
    for text in ["lang:en", "LANG:en", "Lang：en"] {
        assert_eq!(only(text), Condition::Language("en".to_owned()), "{text}");
    }
}

#[test]
fn several_values_of_a_field_are_alternatives() {
    let is = |code: &str| Expr::Is(Condition::Language(code.to_owned()));
    let both = Expr::Any(vec![is("en"), is("de")]);
    for text in ["lang:en,de", "lang:en，de", "lang:en|de", "lang:en OR lang:de", "lang:en|lang:de"]
    {
        assert_eq!(expr(text), both, "{text}");
    }
    assert_eq!(expr("lang:en,de x"), Expr::All(vec![both.clone(), word("x")]));
    assert_eq!(expr("-lang:en,de"), not(both));
}

#[test]
fn a_title_has_words_and_phrases() {
    let title = |text: &str, quoted| {
        let text = text.to_owned();
        Condition::Text { field: TextField::Title, text, quoted }
    };
    assert_eq!(only("title:storm"), title("storm", false));
    assert_eq!(only("title:\"storm hits\""), title("storm hits", true));
    let both = [title("a", false), title("b c", true)].map(Expr::Is);
    assert_eq!(expr("title:a,\"b c\""), Expr::Any(both.to_vec()));
}
