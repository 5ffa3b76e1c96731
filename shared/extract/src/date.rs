//! Dates as publishers write them, each in the offset that it was written in. Written by hand,
//! since `dateparser` knows English only.

use courant_article::PublishedAt;

mod calendars;
mod months;
mod plain;

use calendars::{common, persian_month};
pub(crate) use months::month;
use plain::plain;

/// The most bytes of a date. Longer texts are not dates.
const MAX_DATE_BYTES: usize = 120;

/// Words between the parts of a date.
const BETWEEN: [&str; 12] = ["de", "del", "of", "di", "den", "the", "do", "m", "d", "e", "ta", "ב"];

/// Zones that RFC 822 names, and those of European publishers, as offsets.
const ZONES: [(&str, &str); 34] = [
    ("z", "Z"),
    ("ut", "Z"),
    ("utc", "Z"),
    ("gmt", "Z"),
    ("est", "-05:00"),
    ("edt", "-04:00"),
    ("cst", "-06:00"),
    ("cdt", "-05:00"),
    ("mst", "-07:00"),
    ("mdt", "-06:00"),
    ("pst", "-08:00"),
    ("pdt", "-07:00"),
    ("cet", "+01:00"),
    ("cest", "+02:00"),
    ("mez", "+01:00"),
    ("mesz", "+02:00"),
    ("bst", "+01:00"),
    ("eet", "+02:00"),
    ("eest", "+03:00"),
    ("msk", "+03:00"),
    ("sast", "+02:00"),
    ("jst", "+09:00"),
    ("kst", "+09:00"),
    ("hkt", "+08:00"),
    ("aest", "+10:00"),
    ("aedt", "+11:00"),
    ("nzdt", "+13:00"),
    ("nzst", "+12:00"),
    ("awst", "+08:00"),
    ("sgt", "+08:00"),
    ("wib", "+07:00"),
    ("hst", "-10:00"),
    ("wet", "Z"),
    ("west", "+01:00"),
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The meaning of `3/4/2024`, by the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The third of April.
    DayFirst,
    /// The fourth of March.
    MonthFirst,
    /// The order is not known, and the date is not read: it means different days in different
    /// countries.
    Unknown,
}

/// Reads a date that a publisher wrote. The forms are ISO 8601 and its looser spellings, RFC 822,
/// dates with the month's name in many languages, `2024年3月5日`, `31.12.2024`, `31/12/2024` if only
/// one order is possible, and Unix seconds or milliseconds.
///
/// The offset stays as it was written. A time without an offset names no instant, so only its date
/// is returned and no offset is made up. Returns `None` if the text is no date.
pub fn published_at(text: &str) -> Option<PublishedAt> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || text.len() > MAX_DATE_BYTES {
        return None;
    }
    let text = plain(text);
    let (date, rest) = unix(&text)
        .map(|instant| (instant, ""))
        .or_else(|| date_and_rest(&text, Order::Unknown))?;
    with_time(&date, rest)
}

/// Reads a date of a feed, as [`published_at`] does, but takes a time without an offset as UTC. RFC
/// 822 and most feed readers do so, and a wrong hour is better than a date without the order of the
/// day. Also reads `Tue Mar 5 09:30:00 UTC 2024`, as C programs write it.
pub(crate) fn feed_date(text: &str) -> Option<PublishedAt> {
    let short = Some(text.trim()).filter(|text| text.len() <= MAX_DATE_BYTES)?;
    let text = year_before_time(short).unwrap_or_else(|| short.to_owned());
    let marked = plain(&text);
    let date = |text| date_and_rest(text, Order::Unknown);
    let universal = date(&marked).and_then(|(date, rest)| {
        let time = time_of_day(rest).filter(|(_, zone)| zone.is_empty() || zone.starts_with('('));
        format!("{date}T{}Z", time?.0).parse().ok()
    });
    universal.filter(|_| unix(short).is_none()).or_else(|| published_at(&text))
}

/// Returns the text with a year at its end moved before the time.
fn year_before_time(text: &str) -> Option<String> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let year =
        words.pop().filter(|word| number(word, 4).is_some_and(|(_, rest)| rest.is_empty()))?;
    let time = words.iter().position(|word| word.contains(':'))?;
    words.insert(time, year);
    Some(words.join(" "))
}

