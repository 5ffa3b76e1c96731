//! Evaluates the Python expressions of `feedparser`'s test cases. They are conjunctions of
//! equations between a place in the parsed feed and a literal.

use courant_extract::sources::{Feed, FeedEntry, FeedKind};
use url::Url;

/// The result of a test case.
pub(crate) enum CaseResult {
    Met,
    /// A claim that does not hold.
    Missed(String),
    /// The case claims nothing about the reported fields.
    OutOfScope(String),
}

/// Checks all claims about the fields that `courant feed` reports. Ignores other claims.
pub(crate) fn check(expectation: &str, feed: Option<&Feed>) -> CaseResult {
    let mut counted = false;
    let mut reasons = Vec::new();
    for claim in split(expectation, " and ") {
        let sides = split(trimmed(claim), "==");
        let Some((literal, places)) = sides.split_last().filter(|(_, places)| !places.is_empty())
        else {
            reasons.push("that the feed is well-formed, or nothing".to_owned());
            continue;
        };
        for place in places {
            let Some(field) = Field::parse(place) else {
                reasons.push(kind_of_place(place));
                continue;
            };
            counted = true;
            let holds = feed.is_some_and(|feed| field.is(feed, literal.trim()));
            if !holds {
                let found = feed.map(|feed| field.show(feed));
                return CaseResult::Missed(format!("{} but {found:?}", claim.trim()));
            }
        }
    }
    if counted {
        CaseResult::Met
    } else {
        CaseResult::OutOfScope(reasons.pop().unwrap_or_default())
    }
}

/// Splits a text at each `separator` outside of quotes and brackets.
fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_i32, None);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let step = rest.chars().next().map_or(1, char::len_utf8);
        match (quote, rest.as_bytes()[0]) {
            (Some(_), b'\\') => at += 1,
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'\'' | b'"')) => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, _) if depth == 0 && rest.starts_with(separator) => {
                parts.push(&text[start..at]);
                start = at + separator.len();
            }
            _ => {}
        }
        at += step;
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Removes white space and parentheses around the whole claim.
fn trimmed(claim: &str) -> &str {
    let claim = claim.trim();
    match claim.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) if inner.contains("==") => inner,
        _ => claim,
    }
}

/// Returns a place without its indexes: `entries.links.href` for
/// `entries[0]['links'][0]['href']`.
fn kind_of_place(place: &str) -> String {
    let names = path(place).into_iter().filter(|name| name.parse::<usize>().is_err());
    names.collect::<Vec<_>>().join(".")
}

