//! Names of the months, as news sites of many languages write them.

/// How the months begin, in lower case, without what changes with case and number.
const STEMS: [&[&str]; 12] = [
    &[
        "jan", "ene", "gen", "oca", "sty", "led", "tammi", "ian", "ján", "sij", "янв", "січ",
        "јан", "яну", "ιαν", "saus", "stu",
    ],
    &[
        "feb", "fev", "fév", "febr", "şub", "sub", "lut", "úno", "helmi", "velj", "фев", "лют",
        "φεβ", "vasar",
    ],
    &[
        "mar", "mär", "maa", "maalis", "bře", "ožu", "maart", "már", "мар", "бер", "μαρ", "μάρ",
        "kov", "mrt", "mrz",
    ],
    &[
        "apr", "abr", "avr", "nis", "kwi", "dub", "huhti", "tra", "ápr", "апр", "квіт", "απρ",
        "baland",
    ],
    &[
        "may", "mai", "maj", "mag", "mei", "maí", "máj", "maig", "kvě", "touko", "svi", "май",
        "мая", "мај", "трав", "μαι", "μαΐ", "geguž",
    ],
    &[
        "jun", "jún", "juin", "giu", "haz", "czerw", "červ", "kesä", "lipanj", "lipnj", "iun",
        "juny", "июн", "юни", "јун", "черв", "ιουν", "birž",
    ],
    &[
        "jul",
        "júl",
        "juil",
        "lug",
        "tem",
        "lipc",
        "lipiec",
        "červenc",
        "červenec",
        "heinä",
        "srpnj",
        "srpanj",
        "iul",
        "июл",
        "юли",
        "јул",
        "лип",
        "ιουλ",
        "liep",
    ],
    &[
        "aug", "ago", "aoû", "aou", "ağu", "agu", "sier", "srp", "elo", "kolov", "ágú", "авг",
        "серп", "αυγ", "αύγ", "rugpj",
    ],
    &[
        "sep",
        "set",
        "eyl",
        "wrz",
        "zář",
        "syys",
        "ruj",
        "szep",
        "сен",
        "сеп",
        "верес",
        "σεπ",
        "rugs",
    ],
    &[
        "oct", "okt", "out", "ott", "eki", "paź", "říj", "loka", "ottobre", "окт", "жовт", "οκτ",
        "spal",
    ],
    &[
        "nov",
        "kas",
        "lis",
        "marras",
        "stud",
        "nóv",
        "noi",
        "ноя",
        "ное",
        "нов",
        "листоп",
        "νοε",
        "lapkr",
    ],
    &[
        "dec", "dez", "déc", "dic", "des", "ara", "gru", "pro", "joulu", "dici", "дек", "груд",
        "δεκ", "gruod",
    ],
];
/// The longest of these names, in characters.
const MAX_CHARS: usize = 13;

/// The month that a word names, 1 to 12. The longest stem decides.
pub(crate) fn month(word: &str) -> Option<u32> {
    let chars = word.chars().count();
    if !(3..=MAX_CHARS).contains(&chars) || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    let word = word.to_lowercase();
    let stems =
        (1..).zip(STEMS).flat_map(|(month, stems)| stems.iter().map(move |stem| (month, *stem)));
    stems
        .filter(|(_, stem)| word.starts_with(stem))
        .max_by_key(|(_, stem)| stem.len())
        .map(|found| found.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
