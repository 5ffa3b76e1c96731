//! Times in words, in the reader's zone and language.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, Zoned};

use crate::texts::Texts;

/// A time as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct When {
    /// RFC 3339, or a date alone.
    pub(crate) machine: String,
    /// The distance from now in words.
    pub(crate) ago: String,
    /// Date and time in the reader's zone.
    pub(crate) exact: String,
}

/// The reader's calendar: now, the zone and the words.
#[derive(Clone)]
pub(crate) struct Calendar {
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) texts: &'static Texts,
}

impl Calendar {
    /// Reads RFC 3339, or a date alone. Other texts are shown as they are.
    pub(crate) fn when(&self, text: &str) -> When {
        if let Ok(time) = text.parse::<Timestamp>() {
            return self.time(time);
        }
        match text.parse::<Date>() {
            Ok(date) => {
                let words = self.day(date);
                When { machine: date.to_string(), ago: words, exact: self.date(date) }
            }
            Err(_) => When { machine: String::new(), ago: text.to_owned(), exact: text.to_owned() },
        }
    }

    /// Shows Unix milliseconds.
    pub(crate) fn at_ms(&self, ms: i64) -> When {
        self.time(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH))
    }

    fn time(&self, time: Timestamp) -> When {
        let local = time.to_zoned(self.zone.clone());
        When { machine: time.to_string(), ago: self.ago(time, &local), exact: self.exact(&local) }
    }

    fn ago(&self, time: Timestamp, local: &Zoned) -> String {
        let seconds = self.now.as_second().saturating_sub(time.as_second());
        let count =
            |id, length: i64| self.texts.count(id, &seconds.div_euclid(length).unsigned_abs());
        match seconds {
            ..-60 => self.exact(local),
            -60..60 => self.texts.say("ago-now"),
            60..3_600 => count("ago-minutes", 60),
            3_600..86_400 => count("ago-hours", 3_600),
            86_400..604_800 => count("ago-days", 86_400),
            _ => self.date(local.date()),
        }
    }

    /// The duration since `time` in words, for what lasts.
    pub(crate) fn lasting(&self, seconds: f64) -> String {
        let whole = seconds.clamp(0.0, 1e12) as u64;
        match whole {
            0..120 => self.texts.count("lasting-seconds", &whole),
            120..7_200 => self.texts.count("lasting-minutes", &(whole / 60)),
            7_200..172_800 => self.texts.count("lasting-hours", &(whole / 3_600)),
            _ => self.texts.count("lasting-days", &(whole / 86_400)),
        }
    }

    fn day(&self, date: Date) -> String {
        let today = self.now.to_zoned(self.zone.clone()).date();
        match today.since((Unit::Day, date)).map(|span| span.get_days()) {
            Ok(0) => self.texts.say("today"),
            Ok(1) => self.texts.say("yesterday"),
            _ => self.date(date),
        }
    }

    /// A date in words.
    pub(crate) fn date(&self, date: Date) -> String {
        let month = self.texts.say(MONTHS[usize::from(date.month().unsigned_abs()) - 1]);
        match self.texts.language {
            "de" => format!("{}. {month} {}", date.day(), date.year()),
            _ => format!("{} {month} {}", date.day(), date.year()),
        }
    }

    fn exact(&self, local: &Zoned) -> String {
        let zone = local.strftime("%Z");
        format!("{}, {} {zone}", self.date(local.date()), local.strftime("%H:%M"))
    }

    /// Hour and minute in the reader's zone.
    pub(crate) fn clock_time(&self, time: Timestamp) -> String {
        time.to_zoned(self.zone.clone()).strftime("%H:%M").to_string()
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(language: &str, zone: &str) -> Calendar {
        let now = "2026-11-30T12:00:00Z".parse().unwrap();
        let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        Calendar { now, zone, texts: Texts::of(language).unwrap() }
    }

    #[test]
    fn times_are_told_by_their_distance_and_in_the_readers_zone() {
        let english = calendar("en", "UTC");
        let ago = |text: &str| english.when(text).ago;
        assert_eq!(ago("2026-11-30T11:59:30Z"), "just now");
        assert_eq!(ago("2026-11-30T11:59:00Z"), "1 minute ago");
        assert_eq!(ago("2026-11-30T10:00:00+01:00"), "3 hours ago");
        assert_eq!(ago("2026-11-28T11:00:00Z"), "2 days ago");
        assert_eq!(ago("2026-11-01T11:00:00Z"), "1 November 2026");
        assert_eq!(ago("2026-11-29"), "yesterday");
        assert_eq!(ago("soon"), "soon");
        let german = calendar("de", "UTC").when("2026-11-30T11:00:00Z");
        assert_eq!(
            (german.ago.as_str(), german.exact.as_str()),
            ("vor 1 Stunde", "30. November 2026, 11:00 UTC")
        );
    }

    #[test]
    fn every_month_has_a_name() {
        for language in Texts::languages() {
            let calendar = calendar(language, "UTC");
            for (month, id) in (1..).zip(MONTHS) {
                let date = Date::new(2026, month, 1).unwrap();
                assert!(
                    calendar.texts.has(id) && calendar.date(date).ends_with("2026"),
                    "{language} {id}"
                );
            }
        }
    }
}