fn path(place: &str) -> Vec<String> {
    let parts = place.trim().split(['[', ']', '.']);
    parts
        .map(|part| part.trim_matches(['\'', '"', ' ']).to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// A field that `courant feed` reports.
enum Field {
    Kind,
    Count,
    FeedTitle,
    Entry { place: usize, what: What, is_code: bool },
}

#[derive(Clone, Copy)]
enum What {
    Id,
    Url,
    Title,
    Published,
    Updated,
    Summary,
    Content,
    Author(usize),
    Category(usize),
}

impl Field {
    fn parse(place: &str) -> Option<Self> {
        let place = place.trim();
        let (place, is_code) =
            match place.strip_prefix("ord(").and_then(|rest| rest.strip_suffix(')')) {
                Some(inner) => (inner, true),
                None => (place, false),
            };
        let path = path(place);
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["version"] => Some(Self::Kind),
            ["len(entries)"] => Some(Self::Count),
            ["feed", "title"] | ["feed", "title_detail", "value"] => Some(Self::FeedTitle),
            ["entries", place, rest @ ..] => {
                Some(Self::Entry { place: place.parse().ok()?, what: what(rest)?, is_code })
            }
            _ => None,
        }
    }

    fn is(&self, feed: &Feed, literal: &str) -> bool {
        match self {
            Self::Kind => string(literal).is_some_and(|version| kind_is(feed.kind, &version)),
            Self::Count => literal.parse() == Ok(feed.entries.len()),
            Self::FeedTitle => string(literal)
                .is_some_and(|title| same_text(feed.title.as_deref().unwrap_or_default(), &title)),
            Self::Entry { place, what, is_code } => {
                let Some(entry) = feed.entries.get(*place) else { return false };
                if *is_code {
                    let found = text_of(value(entry, *what).as_deref().unwrap_or_default());
                    return found.chars().map(u32::from).eq(literal.parse::<u32>());
                }
                entry_is(entry, *what, literal)
            }
        }
    }

    fn show(&self, feed: &Feed) -> Option<String> {
        match self {
            Self::Kind => Some(format!("{:?}", feed.kind)),
            Self::Count => Some(feed.entries.len().to_string()),
            Self::FeedTitle => feed.title.clone(),
            Self::Entry { place, what, .. } => value(feed.entries.get(*place)?, *what),
        }
    }
}

fn what(path: &[&str]) -> Option<What> {
    Some(match path {
        ["id" | "guid"] => What::Id,
        ["link"] => What::Url,
        ["title"] | ["title_detail", "value"] => What::Title,
        ["published" | "published_parsed" | "issued" | "issued_parsed"] => What::Published,
        [
            "updated" | "updated_parsed" | "modified" | "modified_parsed" | "date" | "date_parsed",
        ] => What::Updated,
        ["summary" | "description"] | ["summary_detail", "value"] => What::Summary,
        ["content", "0", "value"] => What::Content,
        ["author"] | ["author_detail", "name"] => What::Author(0),
        ["authors", place, "name"] => What::Author(place.parse().ok()?),
        ["category"] => What::Category(0),
        ["tags", place, "term"] => What::Category(place.parse().ok()?),
        _ => return None,
    })
}

fn value(entry: &FeedEntry, what: What) -> Option<String> {
    match what {
        What::Id => Some(entry.id.clone()),
        What::Url => entry.url.clone(),
        What::Title => entry.title.clone(),
        What::Published => entry.published_at.clone().map(String::from),
        What::Updated => entry.updated_at.clone().map(String::from),
        What::Summary => entry.summary.html(),
        What::Content => entry.content.html(),
        What::Author(place) => entry.authors.get(place).cloned(),
        What::Category(place) => entry.categories.get(place).cloned(),
    }
}

fn entry_is(entry: &FeedEntry, what: What, literal: &str) -> bool {
    let found = value(entry, what).unwrap_or_default();
    match what {
        What::Published | What::Updated => {
            instant(literal).is_some_and(|expected| seconds(&found) == Some(expected))
        }
        // The expectation may be `name (address)`, where only the name counts.
        What::Author(_) => string(literal).is_some_and(|expected| {
            found == expected || expected.starts_with(&format!("{found} (")) && !found.is_empty()
        }),
        What::Url => string(literal).is_some_and(|expected| {
            found == expected
                || Url::parse(&found).is_ok_and(|found| Url::parse(&expected) == Ok(found))
        }),
        What::Id => string(literal).is_some_and(|expected| found == expected),
        _ => string(literal).is_some_and(|expected| same_text(&found, &expected)),
    }
}

/// Returns true if a kind matches a version of `feedparser`, such as `rss20` or `atom03`.
fn kind_is(kind: FeedKind, version: &str) -> bool {
    match kind {
        FeedKind::Atom => version.starts_with("atom"),
        FeedKind::Cdf => version == "cdf",
        FeedKind::Json => version.starts_with("json"),
        FeedKind::Rss0 => version.starts_with("rss09"),
        FeedKind::Rss1 => matches!(version, "rss10" | "rss090"),
        FeedKind::Rss2 => matches!(version, "rss20" | "rss"),
    }
}

/// Parses a date, written as a text or as Python's tuple of year to second in UTC.
fn instant(literal: &str) -> Option<i64> {
    if let Some(text) = string(literal) {
        return seconds(&text);
    }
    let parts = literal.trim_matches(['(', ')']).split(',').map(|part| part.trim().parse::<u32>());
    let parts = parts.collect::<Result<Vec<_>, _>>().ok()?;
    let [year, month, day, hour, minute, second, ..] = parts.as_slice() else { return None };
    seconds(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

fn seconds(date: &str) -> Option<i64> {
    courant_extract::published_at(date).map(|date| date.unix_seconds())
}

/// Returns true if two pieces of HTML read the same without their tags.
fn same_text(found: &str, expected: &str) -> bool {
    text_of(found) == text_of(expected)
}

fn text_of(html: &str) -> String {
    let mut pieces = html.split('<');
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        match piece.split_once('>') {
            Some((_, behind)) => text.push_str(behind),
            None => text.extend(["<", piece]),
        }
    }
    let text = html_escape::decode_html_entities(&text);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the value of Python string literals that `+` joins; `None` for anything else.
fn string(literal: &str) -> Option<String> {
    split(literal, "+").into_iter().map(one_string).collect()
}

fn one_string(literal: &str) -> Option<String> {
    let literal = literal.trim().trim_start_matches(['u', 'b', 'r']);
    let inner = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find_map(|quote| literal.strip_prefix(quote)?.strip_suffix(quote))?;
    let (mut value, mut chars) = (String::new(), inner.chars());
    while let Some(c) = chars.next() {
        value.push(if c == '\\' { escaped(&mut chars)? } else { c });
    }
    Some(value)
}

fn escaped(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = match chars.next()? {
        'n' => return Some('\n'),
        't' => return Some('\t'),
        'r' => return Some('\r'),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        other => return Some(other),
    };
    let code: String = chars.by_ref().take(digits).collect();
    char::from_u32(u32::from_str_radix(&code, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(expectation: &str) -> CaseResult {
        let rss = "<rss version='2.0'><channel><title>A</title><item><title>x and y</title>\
            <pubDate>Thu, 01 Jan 2004 19:48:21 GMT</pubDate></item></channel></rss>";
        check(expectation, courant_extract::sources::feed(rss.as_bytes(), None, None).ok().as_ref())
    }

    #[test]
    fn claims_that_hold_are_met() {
        for expectation in [
            "not bozo and feed['title'] == 'A'",
            "entries[0]['title'] == u'x \\x61nd ' + 'y' and feed.title == \"\"\"A\"\"\"",
            "entries[0]['published_parsed'] == (2004, 1, 1, 19, 48, 21, 3, 1, 0)",
            "(version == 'rss20') and len(entries) == 1",
        ] {
            assert!(matches!(verdict(expectation), CaseResult::Met), "{expectation}");
        }
    }

    #[test]
    fn claims_that_do_not_hold_are_missed_and_others_left_out() {
        assert!(matches!(verdict("feed['title'] == 'B'"), CaseResult::Missed(_)));
        assert!(matches!(verdict("entries[1]['title'] == 'x'"), CaseResult::Missed(_)));
        let CaseResult::OutOfScope(why) = verdict("not bozo and feed['links'][0]['href'] == 'x'")
        else {
            panic!("no link is reported")
        };
        assert_eq!(why, "feed.links.href");
    }
}
