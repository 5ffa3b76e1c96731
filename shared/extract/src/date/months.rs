//! Names of the months, as news sites of many languages write them. They are in
//! `data/months.txt`.

use std::sync::LazyLock;

use crate::word_list::entries;

/// The beginnings of the months' names, each with the month's number.
static STARTS: LazyLock<Vec<(u32, &str)>> = LazyLock::new(|| {
    let starts = entries(include_str!("../../data/months.txt"));
    let starts = starts.map(|line| {
        line.split_once(' ').and_then(|(month, start)| Some((month.parse().ok()?, start)))
    });
    starts.map(|start| start.expect("months.txt has a number and a word on each line")).collect()
});
/// The longest of these names, in characters.
const MAX_CHARS: usize = 16;

/// Returns the month that a word names, 1 to 12. The longest matching start decides.
pub(crate) fn month(word: &str) -> Option<u32> {
    let chars = word.chars().count();
    let least = if word.is_ascii() { 3 } else { 2 };
    if !(least..=MAX_CHARS).contains(&chars)
        || word.chars().any(|c| c.is_ascii() && !c.is_alphabetic())
    {
        return None;
    }
    let word = word.to_lowercase();
    STARTS
        .iter()
        .filter(|(_, start)| word.starts_with(start))
        .max_by_key(|(_, start)| start.len())
        .map(|found| found.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_list::assert_each_once;

    #[test]
    fn every_month_has_starts_and_none_stands_twice() {
        assert_each_once(include_str!("../../data/months.txt"));
        for month in 1..=12 {
            assert!(STARTS.iter().filter(|start| start.0 == month).count() > 10, "{month}");
        }
        let mut words: Vec<&str> = STARTS.iter().map(|start| start.1).collect();
        words.sort_unstable();
        assert!(words.is_sorted_by(|one, other| one < other), "a start is of one month");
    }

    #[test]
    fn months_are_known_by_their_names_in_many_languages() {
        for (names, expected) in [
            (
                "January Jan janvier Januar enero gennaio stycznia tammikuuta января січня Ιανουαρίου",
                1,
            ),
            ("March März mars marzo março maart maaliskuu марта березня marca", 3),
            ("May mai mayo maggio maj mei мая травня květen", 5),
            ("June juin giugno czerwca června haziran июня", 6),
            ("July juillet luglio lipca července temmuz июля липня", 7),
            ("August août agosto sierpnia srpna ağustos августа", 8),
            ("October Oktober octobre outubro ottobre października", 10),
            ("November listopada kasım ноября marraskuuta", 11),
            ("December Dezember décembre diciembre grudnia joulukuuta декабря", 12),
        ] {
            for name in names.split(' ') {
                assert_eq!(month(name), Some(expected), "{name}");
            }
        }
    }

    #[test]
    fn other_words_are_no_months() {
        for word in ["", "of", "Monday", "12", "Uhr", "Montag"] {
            assert_eq!(month(word), None, "{word}");
        }
    }
}
