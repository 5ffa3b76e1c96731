//! Spans of time, by which tables are divided into partitions: months, years, and parts of them.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Months have their own partitions from 1970 to 2199. What is before has one partition, and what
/// is after, too.
const FIRST: Date = date(1970, 1, 1);
const END: Date = date(2200, 1, 1);
/// The number of partitions from which a new one fills the whole gap that it lies in: times that
/// are spread over centuries make no more partitions than twice as many.
const MANY: usize = 24;

/// A span of time: from its first millisecond to the last one before `until_ms`, Unix time.
/// [`i64::MIN`] and [`i64::MAX`] stand for no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first millisecond.
    pub from_ms: i64,
    /// The first millisecond after the span.
    pub until_ms: i64,
}

impl Span {
    /// All times.
    pub const ALWAYS: Self = Self { from_ms: i64::MIN, until_ms: i64::MAX };

    /// Returns the month of a time, in UTC.
    pub fn month_of(ms: i64) -> Self {
        Self::around(ms, |day| {
            let first = day.first_of_month();
            (first, first.saturating_add(1.month()))
        })
    }

    /// Returns the year of a time, in UTC.
    pub fn year_of(ms: i64) -> Self {
        Self::around(ms, |day| (date(day.year(), 1, 1), date(day.year() + 1, 1, 1)))
    }

    fn around(ms: i64, bounds: impl FnOnce(Date) -> (Date, Date)) -> Self {
        let (first, end) = (midnight(FIRST), midnight(END));
        if ms < first {
            return Self { from_ms: i64::MIN, until_ms: first };
        }
        if ms >= end {
            return Self { from_ms: end, until_ms: i64::MAX };
        }
        let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let (from, until) = bounds(at.to_zoned(TimeZone::UTC).date());
        Self { from_ms: midnight(from), until_ms: midnight(until) }
    }

    /// Returns true if the span has this time in it. The last of all times is in a span without end.
    pub fn contains(self, ms: i64) -> bool {
        self.from_ms <= ms && (ms < self.until_ms || self.until_ms == i64::MAX)
    }

    /// Returns the last millisecond of the span.
    pub fn last_ms(self) -> i64 {
        if self.until_ms == i64::MAX { i64::MAX } else { self.until_ms.saturating_sub(1) }
    }

    /// Returns the span of a new partition for a time that none of `existing` has: its month, less
    /// the parts of it that others have.
    pub fn missing(ms: i64, existing: &[Self]) -> Self {
        let before = existing.iter().filter(|span| span.until_ms <= ms).map(|span| span.until_ms);
        let behind = existing.iter().filter(|span| span.from_ms > ms).map(|span| span.from_ms);
        let gap = Self {
            from_ms: before.max().unwrap_or(i64::MIN),
            until_ms: behind.min().unwrap_or(i64::MAX),
        };
        if existing.len() >= MANY {
            return gap;
        }
        let month = Self::month_of(ms);
        Self { from_ms: month.from_ms.max(gap.from_ms), until_ms: month.until_ms.min(gap.until_ms) }
    }

    /// Returns a name of the span for the end of a table's name, such as `2026_11` or `2025`.
    pub fn name(self) -> String {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
        if self.from_ms != i64::MIN && self.until_ms != i64::MAX {
            if self == Self::month_of(self.from_ms) {
                return at(self.from_ms).strftime("%Y_%m").to_string();
            }
            if self == Self::year_of(self.from_ms) {
                return at(self.from_ms).strftime("%Y").to_string();
            }
        }
        let bound = |ms: i64| match ms {
            i64::MIN => "min".to_owned(),
            i64::MAX => "max".to_owned(),
            ms => ms.to_string(),
        };
        format!("{}_{}", bound(self.from_ms), bound(self.until_ms))
    }

    /// Returns the span as the bounds of a partition.
    pub(crate) fn bounds(self) -> String {
        let (from, until) = (self.from_ms, self.until_ms);
        let from = if from == i64::MIN { "MINVALUE".into() } else { from.to_string() };
        let until = if until == i64::MAX { "MAXVALUE".into() } else { until.to_string() };
        format!("FOR VALUES FROM ({from}) TO ({until})")
    }

    /// Reads what [`Self::bounds`] wrote, as the server repeats it.
    pub(crate) fn of_bounds(bounds: &str) -> Option<Self> {
        let mut values = bounds.split(['(', ')']).skip(1).step_by(2);
        let mut bound = || match values.next()?.trim_matches('\'') {
            "MINVALUE" => Some(i64::MIN),
            "MAXVALUE" => Some(i64::MAX),
            number => number.parse().ok(),
        };
        Some(Self { from_ms: bound()?, until_ms: bound()? })
    }

    /// Returns the condition that a column has a time of the span.
    pub fn condition(self, column: &str) -> String {
        let (from, until) = (self.from_ms, self.until_ms);
        match (from, until) {
            (i64::MIN, i64::MAX) => "true".into(),
            (i64::MIN, _) => format!("{column} < {until}"),
            (_, i64::MAX) => format!("{column} >= {from}"),
            _ => format!("{column} >= {from} AND {column} < {until}"),
        }
    }
}

fn midnight(day: Date) -> i64 {
    day.to_zoned(TimeZone::UTC).map_or(0, |at| at.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOVEMBER: i64 = 1_793_491_200_000;
    const DECEMBER: i64 = 1_796_083_200_000;

    #[test]
    fn a_time_has_a_month_and_a_year() {
        let month = Span::month_of(NOVEMBER + 5);
        assert_eq!(month, Span { from_ms: NOVEMBER, until_ms: DECEMBER });
        assert_eq!(
            (month.name(), Span::year_of(NOVEMBER).name()),
            ("2026_11".into(), "2026".into())
        );
        assert_eq!(Span::month_of(DECEMBER - 1), month);
        assert_eq!(Span::month_of(0).from_ms, 0);
    }

    #[test]
    fn any_time_is_in_its_month() {
        for ms in [i64::MIN, -1, 0, NOVEMBER, 7_258_118_400_000, i64::MAX - 1, i64::MAX] {
            let month = Span::month_of(ms);
            assert!(month.contains(ms), "{ms} {month:?}");
            assert_eq!(Span::of_bounds(&month.bounds()), Some(month));
        }
        assert_eq!(Span::month_of(i64::MIN).name(), "min_0");
    }

    #[test]
    fn a_new_span_overlaps_none() {
        let piece = Span { from_ms: NOVEMBER, until_ms: NOVEMBER + 1000 };
        let made = Span::missing(NOVEMBER + 1000, &[piece]);
        assert_eq!(made, Span { from_ms: NOVEMBER + 1000, until_ms: DECEMBER });
        let years: Vec<_> =
            (0..MANY as i64).map(|n| Span::month_of(NOVEMBER - n * 400 * 86_400_000)).collect();
        let gap = Span::missing(DECEMBER, &years);
        assert_eq!(gap, Span { from_ms: DECEMBER, until_ms: i64::MAX });
    }

    #[test]
    fn bounds_are_read_as_the_server_repeats_them() {
        let read = Span::of_bounds("FOR VALUES FROM ('-5') TO ('7')");
        assert_eq!(read, Some(Span { from_ms: -5, until_ms: 7 }));
        assert_eq!(Span::of_bounds("FOR VALUES IN ('1')"), None);
    }
}
