//! Pages that stand in front of the requested page: bot checks and logins.

use crate::markup::{Piece, Pieces, attribute, is_element};

/// The most characters of text on such a page, blanks left out.
const MAX_CHARS: usize = 1_500;
/// The most bytes of such a page. Much of a bot check is script.
const MAX_BYTES: usize = 512 * 1024;

/// The words of bot checks, in titles and texts.
const CHECK_WORDS: [&str; 20] = [
    "are you a robot",
    "are you human",
    "attention required! | cloudflare",
    "checking if the site connection is secure",
    "checking your browser",
    "complete the security check",
    "confirm you are human",
    "confirm that you are not a robot",
    "ddos protection by",
    "enable javascript and cookies to continue",
    "i'm not a robot",
    "just a moment...",
    "made us think you were a bot",
    "making sure you're not a bot",
    "pardon our interruption",
    "prove you are human",
    "unusual traffic from your",
    "verify you are human",
    "verify you are not a robot",
    "verifying you are human",
];

/// Parts of the media types of feeds.
const FEED_TYPES: [&str; 3] = ["rss+xml", "atom+xml", "feed+json"];

/// The marks of bot checks, in markup and scripts.
const CHECK_MARKS: [&str; 8] = [
    "_cf_chl_opt",
    "captcha-delivery.com",
    "geo.captcha-delivery",
    "anubis_challenge",
    "px-captcha",
    "ddos-guard.net/check",
    "awswafcaptcha",
    "challenge.js?token=",
];

/// A page that stands in front of the requested page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It checks that its reader is a person.
    BotCheck,
    /// It asks for a name and a password.
    Login,
}

/// Returns the kind of a bot check or login page. Returns `None` if the page shows content. Only
/// short pages count, since many articles have a login form or a captcha beside them.
pub fn gate(html: &str) -> Option<Gate> {
    if html.len() > MAX_BYTES {
        return None;
    }
    let (mut text, mut has_password) = (String::new(), false);
    let mut chars = 0;
    for piece in Pieces::of(html.as_bytes()) {
        match piece {
            Piece::Text(words) => {
                let words = String::from_utf8_lossy(words);
                chars += words.chars().filter(|c| !c.is_whitespace()).count();
                text.push_str(&words.to_lowercase());
                text.push(' ');
            }
            Piece::Tag(tag) if names_a_feed(tag) => return None,
            Piece::Tag(tag) => has_password |= asks_for_a_password(tag),
        }
        if chars > MAX_CHARS {
            return None;
        }
    }
    let text = text.replace('\u{2019}', "'").replace('\u{2026}', "...");
    let has_words = CHECK_WORDS.iter().any(|words| text.contains(words));
    if has_words || has_marks(html) {
        return Some(Gate::BotCheck);
    }
    has_password.then_some(Gate::Login)
}

fn has_marks(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    CHECK_MARKS.iter().any(|mark| html.contains(mark))
}

/// Returns true for a link to a feed: a page that names its feeds shows something, however little
/// of it is text.
fn names_a_feed(tag: &[u8]) -> bool {
    let kind = || attribute(&String::from_utf8_lossy(tag), "type");
    let is_feed = |kind: String| FEED_TYPES.iter().any(|feed| kind.contains(feed));
    is_element(tag, "link") && kind().is_some_and(is_feed)
}

fn asks_for_a_password(tag: &[u8]) -> bool {
    let kind = || attribute(&String::from_utf8_lossy(tag), "type");
    is_element(tag, "input") && kind().is_some_and(|kind| kind.eq_ignore_ascii_case("password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_and_logins_are_told_from_pages() {
        for (html, expected) in [
            ("<title>Just a moment\u{2026}</title>", Some(Gate::BotCheck)),
            ("<h1>Checking your browser</h1><a href=/2024/05/a>Why?</a>", Some(Gate::BotCheck)),
            ("<p>Please verify you are human</p>", Some(Gate::BotCheck)),
            ("<script src='https://x.captcha-delivery.com/c.js'></script>", Some(Gate::BotCheck)),
            ("<form><input name=u><INPUT type='password'></form>", Some(Gate::Login)),
            ("<p>The council decided on the bridge.</p>", None),
            ("<link type=application/rss+xml href=/f><input type=password>", None),
            ("<div id=root></div><script src=/cdn-cgi/challenge-platform/jsd.js></script>", None),
            ("<title>A moment of rest</title><input type=search>", None),
            ("", None),
        ] {
            assert_eq!(gate(html), expected, "{html}");
        }
        let article = "<p>The council decided on the bridge.</p>".repeat(100);
        assert_eq!(gate(&format!("{article}<input type=password>Are you a robot?")), None);
    }
}
