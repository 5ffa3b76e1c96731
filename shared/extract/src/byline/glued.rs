//! Words for "and" that are joined to a name.

use super::words::lower;

/// Arabic and Hebrew names that begin with the letter that also means "and".
const OWN_WAW: [&str; 14] = [
    "وليد",
    "وائل",
    "وسام",
    "وفاء",
    "وجدي",
    "وداد",
    "ورد",
    "وسيم",
    "وحيد",
    "وجيه",
    "ورדה",
    "ורד",
    "ויקטור",
    "ויקטוריה",
];

/// Returns the text with commas between the names if the script writes "and" without a space:
/// `金哲洙和李英姬`, `김철수와 이영희`, `أحمد علي ومحمد حسن`.
pub(super) fn parted(text: &str) -> String {
    let text = text.replace(['、', '，', '،'], ", ");
    let is_hangul = text.chars().any(|c| ('가'..='힣').contains(&c));
    let text = if is_hangul { text.replace(['·', 'ㆍ', '・'], ", ") } else { text };
    let words: Vec<&str> = text.split_whitespace().collect();
    let parted: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(at, word)| {
            ideographs(word)
                .or_else(|| hangul(word, at + 1 < words.len()))
                .or_else(|| waw(word, at, words.len() - at))
                .unwrap_or_else(|| (*word).to_owned())
        })
        .collect();
    parted.join(" ")
}

/// Splits two names of two to six ideographs, or of three to six around `と`.
fn ideographs(word: &str) -> Option<String> {
    let is_han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c) || c == '々';
    let is_name = |name: &str, least: usize| {
        (least..=6).contains(&name.chars().count()) && name.chars().all(is_han)
    };
    [('和', 2), ('与', 2), ('與', 2), ('及', 2), ('と', 3)].iter().find_map(|(and, least)| {
        let (one, other) = word.split_once(*and)?;
        (is_name(one, *least) && is_name(other, *least)).then(|| format!("{one}, {other}"))
    })
}

/// Splits off the particle after a name of three syllables if another word follows.
fn hangul(word: &str, has_next: bool) -> Option<String> {
    let name = word.strip_suffix(['와', '과']).filter(|_| has_next)?;
    (name.chars().count() == 3 && name.chars().all(|c| ('가'..='힣').contains(&c)))
        .then(|| format!("{name},"))
}

/// Splits off the prefix of a name if at least two words stand before it and another word follows.
fn waw(word: &str, before: usize, from_here: usize) -> Option<String> {
    let name = word.strip_prefix(['و', 'ו'])?;
    let is_name =
        name.chars().count() >= 3 && !OWN_WAW.iter().any(|own| lower(word).starts_with(own));
    (is_name && before >= 2 && from_here >= 2).then(|| format!(", {name}"))
}
