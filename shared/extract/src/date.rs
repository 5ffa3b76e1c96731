//! Dates as publishers write them, kept in the offset they were written in.

use courant_article::PublishedAt;

/// Longer texts are no dates.
const MAX_DATE_BYTES: usize = 80;

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

/// Zones that RFC 822 names, and those of European publishers, as offsets.
const ZONES: [(&str, &str); 14] = [
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
];

/// Reads ISO 8601 and its looser spellings, RFC 822, English dates with the
/// month's name, `31.12.2024`, `31/12/2024` where only one order is possible, and
/// Unix seconds or milliseconds.
///
/// The offset stays as it was written. A time without an offset names no
/// instant: then the date alone is returned, rather than an offset made up.
pub fn published_at(text: &str) -> Option<PublishedAt> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || text.len() > MAX_DATE_BYTES || !text.is_ascii() {
        return None;
    }
    let (date, rest) = unix(text).map(|instant| (instant, "")).or_else(|| date_and_rest(text))?;
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

/// The date as `YYYY-MM-DD`, and the text behind it.
fn date_and_rest(text: &str) -> Option<(String, &str)> {
    iso_date(text).or_else(|| numeric_date(text)).or_else(|| named_date(text))
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

/// Day, month, year; month and day the other way round only where it must be.
fn numeric_date(text: &str) -> Option<(String, &str)> {
    let (first, rest) = short_number(text, false)?;
    let separator = rest.chars().next().filter(|c| matches!(c, '.' | '/' | '-'))?;
    let (second, rest) = short_number(&rest[1..], false)?;
    let (year, rest) = number(rest.strip_prefix(separator)?, 4)?;
    let date = match (separator, first > 12, second > 12) {
        ('.', _, _) | (_, true, false) => date(year, second, first),
        (_, false, true) => date(year, first, second),
        _ => None, // 3/4/2024 is read differently on two sides of an ocean
    };
    Some((date?, rest))
}

/// `Tue, 05 Mar 2024 …`, `March 5th, 2024 …`, `5-Mar-24 …`.
fn named_date(text: &str) -> Option<(String, &str)> {
    let words = words(text);
    let at = words.iter().position(|(_, word)| month(word).is_some())?;
    let month = month(words[at].1)?;
    let before = at.checked_sub(1).and_then(|at| day(words[at].1));
    let (day, year_at) = match before {
        Some(day) => (day, at + 1),
        None => (day(words.get(at + 1)?.1)?, at + 2),
    };
    let (start, year) = words.get(year_at)?;
    let rest = &text[start + year.len()..];
    Some((date(self::year(year)?, month, day)?, rest))
}

/// The words with the place where they start.
fn words(text: &str) -> Vec<(usize, &str)> {
    let is_break = |c: char| c.is_whitespace() || matches!(c, ',' | '-' | '.');
    text.split(is_break)
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr().addr() - text.as_ptr().addr(), word))
        .collect()
}

fn month(word: &str) -> Option<u32> {
    let word = word.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(&word))?;
    u32::try_from(at + 1).ok()
}

fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
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
    let date = format!("{year:04}-{month:02}-{day:02}");
    ((1700..=2200).contains(&year) && date.parse::<jiff::civil::Date>().is_ok()).then_some(date)
}

/// `09:30:00+01:00` of what stands behind a date, if it has time and offset.
fn time_and_offset(rest: &str) -> Option<String> {
    let start = rest.find(|c: char| c.is_ascii_digit())?;
    let before = rest[..start].trim_matches(|c: char| !c.is_ascii_alphabetic());
    if !matches!(before, "" | "T" | "t" | "at") {
        return None;
    }
    let (hour, rest) = short_number(&rest[start..], false)?;
    let (minute, rest) = number(rest.strip_prefix(':')?, 2)?;
    let (second, rest) = match rest.strip_prefix(':').and_then(|rest| number(rest, 2)) {
        Some((second, rest)) => (second, rest),
        None => (0, rest),
    };
    let (fraction, rest) = fraction(rest);
    let (hour, rest) = twelve_hours(hour, rest.trim_start());
    Some(format!("{hour:02}:{minute:02}:{second:02}{fraction}{}", offset(rest.trim_start())?))
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

/// Exactly `width` digits, and what follows.
fn number(text: &str, width: usize) -> Option<(u32, &str)> {
    let digits = text.get(..width).filter(|digits| digits.bytes().all(|c| c.is_ascii_digit()))?;
    Some((digits.parse().ok()?, &text[width..]))
}

/// One or two digits; exactly two where `is_fixed`.
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
            "2024-03-05T25:00:00Z",
            "2024-03-05 (updated)",
        ] {
            assert_eq!(read(text).unwrap_or_default().len(), 10, "{text}: {:?}", read(text));
        }
        assert_eq!(read("12/31/2024").as_deref(), Some("2024-12-31"));
    }

    #[test]
    fn what_is_ambiguous_or_no_date_is_nothing() {
        for text in
            ["", "yesterday", "3/4/2024", "2024-02-30", "May", "12", "0000-00-00", "März 2024"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[0-9A-Za-z:+./, -]{0,40}|\\PC{0,30}") {
            let _ = published_at(&text);
        }
    }
}
