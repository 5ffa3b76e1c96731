//! Dates, times and ranges of them.

use jiff::Timestamp;

use super::{error, only};
use crate::{Condition, TimeRange};

fn range(text: &str) -> TimeRange {
    match only(&format!("date:{text}")) {
        Condition::Published(range) => range,
        other => panic!("{other:?}"),
    }
}

/// The range between two times in RFC 3339; an empty text is an open end.
fn between(from: &str, until: &str) -> TimeRange {
    let ms = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond);
    TimeRange { from_ms: ms(from), until_ms: ms(until) }
}

#[test]
fn a_date_is_its_whole_year_month_day_minute_or_second() {
    for (text, from, until) in [
        ("2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"),
        ("2024-02-29", "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("2026-11-01T10:00Z", "2026-11-01T10:00:00Z", "2026-11-01T10:01:00Z"),
        ("2026-11-01T10:00", "2026-11-01T10:00:00Z", "2026-11-01T10:01:00Z"),
        ("2026-11-01t10:00:05z", "2026-11-01T10:00:05Z", "2026-11-01T10:00:06Z"),
        ("2026-11-01T10:00+02:00", "2026-11-01T08:00:00Z", "2026-11-01T08:01:00Z"),
        ("2026-11-01T10:00:05.25Z", "2026-11-01T10:00:05.25Z", "2026-11-01T10:00:05.251Z"),
    ] {
        assert_eq!(range(text), between(from, until), "{text}");
    }
}

#[test]
fn a_range_includes_both_of_its_ends() {
    for (text, from, until) in [
        ("2026-11-01..2026-11-15", "2026-11-01T00:00:00Z", "2026-11-16T00:00:00Z"),
        ("2025..2026-02", "2025-01-01T00:00:00Z", "2026-03-01T00:00:00Z"),
        ("2026-11..", "2026-11-01T00:00:00Z", ""),
        ("..2026-11", "", "2026-12-01T00:00:00Z"),
        ("yesterday..today", "2026-11-29T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("P2D..P1D", "2026-11-28T12:16:22.5Z", "2026-11-29T12:16:22.5Z"),
    ] {
        assert_eq!(range(text), between(from, until), "{text}");
    }
}

#[test]
fn relative_dates_depend_on_the_given_time_in_utc() {
    for (text, from, until) in [
        ("today", "2026-11-30T00:00:00Z", "2026-12-01T00:00:00Z"),
        ("Yesterday", "2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z"),
        ("P7D", "2026-11-23T12:16:22.5Z", ""),
        ("p1w", "2026-11-23T12:16:22.5Z", ""),
        ("PT12H", "2026-11-30T00:16:22.5Z", ""),
        ("P1M", "2026-10-30T12:16:22.5Z", ""),
    ] {
        assert_eq!(range(text), between(from, until), "{text}");
    }
}

#[test]
fn observed_reads_the_same_dates() {
    let expected = Condition::Observed(between("2026-11-29T00:00:00Z", "2026-11-30T00:00:00Z"));
    assert_eq!(only("observed:yesterday"), expected);
}

#[test]
fn impossible_dates_are_refused() {
    for wrong in [
        "2026-13",
        "2026-02-30",
        "26",
        "20261101",
        "2026-1",
        "tomorrow",
        "..",
        "P",
        "P0D",
        "-P7D",
        "P9999999D",
        "P2026Y",
        "0000",
        "9999-12-31",
        "2026-11-01T25:00Z",
        "2026-11-01T",
        "+026",
        "2026-11-01T10Z",
        "2026..2027..2028",
        "7d",
    ] {
        let error = error(&format!("date:{wrong}"));
        assert!(error.message.contains("is not a date at character 5"), "{wrong}: {error}");
    }
    for backwards in ["2026..2025", "2026-11-02..2026-11-01", "P1D..P2D", "today..yesterday"] {
        let error = error(&format!("date:{backwards}"));
        assert!(error.message.contains("ends before it starts at character 5"), "{error}");
    }
}

#[test]
fn a_range_contains_its_start_and_not_its_end() {
    let day = range("1970-01-02");
    assert!(day.contains(86_400_000) && day.contains(2 * 86_400_000 - 1));
    assert!(!day.contains(86_399_999) && !day.contains(2 * 86_400_000));
    assert!(TimeRange::default().contains(0));
}
