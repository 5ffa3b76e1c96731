//! Reads and writes dates, times and ranges of them, in UTC.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};

use crate::error::QueryError;
use crate::expr::TimeRange;
use crate::lex::Value;

/// Midnight of 0001-01-01: earlier years have no four digits.
const EARLIEST_MS: i64 = -62_135_596_800_000;

/// The time that a date names, half open, in Unix milliseconds. A duration names the moment so
/// long ago; both ends are that moment.
#[derive(Clone, Copy)]
struct Period {
    from_ms: i64,
    until_ms: i64,
}

/// Reads a date, or a range `a..b` that includes all of `b`. A duration alone has no end: articles
/// that arrive after `now` belong to it.
pub(crate) fn range(value: &Value, now: Timestamp) -> Result<TimeRange, QueryError> {
    let read = |text: &str| period(text, now).ok_or_else(|| not_a_date(value));
    let end = |text: &str| if text.is_empty() { Ok(None) } else { read(text).map(Some) };
    let (first, last) = match value.text.split_once("..") {
        Some(("", "")) => return Err(not_a_date(value)),
        Some((first, last)) => (end(first)?, end(last)?),
        None => {
            let Period { from_ms, until_ms } = read(&value.text)?;
            let until_ms = (from_ms < until_ms).then_some(until_ms);
            return Ok(TimeRange { from_ms: Some(from_ms), until_ms });
        }
    };
    match (first.map(|first| first.from_ms), last.map(|last| last.until_ms)) {
        (Some(from), Some(until)) if from >= until => Err(value.error("ends before it starts")),
        (from_ms, until_ms) => Ok(TimeRange { from_ms, until_ms }),
    }
}

fn not_a_date(value: &Value) -> QueryError {
    let error = value.error("is not a date");
    error.advise("write for example `2026-11`, `2026-11-01..2026-11-15`, `today` or `P7D`")
}

fn period(text: &str, now: Timestamp) -> Option<Period> {
    let today = now.to_zoned(TimeZone::UTC).date();
    match text.to_ascii_lowercase().as_str() {
        "today" => days(today, 1.day()),
        "yesterday" => days(today.yesterday().ok()?, 1.day()),
        duration if duration.starts_with('p') => ago(duration, now),
        _ => calendar(text).or_else(|| clock(text)),
    }
}

/// Reads an ISO 8601 duration such as `P7D`.
fn ago(text: &str, now: Timestamp) -> Option<Period> {
    let span: Span = text.parse().ok().filter(|span: &Span| span.is_positive())?;
    let moment = now.to_zoned(TimeZone::UTC).checked_sub(span).ok()?.timestamp();
    let from_ms = moment.as_millisecond();
    (from_ms >= EARLIEST_MS).then_some(Period { from_ms, until_ms: from_ms })
}

/// Reads a year, a month or a day.
fn calendar(text: &str) -> Option<Period> {
    let (first_day, length) = match text.len() {
        4 => (format!("{text}-01-01"), 1.year()),
        7 => (format!("{text}-01"), 1.month()),
        10 => (text.to_owned(), 1.day()),
        _ => return None,
    };
    days(first_day.parse().ok()?, length)
}

fn days(first: Date, length: Span) -> Option<Period> {
    let midnight = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let next = first.checked_add(length).ok()?;
    spanning(midnight(first)?, midnight(next)?)
}

/// Reads a time of day, which lasts as long as its last part: a minute, a second, a millisecond.
/// Without an offset it is in UTC.
fn clock(text: &str) -> Option<Period> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok();
    let moment = match text.parse::<Timestamp>() {
        Ok(moment) => moment,
        Err(_) => utc(text.parse().ok()?)?.timestamp(),
    };
    let time = text.get(11..)?.split(['Z', 'z', '+', '-']).next()?;
    let length = match (time.contains('.'), time.matches(':').count()) {
        (true, _) => 1.millisecond(),
        (false, 2) => 1.second(),
        (false, 1) => 1.minute(),
        _ => return None,
    };
    spanning(moment, moment.checked_add(length).ok()?)
}

fn spanning(from: Timestamp, until: Timestamp) -> Option<Period> {
    let (from_ms, until_ms) = (from.as_millisecond(), until.as_millisecond());
    (EARLIEST_MS <= from_ms && from_ms < until_ms).then_some(Period { from_ms, until_ms })
}

/// Formats from the coarsest to the finest.
const FORMATS: [&str; 6] =
    ["%Y", "%Y-%m", "%Y-%m-%d", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%.3fZ"];

/// Writes `range` as [`range`] reads it, in the coarsest form that is exact.
pub(crate) fn write(range: TimeRange) -> String {
    let TimeRange { from_ms, until_ms } = range;
    let finest = from_ms.into_iter().chain(until_ms).map(format_of).max().unwrap_or(0);
    let first = from_ms.map(|from| write_moment(from, finest));
    let last = until_ms.map(|until| write_moment(until.saturating_sub(1), finest));
    match (first, last) {
        (Some(first), Some(last)) if first == last => first,
        (first, last) => format!("{}..{}", first.unwrap_or_default(), last.unwrap_or_default()),
    }
}

/// Returns the place in [`FORMATS`] of the coarsest format for a period that starts at `ms`.
fn format_of(ms: i64) -> usize {
    let is_exact = |format: &usize| {
        let text = write_moment(ms, *format);
        calendar(&text).or_else(|| clock(&text)).is_some_and(|period| period.from_ms == ms)
    };
    (0..FORMATS.len()).find(is_exact).unwrap_or(FORMATS.len() - 1)
}

fn write_moment(ms: i64, format: usize) -> String {
    let nearest = if ms < 0 { Timestamp::MIN } else { Timestamp::MAX };
    let moment = Timestamp::from_millisecond(ms).unwrap_or(nearest);
    moment.strftime(FORMATS[format]).to_string()
}
