//! The words and marks of a Rust source, without comments and without what stands in
//! quotes.

/// A word or a mark, and its line from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// Cuts `source` into words, `::` and single marks.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let (mut found, mut at, mut line) = (Vec::new(), 0, 0);
    while at < bytes.len() {
        let rest = &source[at..];
        let length = skipped(rest);
        if length > 0 {
            line += rest[..length].matches('\n').count();
            at += length;
            continue;
        }
        let length = match rest.find(|c: char| !c.is_alphanumeric() && c != '_') {
            Some(0) if rest.starts_with("::") => 2,
            Some(0) => rest.chars().next().map_or(1, char::len_utf8),
            Some(end) => end,
            None => rest.len(),
        };
        found.push(Token { text: rest[..length].to_owned(), line });
        at += length;
    }
    found
}

/// The length of white space, a comment or a literal at the start of `rest`.
fn skipped(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or(' ');
    if first.is_whitespace() {
        return first.len_utf8();
    }
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment(rest);
    }
    literal(rest)
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// A string, raw or not, or a character; lifetimes are none.
fn literal(rest: &str) -> usize {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        rest.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(['"', '\'', '#']))
    });
    let Some(prefix) = prefix else { return 0 };
    let body = &rest[prefix.len()..];
    let hashes = body.bytes().take_while(|byte| *byte == b'#').count();
    if prefix.ends_with('r') && body[hashes..].starts_with('"') {
        let end = format!("\"{}", "#".repeat(hashes));
        let length =
            body[hashes + 1..].find(&end).map_or(body.len(), |at| hashes + 1 + at + end.len());
        return prefix.len() + length;
    }
    match body.as_bytes().first() {
        Some(b'"') => prefix.len() + quoted(body, '"'),
        Some(b'\'') if is_character(body) => prefix.len() + quoted(body, '\''),
        _ => 0,
    }
}

fn quoted(body: &str, quote: char) -> usize {
    let mut is_escaped = true;
    for (at, c) in body.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// `'a'` and `'\n'`, but not the `'a` of a lifetime.
fn is_character(body: &str) -> bool {
    let mut inside = body.chars().skip(1);
    inside.next() == Some('\\') || inside.next() == Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_left_out() {
        let source = "a::b // c\n/* d /* e */ f */ \"g \\\" h\" r#\"i \" j\"# 'k' '\\'' b'l' &'m n";
        let found = tokens(source);
        let words: Vec<&str> = found.iter().map(|token| token.text.as_str()).collect();
        assert_eq!(words, ["a", "::", "b", "&", "'", "m", "n"]);
        assert_eq!(found.iter().map(|token| token.line).max(), Some(1));
    }
}
