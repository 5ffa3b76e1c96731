//! Session ids, in queries and in paths.

use super::parameter::name_and_value;
use crate::slug::names_an_article;

/// Names that only sessions have, lower-case and sorted.
const SESSION_NAMES: [&str; 7] = [
    "asp.net_sessionid",
    "aspxautodetectcookiesupport",
    "cftoken",
    "jsessionid",
    "oscsid",
    "phpsessid",
    "zenid",
];

/// Names that sessions share with what is read: a story, a conference's hour.
const SHARED_NAMES: [&str; 6] = ["s", "sessid", "session", "session_id", "sessionid", "sid"];

/// The shortest id of a session under a shared name, in bytes. PHP's have 26 or
/// 32; 24 are a document's id in MongoDB.
const MIN_SHARED_BYTES: usize = 26;

/// Names that turn pages or dress them, but name no article.
const PAGERS: [&str; 10] =
    ["lang", "limit", "offset", "page", "pg", "size", "start", "v", "ver", "version"];

/// The parts of a query without sessions. A session under a shared name goes only
/// where the path or another part still names the article.
pub(super) fn without_sessions<'a>(path: &str, mut parts: Vec<&'a str>) -> Vec<&'a str> {
    if parts.iter().any(|part| is_named(part, "cftoken")) {
        parts.retain(|part| !is_named(part, "cfid"));
    }
    parts.retain(|part| !is_own_name(part));
    if names_an_article(path) || parts.iter().any(|part| names_one_of_many(part)) {
        parts.retain(|part| !is_shared(part));
    }
    parts
}

/// A segment without its `;jsessionid=…`, which Java servers put there.
pub(crate) fn without_session(segment: &str) -> String {
    let mut parameters = segment.split(';');
    let name = parameters.next().unwrap_or_default();
    let kept = parameters.filter(|part| !is_own_name(part) && !is_shared(part));
    kept.fold(name.to_owned(), |segment, part| format!("{segment};{part}"))
}

/// Returns true if a whole segment is a session of ASP.NET: `(S(…))`, with `A(…)` and `F(…)`
/// beside it, or the old form, the 24 characters alone.
pub(crate) fn is_session_segment(segment: &str) -> bool {
    let Some(inner) = segment.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return false;
    };
    let is_old = inner.len() == 24 && inner.bytes().all(is_lower_alphanumeric);
    is_old || (!inner.is_empty() && are_tickets(inner))
}

fn are_tickets(mut text: &str) -> bool {
    while let Some((ticket, rest)) = text.split_once(')') {
        let is_ticket = ticket.split_once('(').is_some_and(|(kind, value)| {
            kind.len() == 1 && kind.bytes().all(|c| b"aAsSfF".contains(&c)) && is_long_word(value)
        });
        if !is_ticket {
            return false;
        }
        text = rest;
    }
    text.is_empty()
}

fn is_long_word(value: &str) -> bool {
    value.len() >= 20 && value.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_".contains(&c))
}

fn is_lower_alphanumeric(c: u8) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn names_one_of_many(part: &str) -> bool {
    let (name, value) = name_and_value(part);
    let turns_pages = PAGERS.iter().any(|pager| pager.eq_ignore_ascii_case(name));
    !is_shared(part) && !turns_pages && value.bytes().any(|c| c.is_ascii_digit())
}

fn is_named(part: &str, name: &str) -> bool {
    name_and_value(part).0.eq_ignore_ascii_case(name)
}

fn is_own_name(part: &str) -> bool {
    let name = name_and_value(part).0.to_ascii_lowercase();
    SESSION_NAMES.binary_search(&name.as_str()).is_ok() || name.starts_with("aspsessionid")
}

/// Letters and digits mixed, no hyphen: neither a slug nor a story's number.
fn is_shared(part: &str) -> bool {
    let (name, value) = name_and_value(part);
    SHARED_NAMES.iter().any(|shared| shared.eq_ignore_ascii_case(name))
        && value.len() >= MIN_SHARED_BYTES
        && value.bytes().all(|c| c.is_ascii_alphanumeric())
        && value.bytes().any(|c| c.is_ascii_digit())
        && value.bytes().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted() {
        assert!(SESSION_NAMES.is_sorted());
    }

    #[test]
    fn a_session_in_a_segment_goes() {
        for (segment, expected) in [
            ("a.jsp;jsessionid=E85FAC04E331", "a.jsp"),
            ("a;JSESSIONID=x!1;v=2", "a;v=2"),
            (";jsessionid=x;jsessionid=y", ""),
            ("a;sid=12", "a;sid=12"),
            ("7;114883;story", "7;114883;story"),
        ] {
            assert_eq!(without_session(segment), expected, "{segment}");
        }
    }

    #[test]
    fn sessions_without_cookies_are_whole_segments() {
        for segment in [
            "(S(4hqa0555fwsecu455xqckv45))",
            "(4hqa0555fwsecu455xqckv45)",
            "(a(4hqa0555fwsecu455xqckv45)S(4hqa0555fwsecu455xqckv45)f(4hqa0555fwsecu455xqckv45))",
        ] {
            assert!(is_session_segment(segment), "{segment}");
        }
        for segment in
            ["", "()", "(S())", "(S(short))", "(Michael)", "x(S(4hqa0555fwsecu455xqckv45))"]
        {
            assert!(!is_session_segment(segment), "{segment}");
        }
    }
}
