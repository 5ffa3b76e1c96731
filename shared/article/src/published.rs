//! The publishing time of an article, as its page states it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A publishing time in the page's own offset, or the date alone if the page gives no time. It is
/// never converted to another zone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublishedAt(String);

/// A longer text is no time: RFC 3339 with nine digits of a second has 35.
const MAX_BYTES: usize = 64;

/// The error for a text that is neither an RFC 3339 time nor a date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an RFC 3339 time nor a date")]
pub struct ParsePublishedError(String);

impl PublishedAt {
    /// Returns the time in RFC 3339, or the date as `YYYY-MM-DD`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the instant in Unix seconds, for sorting and filtering. A date alone counts as its
    /// midnight in UTC.
    pub fn unix_seconds(&self) -> i64 {
        if let Ok(instant) = self.0.parse::<jiff::Timestamp>() {
            return instant.as_second();
        }
        let date: jiff::civil::Date = self.0.parse().expect("was parsed when it was made");
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .map_or(0, |midnight| midnight.timestamp().as_second())
    }
}

impl FromStr for PublishedAt {
    type Err = ParsePublishedError;

    fn from_str(text: &str) -> Result<Self, ParsePublishedError> {
        let is_short = text.len() <= MAX_BYTES;
        let is_date = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        let is_time = text.len() > 10 && is_short && text.parse::<jiff::Timestamp>().is_ok();
        if is_date || is_time {
            Ok(Self(text.to_owned()))
        } else {
            Err(ParsePublishedError(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for PublishedAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PublishedAt {
    type Error = ParsePublishedError;

    fn try_from(text: String) -> Result<Self, ParsePublishedError> {
        text.parse()
    }
}

impl From<PublishedAt> for String {
    fn from(published: PublishedAt) -> Self {
        published.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_page_s_own_offset() {
        let published: PublishedAt = "2024-03-01T09:30:00+05:30".parse().unwrap();
        assert_eq!(published.as_str(), "2024-03-01T09:30:00+05:30");
        assert_eq!(published.unix_seconds(), 1_709_265_600);
    }

    #[test]
    fn a_date_alone_stays_a_date() {
        let published: PublishedAt = "2024-03-01".parse().unwrap();
        assert_eq!(published.as_str(), "2024-03-01");
        assert_eq!(published.unix_seconds(), 1_709_251_200);
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in ["", "yesterday", "2024-13-01", "2024-03-01T09:30:00", "01/03/2024"] {
            assert!(wrong.parse::<PublishedAt>().is_err(), "{wrong:?}");
        }
    }
}
