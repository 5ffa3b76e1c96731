//! The calendars other than the Gregorian one that news sites use for dates.

/// The years in which a date of the Persian calendar can lie.
const PERSIAN_YEARS: std::ops::Range<u32> = 1300..1500;
/// The years in which a date of the Thai calendar can lie. They count from the Buddha's death.
const THAI_YEARS: std::ops::Range<u32> = 2440..2643;
const THAI_FROM_COMMON: u32 = 543;
/// The number of days before each month of the Persian year.
const PERSIAN_MONTHS: [&str; 12] = [
    "فروردین",
    "اردیبهشت",
    "خرداد",
    "تیر",
    "مرداد",
    "شهریور",
    "مهر",
    "آبان",
    "آذر",
    "دی",
    "بهمن",
    "اسفند",
];

/// Returns the month of the Persian year that a word names, 1 to 12.
pub(super) fn persian_month(word: &str) -> Option<u32> {
    let at = PERSIAN_MONTHS.iter().position(|month| *month == word)?;
    u32::try_from(at + 1).ok()
}

/// Returns the Gregorian year, month and day.
pub(super) fn common(year: u32, month: u32, day: u32) -> Option<(u32, u32, u32)> {
    if THAI_YEARS.contains(&year) {
        return Some((year - THAI_FROM_COMMON, month, day));
    }
    if PERSIAN_YEARS.contains(&year) {
        from_persian(year, month, day)
    } else {
        Some((year, month, day))
    }
}

/// Converts a Persian date by the leap years of the cycle of 33 years. They agree with the calendar
/// of Iran from 1300 to 1472 (1921 to 2094).
fn from_persian(year: u32, month: u32, day: u32) -> Option<(u32, u32, u32)> {
    let is_day = (1..=12).contains(&month) && (1..=31).contains(&day);
    let of_month = if month <= 7 { (month.checked_sub(1)?) * 31 } else { 186 + (month - 7) * 30 };
    let years = i32::try_from(year.checked_sub(1300)?).ok()?;
    let leaps = (1300..year).filter(|year| is_leap(*year)).count();
    let days = years * 365 + i32::try_from(leaps).ok()? + i32::try_from(of_month + day).ok()? - 1;
    let start = jiff::civil::Date::new(1921, 3, 21).ok()?;
    let date = start.checked_add(jiff::Span::new().try_days(days).ok()?).ok().filter(|_| is_day)?;
    Some((
        u32::try_from(date.year()).ok()?,
        u32::try_from(date.month()).ok()?,
        u32::try_from(date.day()).ok()?,
    ))
}

fn is_leap(year: u32) -> bool {
    matches!(year % 33, 1 | 5 | 9 | 13 | 17 | 22 | 26 | 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_other_calendars_become_common_ones() {
        assert_eq!(common(2567, 5, 6), Some((2024, 5, 6)));
        assert_eq!(common(2024, 5, 6), Some((2024, 5, 6)));
        assert_eq!(common(1403, 2, 17), Some((2024, 5, 6)));
        assert_eq!(common(1403, 1, 1), Some((2024, 3, 20)));
        assert_eq!(common(1402, 12, 29), Some((2024, 3, 19)));
        assert_eq!(common(1399, 12, 30), Some((2021, 3, 20)));
        assert_eq!(common(1400, 10, 11), Some((2022, 1, 1)));
        assert_eq!(common(1403, 13, 1), None);
    }
}