/// Returns the first date inside a text that readers see, and the text before it.
pub(crate) fn date_within(text: &str, order: Order) -> Option<(String, PublishedAt)> {
    let end = text.floor_char_boundary(2 * MAX_DATE_BYTES);
    let text = plain(&text[..end]);
    let starts = text.char_indices().scan(' ', |before, (at, c)| {
        let is_start = c.is_ascii_digit()
            && !before.is_alphanumeric()
            && !matches!(before, '.' | '/' | '-' | ':');
        *before = c;
        Some((at, is_start))
    });
    let numeric = starts.filter(|start| start.1).find_map(|(at, _)| {
        let rest = &text[at..];
        let order = order_by_weekday(&text[..at], rest).unwrap_or(order);
        let (date, rest) = iso_date(rest).or_else(|| numeric_date(rest, order))?;
        (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some((at, date, rest))
    });
    let (at, date, rest) = numeric.or_else(|| named_date(&text))?;
    Some((text[..at].to_owned(), with_time(&date, rest)?))
}

fn with_time(date: &str, rest: &str) -> Option<PublishedAt> {
    let with_time = time_and_offset(rest).and_then(|time| format!("{date}T{time}").parse().ok());
    with_time.or_else(|| date.parse().ok())
}

fn unix(text: &str) -> Option<String> {
    if !matches!(text.len(), 10 | 13) {
        return None;
    }
    let number: i64 = text.parse().ok()?;
    let milliseconds = if text.len() == 10 { number * 1000 } else { number };
    jiff::Timestamp::from_millisecond(milliseconds).ok().map(|instant| instant.to_string())
}

/// Returns the order of day and month if the text is three numbers with slashes, which are a date in
/// that order only.
pub(crate) fn only_order(text: &str) -> Option<Order> {
    let numbers: Vec<u32> =
        text.trim().split('/').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match numbers.as_slice() {
        [1..=12, 13..=31, _] => Some(Order::MonthFirst),
        [13..=31, 1..=12, _] => Some(Order::DayFirst),
        _ => None,
    }
}

/// Returns the date as `YYYY-MM-DD`, and the text after it.
fn date_and_rest(text: &str, order: Order) -> Option<(String, &str)> {
    iso_date(text)
        .or_else(|| numeric_date(text, order))
        .or_else(|| weekday_date(text))
        .or_else(|| named_date(text).map(|(_, date, rest)| (date, rest)))
}

fn iso_date(text: &str) -> Option<(String, &str)> {
    let (year, rest) = number(text, 4)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'));
    let width = separator.map_or(0, char::len_utf8);
    let (month, rest) = short_number(&rest[width..], separator.is_none())?;
    let rest = if width == 0 { rest } else { rest.strip_prefix(separator?)? };
    let (day, rest) = short_number(rest, separator.is_none())?;
    Some((date(year, month, day)?, rest))
}

/// Reads `Thu, 09/25/2025 - 11:38`. The weekday decides between day and month.
fn weekday_date(text: &str) -> Option<(String, &str)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = text.split_at(start);
    numeric_date(rest, order_by_weekday(before, rest)?)
}

/// Returns the order in which three numbers are a date on the weekday that stands before them.
fn order_by_weekday(before: &str, numbers: &str) -> Option<Order> {
    let word = before.trim_end_matches([' ', ',', '.']).rsplit(' ').next()?.to_lowercase();
    let is_on_weekday = |order: &Order| {
        let day = numeric_date(numbers, *order).and_then(|(date, _)| date.parse().ok());
        day.is_some_and(|day: jiff::civil::Date| {
            let name = WEEKDAYS[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())];
            word.len() >= 3 && (word == name || word == name[..3])
        })
    };
    let is_clear =
        numeric_date(numbers, Order::MonthFirst) == numeric_date(numbers, Order::DayFirst);
    match [Order::MonthFirst, Order::DayFirst].map(|order| is_on_weekday(&order)) {
        [true, other] if is_clear || !other => Some(Order::MonthFirst),
        [false, true] => Some(Order::DayFirst),
        _ => None,
    }
}

fn is_of_two_digits(text: &str) -> bool {
    number(text, 2).is_some()
}

/// Reads the year of `30.11.26`, if nothing that continues the numbers follows.
fn short_year(text: &str) -> Option<(u32, &str)> {
    let (year, rest) = number(text, 2)?;
    let is_end =
        !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '/' | '-' | ':'));
    (is_end && year < 70).then_some((2000 + year, rest))
}

