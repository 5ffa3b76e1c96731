//! Says the messages of parsers in plain English, for those who write the values.

/// Phrases of parsers that name types of the program, with what a person calls them. The longer
/// ones come first.
const PHRASES: [(&str, &str); 33] = [
    ("a nonzero u64", "a whole number above 0"),
    ("a nonzero u32", "a whole number above 0"),
    ("a nonzero usize", "a whole number above 0"),
    ("a borrowed string", "text"),
    ("a sequence", "a list"),
    ("a string", "text"),
    ("a boolean", "true or false"),
    ("a path", "text"),
    ("path string", "text"),
    ("a map", "a table"),
    ("relative URL without a base", "it has no scheme, such as https://"),
    ("invalid digit found in string", "not a whole number"),
    ("cannot parse integer from empty string", "not a whole number"),
    ("number would be zero for non-zero type", "less than 1"),
    ("number too large to fit in target type", "too large"),
    ("number too small to fit in target type", "too small"),
    ("invalid float literal", "not a number"),
    ("cannot parse float from empty string", "not a number"),
    ("unknown field", "unknown key"),
    ("missing field", "missing key"),
    ("duplicate field", "the same key twice:"),
    ("unknown variant", "unknown value"),
    ("invalid type: ", "wrong kind of value: "),
    ("invalid value: ", "wrong value: "),
    ("boolean `", "`"),
    ("integer `", "`"),
    ("floating point `", "`"),
    ("string \"", "\""),
    ("sequence", "a list"),
    ("map,", "a table,"),
    ("null,", "nothing,"),
    ("EOF while parsing", "it ends within"),
    ("expected ident", "expected a value"),
];

/// Names of number types, as they stand after "expected".
const NUMBERS: [(&[&str], &str); 2] = [
    (&["u8", "u16", "u32", "u64", "usize", "i8", "i16", "i32", "i64", "isize"], "a whole number"),
    (&["f32", "f64"], "a number"),
];

/// Returns `message` without words of the programming language.
pub fn in_plain_words(message: &str) -> String {
    let mut text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    for (phrase, plain) in PHRASES {
        text = text.replace(phrase, plain);
    }
    let words = text.split(' ').scan(false, |after_expected, word| {
        let said = if *after_expected { kind_of_number(word) } else { word };
        *after_expected = word == "expected";
        Some(said.to_owned())
    });
    without_struct(&words.collect::<Vec<_>>().join(" "))
}

fn kind_of_number(word: &str) -> &str {
    let kind = NUMBERS.iter().find(|(types, _)| types.contains(&word));
    kind.map_or(word, |(_, plain)| plain)
}

/// Replaces "struct Name" and "enum Name", which name types of the program.
fn without_struct(text: &str) -> String {
    let mut words = text.split(' ').peekable();
    let mut said: Vec<&str> = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "struct" | "enum" if words.peek().is_some_and(|name| is_type(name)) => {
                words.next();
                said.push("a table");
            }
            _ => said.push(word),
        }
    }
    said.join(" ")
}

fn is_type(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_the_program_is_named() {
        for (message, plain) in [
            (
                "invalid type: string \"x\", expected u64",
                "wrong kind of value: \"x\", expected a whole number",
            ),
            (
                "unknown field `min_dealy_ms`, expected one of `a`, `b`",
                "unknown key `min_dealy_ms`, expected one of `a`, `b`",
            ),
            (
                "invalid type: integer `3`, expected a sequence",
                "wrong kind of value: `3`, expected a list",
            ),
            (
                "invalid type: boolean `true`, expected a string",
                "wrong kind of value: `true`, expected text",
            ),
            (
                "invalid type: integer `1`, expected struct DedupInput",
                "wrong kind of value: `1`, expected a table",
            ),
            ("missing field `text` at line 1", "missing key `text` at line 1"),
            ("invalid digit found in string", "not a whole number"),
        ] {
            assert_eq!(in_plain_words(message), plain);
        }
    }
}
