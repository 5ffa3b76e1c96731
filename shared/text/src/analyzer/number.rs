//! Numbers with separators between their digits.

/// A number as it is written: groups of digits, then perhaps decimals (`1.000,5`, `3.14`, `1.5bn`).
pub(super) struct Decimal<'a> {
    whole: &'a str,
    decimals: Option<&'a str>,
}

impl<'a> Decimal<'a> {
    /// Reads `word`. Returns `None` if it is no decimal number with a separator.
    pub(super) fn read(word: &'a str) -> Option<Self> {
        if !word.starts_with(char::is_numeric) {
            return None;
        }
        let at = word.rfind(is_separator)?;
        let sign = word[at..].chars().next()?;
        let (whole, tail) = (&word[..at], &word[at + sign.len_utf8()..]);
        if is_grouped(word, sign) {
            return Some(Self { whole: word, decimals: None });
        }
        let other = whole.chars().find(|&sign| is_separator(sign));
        let is_whole = other.is_none_or(|other| other != sign && is_grouped(whole, other));
        (is_whole && tail.starts_with(char::is_numeric))
            .then_some(Self { whole, decimals: Some(tail) })
    }

    /// Returns the characters without separators of thousands, and with `.` before the decimals.
    pub(super) fn characters(&self) -> impl Iterator<Item = char> + use<'a> {
        let whole = self.whole.chars().filter(|&sign| !is_separator(sign));
        let decimals = self.decimals.into_iter().flat_map(|tail| ".".chars().chain(tail.chars()));
        whole.chain(decimals)
    }
}

fn is_separator(sign: char) -> bool {
    matches!(sign, '.' | ',' | '\'' | '’')
}

/// Returns true if `sign` divides `number` into groups of thousands: up to three digits, then
/// three in each group. A zero in front makes it a decimal number.
fn is_grouped(number: &str, sign: char) -> bool {
    let mut groups =
        number.split(sign).map(|group| group.chars().filter(|c| c.is_numeric()).count());
    let starts_well = groups.next().is_some_and(|digits| (1..=3).contains(&digits));
    starts_well
        && !number.starts_with('0')
        && groups.all(|digits| digits == 3)
        && !number.contains(|c| is_separator(c) && c != sign)
}