/// Reads a date of three numbers. `order` decides between day and month unless only one order is
/// possible.
fn numeric_date(text: &str, order: Order) -> Option<(String, &str)> {
    let (first, rest) = short_number(text, false)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | '/' | '-'))?;
    let (second, rest) = short_number(&rest[1..], false)?;
    let rest = rest.strip_prefix(separator)?;
    let is_short = is_of_two_digits(text) && is_of_two_digits(&text[3..]);
    let (year, rest) = number(rest, 4).or_else(|| short_year(rest).filter(|_| is_short))?;
    let order = match (separator, first > 12, second > 12) {
        ('.', _, _) | (_, true, false) => Order::DayFirst,
        (_, false, true) => Order::MonthFirst,
        _ => order,
    };
    let date = match order {
        Order::DayFirst => date(year, second, first),
        Order::MonthFirst => date(year, first, second),
        Order::Unknown => None,
    };
    Some((date?, rest))
}

/// Reads `Tue, 05 Mar 2024 …`, `March 5th, 2024 …`, `5-Mar-24 …`, `5 de marzo de 2024`. Returns the
/// index of its start, the date, and the text after it.
fn named_date(text: &str) -> Option<(usize, String, &str)> {
    let mut words: Vec<(usize, &str)> =
        words(text).filter(|(_, word)| !BETWEEN.contains(word)).collect();
    // Some sites write a month's name twice, in two calendars of their language: `مايو/أيار`.
    words.dedup_by(|other, one| {
        any_month(one.1).is_some_and(|month| any_month(other.1) == Some(month))
    });
    let months =
        words.iter().enumerate().filter_map(|(at, (_, word))| Some((at, any_month(word)?)));
    months.into_iter().find_map(|(at, month)| {
        let read = |day_at: usize, year_at: usize| {
            let day = day(words.get(day_at)?.1)?;
            let (start, year) = words.get(year_at)?;
            let rest = &text[start + year.len()..];
            Some((words[day_at.min(at)].0, date(self::year(year)?, month, day)?, rest))
        };
        let year_first = || {
            let (start, year) = words.get(at.checked_sub(1)?)?;
            let (day_start, day) = words.get(at + 1)?;
            let year = self::year(year).filter(|_| year.len() == 4)?;
            Some((*start, date(year, month, self::day(day)?)?, &text[day_start + day.len()..]))
        };
        at.checked_sub(1)
            .and_then(|before| read(before, at + 1))
            .or_else(|| read(at + 1, at + 2))
            .or_else(year_first)
    })
}

/// Returns the words, each with the index of its start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_break = |c: char| {
        c.is_whitespace()
            || matches!(c, ',' | '-' | '.' | '/' | '|' | '(' | ')' | '·' | '•' | '،' | '，')
    };
    text.split(is_break)
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
}

/// Returns the month of the Gregorian or the Persian year that a word names.
fn any_month(word: &str) -> Option<u32> {
    persian_month(word).or_else(|| month(word))
}

fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_alphabetic() || c == 'º');
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}

fn year(word: &str) -> Option<u32> {
    let year: u32 = word.parse().ok()?;
    match (word.len(), year) {
        (4, year) => Some(year),
        (2, 0..70) => Some(2000 + year),
        (2, _) => Some(1900 + year),
        _ => None,
    }
}

fn date(year: u32, month: u32, day: u32) -> Option<String> {
    let (year, month, day) = common(year, month, day)?;
    let date = format!("{year:04}-{month:02}-{day:02}");
    ((1700..=2200).contains(&year) && date.parse::<jiff::civil::Date>().is_ok()).then_some(date)
}

/// Returns `09:30:00+01:00` for the text after a date, if it has a time and an offset.
fn time_and_offset(rest: &str) -> Option<String> {
    let (time, zone) = time_of_day(rest)?;
    Some(time + &offset(zone)?)
}

/// Returns `09:30:00` for the text after a date, and the text after the time.
fn time_of_day(rest: &str) -> Option<(String, &str)> {
    let start = rest.find(|c: char| c.is_ascii_digit())?;
    let before = rest[..start].trim_matches(|c: char| !c.is_ascii_alphabetic());
    if !matches!(before, "" | "T" | "t" | "at" | "um" | "kl" | "a" | "alle") {
        return None;
    }
    let (hour, rest) = short_number(&rest[start..], false)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?, false)?;
    let (second, rest) = match rest.strip_prefix(':').and_then(|rest| short_number(rest, false)) {
        Some((second, rest)) => (second, rest),
        None => (0, rest),
    };
    let (fraction, rest) = fraction(rest);
    let (hour, rest) = twelve_hours(hour, rest.trim_start());
    Some((format!("{hour:02}:{minute:02}:{second:02}{fraction}"), rest.trim_start()))
}

