//! The letter groups and words of a text, as numbers.

use unicode_normalization::UnicodeNormalization;

use super::Script;
use super::prose::prose;

/// The kind of a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeatureKind {
    /// Three or four letters that follow each other in a word.
    Letters,
    /// A whole word.
    Word,
    /// Two to four letters between vowel signs, in Devanagari.
    Bare,
}

/// The lengths of letter groups.
const GROUPS: [usize; 2] = [3, 4];
const BARE_GROUPS: [usize; 3] = [2, 3, 4];
/// The most letters of a word that count. Nobody writes longer words, and the work stays bounded.
const MAX_WORD: usize = 40;

/// Calls `tell` with the kind and the hash of each feature in the first `most` letters of `text`
/// that belong to `script`. Letters are put in lower case and composed (NFC) first.
pub fn features(text: &str, script: Script, most: usize, mut tell: impl FnMut(FeatureKind, u32)) {
    let mut left = most;
    let mut word = Vec::with_capacity(MAX_WORD);
    for letter in prose(text).nfc().flat_map(char::to_lowercase) {
        if is_part_of_word(letter, script) {
            word.push(letter);
            continue;
        }
        word.truncate(MAX_WORD.min(left));
        left -= word.len();
        tell_word(&word, &mut tell);
        word.clear();
        if left == 0 {
            return;
        }
    }
}

fn tell_word(word: &[char], tell: &mut impl FnMut(FeatureKind, u32)) {
    tell_groups(FeatureKind::Letters, word, &GROUPS, tell);
    if word.iter().any(|letter| is_devanagari(*letter)) {
        for bare in word.split(|letter| is_sign(*letter)) {
            tell_groups(FeatureKind::Bare, bare, &BARE_GROUPS, tell);
        }
    }
    if !word.is_empty() {
        tell(FeatureKind::Word, hash(FeatureKind::Word, word));
    }
}

fn tell_groups(
    kind: FeatureKind,
    letters: &[char],
    lengths: &[usize],
    tell: &mut impl FnMut(FeatureKind, u32),
) {
    for group in lengths.iter().flat_map(|length| letters.windows(*length)) {
        tell(kind, hash(kind, group));
    }
}

fn is_devanagari(letter: char) -> bool {
    matches!(letter, '\u{900}'..='\u{97F}')
}

/// Returns true for the vowel signs and other marks of Devanagari.
pub fn is_sign(letter: char) -> bool {
    matches!(letter, '\u{900}'..='\u{903}' | '\u{93A}'..='\u{93C}' | '\u{93E}'..='\u{94F}'
        | '\u{951}'..='\u{957}' | '\u{962}' | '\u{963}')
}

/// Returns true for a letter of `script`, and for a mark on the letter before it. Marks have no
/// case. They have no script of their own, or the script of their letters.
fn is_part_of_word(letter: char, script: Script) -> bool {
    match Script::of(letter) {
        Some(own) => own == script && !letter.is_numeric() && !is_punctuation(letter),
        None => matches!(letter, '\u{300}'..='\u{36F}' | '\u{64B}'..='\u{655}'),
    }
}

/// Returns true for punctuation that Unicode assigns to one script.
fn is_punctuation(letter: char) -> bool {
    matches!(letter, '\u{970}' | '\u{1360}'..='\u{1368}' | '\u{5BE}' | '\u{5F3}' | '\u{5F4}')
}

/// Hashes the code points by FNV-1a, and mixes the upper half into the lower one.
pub(super) fn hash(kind: FeatureKind, letters: &[char]) -> u32 {
    let seed = 0xcbf2_9ce4_8422_2325_u64 ^ (kind as u64);
    let hash = letters
        .iter()
        .fold(seed, |hash, letter| (hash ^ u64::from(*letter)).wrapping_mul(0x0100_0000_01b3));
    let mixed = (hash ^ (hash >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 32) as u32
}
