//! Pages that redirect their readers, by `<meta http-equiv=refresh>` or the header `Refresh`.

use std::time::Duration;

use crate::markup::{Piece, Pieces, attribute, is_element};

/// Media types within a page whose words are not all in its text: it names feeds, or tells
/// programs of an article.
const SAYING_MORE: [&str; 3] =
    ["application/ld+json", "application/rss+xml", "application/atom+xml"];
/// The most characters of text on a page that only redirects.
const MAX_STUB_CHARS: usize = 800;
/// The longest delay of a page that only redirects. A longer one lets readers read the page first.
const MAX_DELAY: Duration = Duration::from_secs(10);
/// The most bytes of the target's address.
const MAX_URL_BYTES: usize = 4_096;

/// A redirect to another address after a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The delay before the redirect.
    pub after: Duration,
    /// The address as it is written. It may be relative.
    pub url: String,
}

impl Refresh {
    /// The most bytes of a page that only redirects.
    pub const MAX_STUB_BYTES: usize = 64 * 1024;

    /// Parses a header `Refresh`, or the `content` of a `meta` element, by the "shared declarative
    /// refresh steps" of the HTML standard. Returns `None` if it names no address: it is malformed,
    /// or asks to load the same page again.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim_ascii_start();
        let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
        let (seconds, rest) = value.split_at(digits);
        if seconds.is_empty() && !rest.starts_with('.') {
            return None;
        }
        let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if !rest.starts_with(|c: char| c == ';' || c == ',' || c.is_ascii_whitespace()) {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_ascii_start();
        let url = unquoted(without_name(rest)).trim_ascii();
        let is_one = !url.is_empty() && url.len() <= MAX_URL_BYTES;
        // A number that is too large to parse is a long time.
        let seconds = if seconds.is_empty() { 0 } else { seconds.parse().unwrap_or(u64::MAX) };
        is_one.then(|| Self { after: Duration::from_secs(seconds), url: url.to_owned() })
    }

    /// Returns the redirect of a page that only redirects. Such a page has little text and a short
    /// delay. `header`: the page's header `Refresh`, which takes precedence over its elements.
    pub fn of_stub(html: &str, header: Option<&str>) -> Option<Self> {
        let says_more = SAYING_MORE.iter().any(|kind| html.contains(kind));
        if html.len() > Self::MAX_STUB_BYTES || says_more {
            return None;
        }
        let (mut refresh, mut chars) = (header.and_then(Self::parse), 0);
        for piece in Pieces::of(html.as_bytes()) {
            match piece {
                Piece::Text(text) => chars += chars_of(text),
                Piece::Tag(tag) if refresh.is_none() => refresh = Self::of_tag(tag),
                Piece::Tag(_) => {}
            }
            if chars > MAX_STUB_CHARS {
                return None;
            }
        }
        refresh.filter(|refresh| refresh.after <= MAX_DELAY)
    }

    fn of_tag(tag: &[u8]) -> Option<Self> {
        if !is_element(tag, "meta") {
            return None;
        }
        let tag = String::from_utf8_lossy(tag);
        let is_refresh = attribute(&tag, "http-equiv")?.trim().eq_ignore_ascii_case("refresh");
        Self::parse(&attribute(&tag, "content").filter(|_| is_refresh)?)
    }
}

/// Returns the number of characters other than blanks.
fn chars_of(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).chars().filter(|c| !c.is_whitespace()).count()
}

/// Returns the address after `url =`, or the whole text if there is no `url =`.
fn without_name(text: &str) -> &str {
    let named = text.get(..3).filter(|name| name.eq_ignore_ascii_case("url"));
    let value = named.and_then(|_| text[3..].trim_ascii_start().strip_prefix('='));
    value.map_or(text, str::trim_ascii_start)
}

fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split(quote).next().unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(value: &str) -> Option<(u64, String)> {
        Refresh::parse(value).map(|refresh| (refresh.after.as_secs(), refresh.url))
    }

    #[test]
    fn an_order_is_read_as_browsers_read_it() {
        let to = |seconds, url: &str| Some((seconds, url.to_owned()));
        for (value, expected) in [
            ("0; url=/next", to(0, "/next")),
            ("0;URL='/next'", to(0, "/next")),
            ("5, url = \"/ne xt\" rest", to(5, "/ne xt")),
            (" 3.7 ; /next", to(3, "/next")),
            (".5; url=/next", to(0, "/next")),
            ("0 /next", to(0, "/next")),
            ("0; urls/1", to(0, "urls/1")),
            ("0; url", to(0, "url")),
            ("99999999999999999999999; url=/a", to(u64::MAX, "/a")),
            ("0", None),
            ("0;", None),
            ("0; url=", None),
            ("0; url=''", None),
            ("0x; url=/next", None),
            ("url=/next", None),
            ("-1; url=/next", None),
            ("é; url=/next", None),
            ("0; é", to(0, "é")),
        ] {
            assert_eq!(parsed(value), expected, "{value:?}");
        }
    }

    #[test]
    fn a_stub_sends_on_and_a_page_to_read_does_not() {
        let meta =
            "<html><head><META content='1; url=/a?b=1&amp;c=2' http-equiv=\"Refresh\"></head>";
        let stub = format!("{meta}<body><p>You are being sent on.</p>");
        assert_eq!(Refresh::of_stub(&stub, None).unwrap().url, "/a?b=1&c=2");
        let header = Refresh::of_stub(&stub, Some("0; url=/header"));
        assert_eq!(header.unwrap().url, "/header");
        assert_eq!(Refresh::of_stub("", Some("0; url=/header")).unwrap().url, "/header");
        let page = format!("{meta}<body>{}", "<p>A sentence of the page.</p>".repeat(50));
        assert_eq!(Refresh::of_stub(&page, None), None);
        assert_eq!(Refresh::of_stub(&page, Some("0; url=/header")), None);
        for other in [
            "<meta http-equiv=refresh content='300; url=/live'>",
            "<meta http-equiv=refresh content=5>",
            "<!-- <meta http-equiv=refresh content='0; url=/old-browsers'> -->",
            "<script>'<meta http-equiv=refresh content=\"0; url=/script\">'</script>",
            "<meta name=refresh content='0; url=/a'>",
        ] {
            assert_eq!(Refresh::of_stub(other, None), None, "{other}");
        }
    }
}
