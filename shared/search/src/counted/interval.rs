//! Periods of time.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The length of a period. Periods begin at round times in UTC; weeks begin on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interval {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// A day.
    Day,
    /// Seven days from Monday.
    Week,
    /// A month of the calendar.
    Month,
}

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// The first Monday, 1970-01-05.
const MONDAY_MS: i64 = 4 * DAY_MS;

impl Interval {
    /// Returns the start of the period that holds a time; both in Unix milliseconds.
    pub fn start_ms(self, time_ms: i64) -> i64 {
        let floor = |length: i64| time_ms - time_ms.rem_euclid(length);
        match self {
            Self::Minute => floor(MINUTE_MS),
            Self::Hour => floor(HOUR_MS),
            Self::Day => floor(DAY_MS),
            Self::Week => time_ms - (time_ms - MONDAY_MS).rem_euclid(7 * DAY_MS),
            Self::Month => month_start_ms(time_ms),
        }
    }
}

/// A time outside the calendar is its own month.
fn month_start_ms(time_ms: i64) -> i64 {
    let Ok(time) = jiff::Timestamp::from_millisecond(time_ms) else { return time_ms };
    let day = time.to_zoned(jiff::tz::TimeZone::UTC).date().first_of_month();
    let start = day.to_zoned(jiff::tz::TimeZone::UTC);
    start.map_or(time_ms, |start| start.timestamp().as_millisecond())
}

/// The error for a text that names no period.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no interval; give minute, hour, day, week or month")]
pub struct ParseIntervalError(String);

impl FromStr for Interval {
    type Err = ParseIntervalError;

    fn from_str(text: &str) -> Result<Self, ParseIntervalError> {
        Ok(match text {
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            other => return Err(ParseIntervalError(other.chars().take(40).collect())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(interval: Interval, time: &str) -> String {
        let time: jiff::Timestamp = time.parse().unwrap();
        let start = interval.start_ms(time.as_millisecond());
        jiff::Timestamp::from_millisecond(start).unwrap().to_string()
    }

    #[test]
    fn periods_begin_at_round_times() {
        let time = "2026-11-29T17:45:31Z";
        assert_eq!(start(Interval::Minute, time), "2026-11-29T17:45:00Z");
        assert_eq!(start(Interval::Hour, time), "2026-11-29T17:00:00Z");
        assert_eq!(start(Interval::Day, time), "2026-11-29T00:00:00Z");
        assert_eq!(start(Interval::Week, time), "2026-11-23T00:00:00Z");
        assert_eq!(start(Interval::Month, time), "2026-11-01T00:00:00Z");
        assert_eq!(start(Interval::Week, "1969-12-31T23:00:00Z"), "1969-12-29T00:00:00Z");
    }
}
