//! The reader of a page: language, zone, colours and last visit, from headers and cookies.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use jiff::tz::TimeZone;

use crate::ask::Console;
use crate::dates::Calendar;
use crate::texts::Texts;

/// The cookie with the chosen language.
pub(crate) const LANGUAGE: &str = "language";
/// The cookie with the chosen colours.
pub(crate) const COLOURS: &str = "colours";
/// The cookie with the ids of marked articles.
pub(crate) const MARKS: &str = "marks";
/// The most marks: browsers keep 4 KB in a cookie.
pub(crate) const MAX_MARKS: usize = 200;
/// The cookie with the name of the reader's time zone, which the script sets.
const ZONE: &str = "zone";
/// The cookie with the time of the last page and the end of the visit before, in seconds.
const VISIT: &str = "visit";
/// A visit ends after this time without a page, seconds.
const VISIT_ENDS_S: i64 = 30 * 60;
/// Cookies are kept for a year.
const KEPT_S: u32 = 365 * 86_400;

/// The reader of a page.
#[derive(Clone)]
pub(crate) struct Reader {
    pub(crate) texts: &'static Texts,
    pub(crate) calendar: Calendar,
    /// `light`, `dark`, or empty for those of the device.
    pub(crate) colours: &'static str,
    /// The page and its parameters.
    pub(crate) path: String,
    /// When the visit before this one ended, Unix seconds.
    pub(crate) last_visit: Option<i64>,
    /// The first digits of the ids of marked articles, the latest mark first.
    pub(crate) marks: Vec<String>,
}

impl FromRequestParts<Console> for Reader {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let texts = cookie(headers, LANGUAGE).and_then(|code| Texts::of(&code));
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let texts = texts.unwrap_or_else(|| Texts::accepted(accepted.unwrap_or_default()));
        let zone = cookie(headers, ZONE).and_then(|name| TimeZone::get(&name).ok());
        let now = console.clock.now();
        let calendar = Calendar { now, zone: zone.unwrap_or(TimeZone::UTC), texts };
        let colours = match cookie(headers, COLOURS).as_deref() {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let path = parts.uri.path_and_query().map_or_else(String::new, ToString::to_string);
        let last_visit = last_visit(headers, now.as_second());
        let marks = cookie(headers, MARKS).map(|ids| marks(&ids)).unwrap_or_default();
        Ok(Self { texts, calendar, colours, path, last_visit, marks })
    }
}

impl Reader {
    /// The cookie that notes this page as a part of the visit.
    pub(crate) fn visit_cookie(&self) -> String {
        let (now, before) = (self.calendar.now.as_second(), self.last_visit.unwrap_or(0));
        set_cookie(VISIT, &format!("{now}.{before}"))
    }
}

impl Reader {
    /// Returns true if the article with this id, or one that begins so, is marked.
    pub(crate) fn has_marked(&self, id: &str) -> bool {
        self.marks.iter().any(|mark| id.starts_with(mark.as_str()))
    }
}

fn marks(ids: &str) -> Vec<String> {
    let is_id = |id: &&str| id.len() >= 8 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    ids.split('.').filter(is_id).take(MAX_MARKS).map(str::to_owned).collect()
}

/// Writes a cookie for this console alone.
pub(crate) fn set_cookie(name: &str, value: &str) -> String {
    format!("{name}={value}; Path=/; Max-Age={KEPT_S}; SameSite=Lax; HttpOnly")
}

fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name).then(|| value.replace("%2F", "/"))
    })
}

fn last_visit(headers: &HeaderMap, now: i64) -> Option<i64> {
    let visit = cookie(headers, VISIT)?;
    let (page, before) = visit.split_once('.')?;
    let (page, before): (i64, i64) = (page.parse().ok()?, before.parse().ok()?);
    let end = if now.saturating_sub(page) > VISIT_ENDS_S { page } else { before };
    (1..=now).contains(&end).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_ends_after_half_an_hour_without_a_page() {
        let visit = |value: &str| {
            let mut headers = HeaderMap::new();
            let cookie = format!("a=b; visit={value}");
            headers.insert(header::COOKIE, cookie.parse().unwrap());
            last_visit(&headers, 10_000)
        };
        assert_eq!(visit("9900.500"), Some(500), "the same visit");
        assert_eq!(visit("8000.500"), Some(8_000), "a later visit");
        for wrong in ["9900.0", "x", "9900.99999", "-9900.-5"] {
            assert_eq!(visit(wrong), None, "{wrong}");
        }
    }
}