fn fraction(rest: &str) -> (&str, &str) {
    let Some(digits) = rest.strip_prefix('.') else { return ("", rest) };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let kept = if count == 0 { 0 } else { 1 + count.min(9) };
    (&rest[..kept], &digits[count..])
}

fn twelve_hours(hour: u32, rest: &str) -> (u32, &str) {
    let half = rest.get(..2).map(str::to_ascii_lowercase);
    match half.as_deref() {
        Some("am") => (hour % 12, &rest[2..]),
        Some("pm") => (hour % 12 + 12, &rest[2..]),
        _ => (hour, rest),
    }
}

fn offset(text: &str) -> Option<String> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, rest) = text.split_at(letters);
    let zone = ZONES.iter().find(|zone| zone.0.eq_ignore_ascii_case(name));
    let rest = rest.trim_start();
    let is_universal = name.is_empty() || zone.is_some_and(|zone| zone.1 == "Z");
    if is_universal && rest.starts_with(['+', '-']) {
        return numeric_offset(rest);
    }
    zone.map(|zone| zone.1.to_owned())
}

fn numeric_offset(text: &str) -> Option<String> {
    let (sign, rest) = text.split_at(1);
    let (hours, rest) = number(rest, 2).or_else(|| number(rest, 1))?;
    let minutes = number(rest.strip_prefix(':').unwrap_or(rest), 2).map_or(0, |found| found.0);
    (hours <= 15 && minutes < 60).then(|| format!("{sign}{hours:02}:{minutes:02}"))
}

/// Reads exactly `width` digits. Returns the number and the text after it.
fn number(text: &str, width: usize) -> Option<(u32, &str)> {
    let digits = text.get(..width).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))?;
    Some((digits.parse().ok()?, &text[width..]))
}

