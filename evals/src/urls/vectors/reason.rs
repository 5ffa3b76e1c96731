//! Classifies the reasons why a canonical form differs from the form in a list.

use std::fmt;

use courant_dedup::{CanonicalUrl, InvalidUrl, canonicalize};

use super::UrlVector;

/// The class of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    NoScheme,
    Refused,
    Accepted,
    Case,
    Unescaping,
    Delimiter,
    Query,
    Bytes,
    Host,
    Path,
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoScheme => "no scheme, and `page.pl` may be a file or a host",
            Self::Refused => "no browser could open it",
            Self::Accepted => "a browser opens it",
            Self::Case => "case is kept: it tells articles apart",
            Self::Unescaping => "decoded once: %2561 and %61 are two addresses",
            Self::Delimiter => "an encoded delimiter stays encoded",
            Self::Query => "parameters without a value keep their place and form",
            Self::Bytes => "the list holds bytes of UTF-8, one a character",
            Self::Host => "another host",
            Self::Path => "another path",
        })
    }
}

/// Returns the reason why `ours` differs from the list's form of `vector`.
pub(super) fn of(vector: &UrlVector, ours: &Result<CanonicalUrl, InvalidUrl>) -> Reason {
    let expected = vector.expected.as_deref().and_then(|url| canonicalize(url).ok());
    match (ours, expected) {
        (Err(_), _) if !has_http_scheme(&vector.input) => Reason::NoScheme,
        _ if holds_bytes(&vector.input) => Reason::Bytes,
        (Err(_), _) => Reason::Refused,
        (Ok(_), None) => Reason::Accepted,
        (Ok(ours), Some(theirs)) => difference(ours.as_str(), theirs.as_str()),
    }
}

/// Returns true if the address begins with http or https.
pub(super) fn has_http_scheme(url: &str) -> bool {
    url.split_once(':').is_some_and(|(scheme, _)| {
        ["http", "https"].iter().any(|http| http.eq_ignore_ascii_case(scheme.trim()))
    })
}

/// Returns true if some characters are single bytes of a text in UTF-8.
fn holds_bytes(url: &str) -> bool {
    url.chars().any(|c| ('\u{80}'..='\u{ff}').contains(&c))
}

fn difference(ours: &str, theirs: &str) -> Reason {
    if ours.eq_ignore_ascii_case(theirs) {
        return Reason::Case;
    }
    let (ours_base, ours_query) = ours.split_once('?').unwrap_or((ours, ""));
    let (their_base, their_query) = theirs.split_once('?').unwrap_or((theirs, ""));
    if ours_base == their_base && names(ours_query) == names(their_query) {
        let is_case = ours.to_ascii_lowercase() != ours;
        return if is_case { Reason::Case } else { Reason::Query };
    }
    if decoded(ours) == decoded(theirs) {
        let is_nested = ours.contains("%25") || theirs.contains("%25");
        return if is_nested { Reason::Unescaping } else { Reason::Delimiter };
    }
    let host = |url: &str| url.split('/').nth(2).map(str::to_owned);
    if host(ours) == host(theirs) { Reason::Path } else { Reason::Host }
}

/// Returns the parameters without order, case and empty values.
fn names(query: &str) -> Vec<String> {
    let parts = query.split('&').map(|part| part.trim_end_matches('=').to_ascii_lowercase());
    let mut names: Vec<String> =
        parts.filter(|part| !part.is_empty() && !part.starts_with('=')).collect();
    names.sort_unstable();
    names
}

/// Percent-decodes an address until nothing is left to decode.
fn decoded(url: &str) -> Vec<u8> {
    let mut bytes = url.as_bytes().to_vec();
    loop {
        let once = decoded_once(&bytes);
        if once == bytes {
            return once;
        }
        bytes = once;
    }
}

fn decoded_once(mut text: &[u8]) -> Vec<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    while let [byte, rest @ ..] = text {
        let encoded = match rest {
            [high, low, ..] if *byte == b'%' => digit(*high).zip(digit(*low)),
            _ => None,
        };
        bytes.push(encoded.map_or(*byte, |(high, low)| high << 4 | low));
        text = if encoded.is_some() { &rest[2..] } else { rest };
    }
    bytes
}
