//! Computes the time until a feed is looked at again. A feed that changes often is looked at
//! often. No look comes sooner than the server asks, within the longest interval.

use std::time::Duration;

/// The factors for the next interval: shorter after a change, longer after none. They are those
/// of Common Crawl's news crawler.
const CHANGED: f64 = 0.8;
const UNCHANGED: f64 = 1.5;

/// The limits of the intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The interval of a feed that was never looked at.
    pub first: Duration,
    /// The shortest interval.
    pub least: Duration,
    /// The longest interval, even if a server asks for a longer one.
    pub most: Duration,
}

/// The result of a look at a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The feed names other pages than last time.
    Changed,
    /// The feed names the same pages as last time, or its server calls it unchanged.
    Unchanged,
    /// The feed could not be fetched or read.
    Failed,
}

/// The schedule that follows from a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// The interval that suits the rate at which the feed changes.
    pub interval: Duration,
    /// The number of failed looks in a row.
    pub failures: u32,
    /// The time until the next look.
    pub wait: Duration,
}

/// Computes the schedule after a look. `before` is the stored interval and failure count; `None`
/// at the first look. `asked` is the wait that the publisher asks for (`ttl`, `max-age`,
/// `Expires`, `Retry-After`).
///
/// A feed that fails keeps its interval. Its wait doubles with each further failure, up to the
/// longest interval.
pub fn next(before: Option<(Duration, u32)>, look: Look, asked: Duration, bounds: Bounds) -> Next {
    let (interval, failures) = before.unwrap_or((bounds.first, 0));
    // The stored interval may exceed the bounds of a new configuration.
    let interval = interval.min(bounds.most);
    let interval = match (look, before) {
        (Look::Changed, Some(_)) => interval.mul_f64(CHANGED),
        (Look::Unchanged, Some(_)) => interval.mul_f64(UNCHANGED),
        (Look::Failed, _) | (_, None) => interval,
    };
    let interval = interval.clamp(bounds.least, bounds.most);
    let failures = if look == Look::Failed { failures.saturating_add(1) } else { 0 };
    let doubled = interval.saturating_mul(1 << failures.saturating_sub(1).min(16));
    Next { interval, failures, wait: doubled.max(asked).min(bounds.most) }
}

/// The limits that a publisher sets on looks at a listing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublisherLimits {
    /// The wait until the next look.
    pub wait: Duration,
    /// The hours and days without looks.
    pub quiet: Quiet,
}

/// The hours and days, in GMT, in which a feed is not to be fetched (`skipHours` and `skipDays`
/// of RSS).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quiet {
    /// One bit for each hour of the day.
    hours: u32,
    /// One bit for each day of the week, Monday first.
    days: u8,
}

const HOUR_MS: i64 = 3_600_000;
const HOURS_OF_A_WEEK: i64 = 7 * 24;

impl Quiet {
    /// Creates it from `hours` (0 to 23) and `days` (0 for Monday to 6). Other values are ignored.
    pub fn new(hours: &[u8], days: &[u8]) -> Self {
        let hours = hours.iter().filter(|hour| **hour < 24).fold(0, |bits, hour| bits | 1 << hour);
        let days = days.iter().filter(|day| **day < 7).fold(0, |bits, day| bits | 1 << day);
        Self { hours, days }
    }

    /// Returns the first time from `at_ms` on that is not quiet, in Unix milliseconds. Returns
    /// `at_ms` if every hour of the week is quiet, which no publisher means.
    pub fn end(self, at_ms: i64) -> i64 {
        let first = at_ms.div_euclid(HOUR_MS);
        let mut hours = first..=first + HOURS_OF_A_WEEK;
        match hours.find(|hour| !self.has(*hour)) {
            Some(hour) if hour > first => hour * HOUR_MS,
            _ => at_ms,
        }
    }

    /// Returns true if `hour` is quiet. It counts from the start of 1970, which was a Thursday.
    fn has(self, hour: i64) -> bool {
        let day = (hour.div_euclid(24) + 3).rem_euclid(7);
        self.hours >> hour.rem_euclid(24) & 1 == 1 || self.days >> day & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds { first: minutes(15), least: minutes(5), most: minutes(24 * 60) };

    const fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    fn kept(interval: Duration) -> Option<(Duration, u32)> {
        Some((interval, 0))
    }

    #[test]
    fn the_interval_follows_the_feed_within_its_bounds() {
        let table = [
            (None, Look::Changed, minutes(15)),
            (None, Look::Failed, minutes(15)),
            (kept(minutes(10)), Look::Changed, minutes(8)),
            (kept(minutes(10)), Look::Unchanged, minutes(15)),
            (kept(minutes(10)), Look::Failed, minutes(10)),
            (kept(minutes(5)), Look::Changed, minutes(5)),
            (kept(minutes(20 * 60)), Look::Unchanged, minutes(24 * 60)),
            (kept(Duration::ZERO), Look::Unchanged, minutes(5)),
            (kept(Duration::MAX), Look::Changed, minutes(24 * 48)),
        ];
        for (before, look, expected) in table {
            let next = next(before, look, Duration::ZERO, BOUNDS);
            assert_eq!(next.interval, expected, "{before:?} {look:?}");
        }
    }

    #[test]
    fn what_the_publisher_asks_for_delays_the_next_look_and_not_the_ones_behind() {
        let table = [
            (minutes(0), minutes(8)),
            (minutes(7), minutes(8)),
            (minutes(60), minutes(60)),
            (Duration::MAX, minutes(24 * 60)),
        ];
        for (asked, wait) in table {
            let next = next(kept(minutes(10)), Look::Changed, asked, BOUNDS);
            assert_eq!((next.interval, next.wait), (minutes(8), wait), "{asked:?}");
        }
    }

    #[test]
    fn a_dead_feed_is_waited_for_twice_as_long_each_time_but_not_for_ever() {
        let mut before = kept(minutes(15));
        let mut waits = Vec::new();
        for failures in 1..=100 {
            let next = next(before, Look::Failed, Duration::ZERO, BOUNDS);
            assert_eq!(next.failures, failures);
            waits.push(next.wait.as_secs() / 60);
            before = Some((next.interval, next.failures));
        }
        assert_eq!(waits[..9], [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
        assert_eq!(waits[99], 1440);
        let back = next(before, Look::Changed, Duration::ZERO, BOUNDS);
        assert_eq!(back, Next { interval: minutes(12), failures: 0, wait: minutes(12) });
    }

    #[test]
    fn quiet_hours_and_days_are_waited_for() {
        let ms = |time: &str| time.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let end = |quiet: Quiet, at: &str| {
            jiff::Timestamp::from_millisecond(quiet.end(ms(at))).unwrap().to_string()
        };
        let night = Quiet::new(&[0, 1, 2, 23, 24, 255], &[]);
        assert_eq!(end(night, "2024-03-05T22:59:59Z"), "2024-03-05T22:59:59Z");
        assert_eq!(end(night, "2024-03-05T23:00:01Z"), "2024-03-06T03:00:00Z");
        // The 9th of March 2024 was a Saturday.
        let weekend = Quiet::new(&[0], &[5, 6, 7]);
        assert_eq!(end(weekend, "2024-03-08T23:59:00Z"), "2024-03-08T23:59:00Z");
        assert_eq!(end(weekend, "2024-03-09T12:30:00Z"), "2024-03-11T01:00:00Z");
        let always = Quiet::new(&(0..24).collect::<Vec<_>>(), &[]);
        assert_eq!(end(always, "2024-03-09T12:30:00Z"), "2024-03-09T12:30:00Z");
        assert_eq!(Quiet::default().end(-5), -5);
    }
}
