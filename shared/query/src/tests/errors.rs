//! One clear error, with its position.

use super::error;

#[test]
fn errors_name_the_mistake_and_its_place() {
    for (text, message) in [
        ("foo langs:en", "unknown field `langs` at character 4; did you mean `lang`?"),
        ("Sities:x", "unknown field `Sities` at character 0; did you mean `site`?"),
        ("language:en", "unknown field `language` at character 0; did you mean `lang`?"),
        ("a \"b", "unclosed quotation mark at character 2"),
        ("title:\"b", "unclosed quotation mark at character 6"),
        ("a \"\" b", "no words between the quotation marks at character 2"),
        ("a (b", "unclosed parenthesis at character 2"),
        ("a (", "unclosed parenthesis at character 2"),
        ("a)", "unmatched closing parenthesis at character 1"),
        (")", "unmatched closing parenthesis at character 0"),
        ("a ()", "nothing between the parentheses at character 2"),
        ("OR a", "nothing before `OR` at character 0"),
        ("a OR", "nothing follows `OR` at character 2"),
        ("a | OR b", "nothing before `OR` at character 4"),
        ("(a OR) b", "nothing follows `OR` at character 3"),
        ("(OR a)", "nothing before `OR` at character 1"),
        ("AND", "nothing before `AND` at character 0"),
        ("a AND", "nothing follows `AND` at character 2"),
        ("a NOT", "nothing follows `NOT` at character 2"),
        ("???", "no words to search for at character 0"),
        ("lang:en,", "a value is missing at character 8"),
        ("lang:en, de", "a value is missing at character 8"),
        ("lang:,en", "a value is missing at character 5"),
        (
            "lang:en,english",
            "`english` is not a language code at character 8; write two or three letters such as `en`",
        ),
        (
            "日本 decision:x",
            "`x` is not a decision at character 12; write `new`, `syndicated` or `revision`",
        ),
    ] {
        assert_eq!(error(text).message, message, "{text}");
    }
}

#[test]
fn an_empty_field_says_how_to_write_its_value() {
    for text in ["title:", "title: storm", "(title:)", "title:(storm)"] {
        let error = error(text);
        assert!(error.message.contains("follows `title:` at character"), "{error}");
    }
}

#[test]
fn a_name_far_from_all_fields_gets_the_list_of_them() {
    let error = error("mailto:x@a.example");
    assert!(error.message.contains("the fields are title, author, site,"), "{error}");
}