/// Reads one or two digits, or exactly two if `is_fixed`.
fn short_number(text: &str, is_fixed: bool) -> Option<(u32, &str)> {
    number(text, 2).or_else(|| if is_fixed { None } else { number(text, 1) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        published_at(text).map(String::from)
    }

    #[test]
    fn the_page_s_offset_is_kept() {
        for (text, expected) in [
            ("2024-03-05T09:30:00+05:30", "2024-03-05T09:30:00+05:30"),
            ("2024-03-05T09:30:00.123Z", "2024-03-05T09:30:00.123Z"),
            ("2024-03-05T09:30+0100", "2024-03-05T09:30:00+01:00"),
            ("2024-03-05 09:30:00 -08", "2024-03-05T09:30:00-08:00"),
            ("2024/3/5 9:30 UTC", "2024-03-05T09:30:00Z"),
            ("Tue, 05 Mar 2024 09:30:00 GMT", "2024-03-05T09:30:00Z"),
            ("Tue, 5 Mar 24 09:30 EST", "2024-03-05T09:30:00-05:00"),
            ("5 March 2024 at 9:30 pm GMT+2", "2024-03-05T21:30:00+02:00"),
            ("Mar. 5th, 2024, 12:05 AM EDT", "2024-03-05T00:05:00-04:00"),
            ("05.03.2024 09:30 CET", "2024-03-05T09:30:00+01:00"),
            ("1709631000", "2024-03-05T09:30:00Z"),
            ("1709631000000", "2024-03-05T09:30:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_time_without_an_offset_is_universal_in_a_feed() {
        for (text, expected) in [
            ("05.03.2024 09:30", "2024-03-05T09:30:00Z"),
            ("2024/03/05 09:30:00", "2024-03-05T09:30:00Z"),
            ("2024-03-05T9:5:3.25", "2024-03-05T09:05:03.25Z"),
            ("2024年3月5日 09:30", "2024-03-05T09:30:00Z"),
            ("5 Mar 2024 09:30 PM", "2024-03-05T21:30:00Z"),
            ("Tue, 05 Mar 2024 9:5:3 GMT", "2024-03-05T09:05:03Z"),
            ("Tue Mar  5 09:30:00 2024", "2024-03-05T09:30:00Z"),
            ("Tue Mar 5 09:30:00 CET 2024", "2024-03-05T09:30:00+01:00"),
            ("Tue, 05 Mar 2024 09:30:00 +0200 (EET)", "2024-03-05T09:30:00+02:00"),
            ("Tue, 05 Mar 2024 09:30:00 XYZ", "2024-03-05"),
            ("2024-03-05", "2024-03-05"),
            ("1709631000", "2024-03-05T09:30:00Z"),
        ] {
            assert_eq!(feed_date(text).map(String::from).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(feed_date("yesterday"), None);
    }

    #[test]
    fn without_time_or_offset_the_date_stands_alone() {
        for text in [
            "2024-03-05",
            "20240305",
            "2024-03-05T09:30:00",
            "March 5, 2024",
            "5 Mar 2024 09:30",
            "31/12/2024",
            "12/31/2024",
            "31.12.2024",
            "5. März 2024, 9:30 Uhr",
            "5 de marzo de 2024",
            "le 5 mars 2024 à 09h30",
            "5 марта 2024",
            "2024年3月5日",
            "2024년 3월 5일",
            "2024. március 5.",
            "2024-03-05T25:00:00Z",
            "2024-03-05 (updated)",
            "Thu, 09/25/2025 - 11:38",
            "30.11.26",
        ] {
            assert_eq!(read(text).unwrap_or_default().len(), 10, "{text}: {:?}", read(text));
        }
        assert_eq!(read("12/31/2024").as_deref(), Some("2024-12-31"));
    }

    #[test]
    fn dates_of_all_scripts_are_read() {
        for text in [
            "٦ مايو ٢٠٢٤",
            "الاثنين ٦ مايو/أيار ٢٠٢٤ - ١٢:٣٠",
            "6 أيار 2024",
            "۶ مه ۲۰۲۴",
            "۱۷ اردیبهشت ۱۴۰۳",
            "۱۴۰۳/۰۲/۱۷",
            "6 במאי 2024",
            "६ मई २०२४",
            "6 मई 2024",
            "6 พฤษภาคม 2567",
            "6 พ.ค. 2567",
            "2024年5月6日",
            "令和6年5月6日",
            "2024년 5월 6일",
            "6 tháng 5 năm 2024",
            "6 Μαΐου 2024",
            "6 мая 2024 г.",
            "6. maí 2024",
            "2024 m. gegužės 6 d.",
            "6 Bealtaine 2024",
            "6 Mei 2024",
            "৬ মে ২০২৪",
        ] {
            assert_eq!(read(text).as_deref(), Some("2024-05-06"), "{text}");
            let within = date_within(&format!("x: {text}"), Order::Unknown);
            assert_eq!(
                within.map(|found| String::from(found.1)).as_deref(),
                Some("2024-05-06"),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_date_is_nothing() {
        for text in
            ["", "yesterday", "3/4/2024", "2024-02-30", "May", "12", "0000-00-00", "März 2024"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_date_is_found_inside_a_text() {
        for (text, order, expected) in [
            ("Published on March 5, 2024 by Jane Doe", Order::Unknown, "2024-03-05"),
            ("Mittwoch, 5. März 2024 | 3 Kommentare", Order::Unknown, "2024-03-05"),
            ("Page 2 March 5, 2024", Order::Unknown, "2024-03-05"),
            ("Posted 3/5/2024", Order::MonthFirst, "2024-03-05"),
            ("Le 3/5/2024", Order::DayFirst, "2024-05-03"),
            ("Fri, 05/10/2024 - 11:38", Order::DayFirst, "2024-05-10"),
            ("Friday, 10/05/2024", Order::MonthFirst, "2024-05-10"),
            ("Thu, 05/09/2024, a Thursday in both orders", Order::DayFirst, "2024-09-05"),
            ("Stand: 30.11.26, 9 Uhr", Order::Unknown, "2026-11-30"),
            ("Posted 11/30/26", Order::Unknown, "2026-11-30"),
            ("Stand: 05.03.2024, 09:30 CET", Order::Unknown, "2024-03-05T09:30:00+01:00"),
        ] {
            let found = date_within(text, order).map(|found| String::from(found.1));
            assert_eq!(found.as_deref(), Some(expected), "{text}");
        }
        let (before, _) = date_within("Updated: 2024-03-05", Order::Unknown).unwrap();
        assert_eq!(before, "Updated: ");
        for text in [
            "",
            "3/5/2024",
            "Windows 11 May",
            "1.2.3.2024.5",
            "call 555-2024",
            "1.2.26",
            "10.11.12.13",
            "12:30.11.26.1",
        ] {
            assert_eq!(date_within(text, Order::Unknown), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9A-Za-z:+./, -]{0,40}|\\PC{0,30}") {
            let _ = published_at(&text);
            let _ = feed_date(&text);
            let _ = date_within(&text, Order::DayFirst);
        }
    }
}
