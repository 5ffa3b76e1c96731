//! The schedule on which a feed asks to be fetched again.

use std::time::Duration;

/// The longest time to wait that counts. A longer one says nothing about the next fetch.
const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The meaning of a channel's element about the next fetch of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// The minutes for which the feed may be kept.
    Ttl,
    /// The period in which the feed changes as often as `Frequency` says.
    Period,
    Frequency,
    /// An hour of the day in which the feed never changes.
    SkipHour,
    /// The English name of a weekday on which the feed never changes.
    SkipDay,
}

/// The statements about the schedule that were read so far.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    ttl: Option<Duration>,
    period: Option<Duration>,
    frequency: Option<u32>,
    skip_hours: Vec<u8>,
    skip_days: Vec<u8>,
}

impl Schedule {
    pub(super) fn take(&mut self, what: Timing, text: &str) {
        let text = text.trim();
        match what {
            Timing::Ttl => self.ttl = minutes(text),
            Timing::Period => self.period = period(text),
            Timing::Frequency => self.frequency = text.parse().ok(),
            Timing::SkipHour => self.skip_hours.extend(hour(text)),
            Timing::SkipDay => self.skip_days.extend(day(text)),
        }
    }

    /// Returns the time to wait: the stated one, or else the period divided by the frequency.
    /// Returns `None` if it is longer than a week.
    pub(super) fn ttl(&self) -> Option<Duration> {
        let by_period = self.period.map(|period| period / self.frequency.unwrap_or(1).max(1));
        self.ttl.or(by_period).filter(|ttl| !ttl.is_zero() && *ttl <= MAX_TTL)
    }

    pub(super) fn skip_hours(&self) -> Vec<u8> {
        in_order(&self.skip_hours)
    }

    pub(super) fn skip_days(&self) -> Vec<u8> {
        in_order(&self.skip_days)
    }
}

/// Returns each value once, in ascending order.
fn in_order(times: &[u8]) -> Vec<u8> {
    std::collections::BTreeSet::from_iter(times.iter().copied()).into_iter().collect()
}

fn minutes(text: &str) -> Option<Duration> {
    let minutes: u32 = text.parse().ok().filter(|minutes| *minutes > 0)?;
    Some(Duration::from_secs(u64::from(minutes) * 60)).filter(|ttl| *ttl <= MAX_TTL)
}

fn period(text: &str) -> Option<Duration> {
    let hours = match text.to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 7 * 24,
        _ => return None, // a month or a year is longer than we ever wait
    };
    Some(Duration::from_secs(hours * 3_600))
}

/// Reads an hour. Some feeds count from 1 to 24.
fn hour(text: &str) -> Option<u8> {
    let hour: u8 = text.parse().ok()?;
    (hour <= 24).then_some(hour % 24)
}

/// Returns the number of a weekday, 0 for Monday.
fn day(text: &str) -> Option<u8> {
    const DAYS: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let day = DAYS.iter().position(|day| text.eq_ignore_ascii_case(day))?;
    u8::try_from(day).ok()
}
