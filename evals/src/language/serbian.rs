//! Computes Serbian statistics in Latin letters from those in Cyrillic letters.

use std::collections::HashMap;

use super::statistics::Statistics;

const LETTERS: [(char, &str); 30] = [
    ('а', "a"),
    ('б', "b"),
    ('в', "v"),
    ('г', "g"),
    ('д', "d"),
    ('ђ', "đ"),
    ('е', "e"),
    ('ж', "ž"),
    ('з', "z"),
    ('и', "i"),
    ('ј', "j"),
    ('к', "k"),
    ('л', "l"),
    ('љ', "lj"),
    ('м', "m"),
    ('н', "n"),
    ('њ', "nj"),
    ('о', "o"),
    ('п', "p"),
    ('р', "r"),
    ('с', "s"),
    ('т', "t"),
    ('ћ', "ć"),
    ('у', "u"),
    ('ф', "f"),
    ('х', "h"),
    ('ц', "c"),
    ('ч', "č"),
    ('џ', "dž"),
    ('ш', "š"),
];

/// Rewrites each item in Latin letters. Three Cyrillic letters are at least three Latin ones. A
/// longer result counts as the groups that begin in its first letter.
pub(super) fn in_latin(cyrillic: &Statistics) -> Statistics {
    let mut groups: HashMap<String, f64> = HashMap::new();
    for (group, frequency) in &cyrillic.groups {
        for latin in beginnings(group) {
            *groups.entry(latin).or_default() += frequency.exp();
        }
    }
    let words = cyrillic.words.iter();
    Statistics {
        groups: groups.into_iter().map(|(group, frequency)| (group, frequency.ln())).collect(),
        words: words.filter_map(|(word, f)| Some((letters(word)?.concat(), *f))).collect(),
        ..Statistics::default()
    }
}

fn letters(word: &str) -> Option<Vec<&'static str>> {
    let latin = |letter: char| LETTERS.iter().find(|(own, _)| *own == letter).map(|(_, l)| *l);
    word.chars().map(latin).collect()
}

/// Returns the groups, as long as `group`, that begin in the Latin form of its first letter.
fn beginnings(group: &str) -> Vec<String> {
    let Some(latin) = letters(group) else { return Vec::new() };
    let length = group.chars().count();
    let whole: Vec<char> = latin.concat().chars().collect();
    let starts = latin.first().map_or(0, |first| first.chars().count());
    let windows = whole.windows(length).take(starts);
    windows.map(|group| group.iter().collect()).collect()
}
