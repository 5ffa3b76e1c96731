//! One form for words that differ in case, width, marks or signs alone.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_canonical;

use super::language::{Apostrophe, Letters, Rules};
use super::number::Decimal;

/// The most letters of a word that are kept. The rest of a longer word is cut off.
pub const MAX_WORD_LETTERS: usize = 64;

/// Writes `word` to `out` in lower case and the usual width, with its marks. A word of signs alone
/// leaves `out` empty.
pub(super) fn with_marks(word: &str, rules: &Rules, out: &mut String) {
    out.clear();
    if let Some(number) = Decimal::read(word) {
        lower(number.characters(), rules, out);
        return;
    }
    if word.is_ascii() && !rules.has_dotless_i {
        lower_ascii(word, out);
    } else {
        lower(word.chars(), rules, out);
    }
    if !out.contains(char::is_alphanumeric) {
        out.clear();
    }
    if out.contains('.') {
        out.retain(|sign| sign != '.');
    }
    if out.contains('\'') {
        divide_at_apostrophe(rules.apostrophe, out);
    }
}

fn lower_ascii(word: &str, out: &mut String) {
    out.push_str(&word[..word.len().min(MAX_WORD_LETTERS)]);
    out.make_ascii_lowercase();
}

fn lower(word: impl Iterator<Item = char>, rules: &Rules, out: &mut String) {
    let letters = word.nfkc().flat_map(|letter| lower_letter(letter, rules)).filter_map(sign);
    out.extend(letters.take(MAX_WORD_LETTERS));
}

fn lower_letter(letter: char, rules: &Rules) -> impl Iterator<Item = char> {
    let own = match letter {
        'I' if rules.has_dotless_i => 'ı',
        'İ' => 'i',
        other => other,
    };
    own.to_lowercase()
}

/// Returns the usual character for one that stands for the same. Returns `None` for those that
/// readers do not see, or that are vowel points.
fn sign(letter: char) -> Option<char> {
    match letter {
        '’' | '‘' | 'ʼ' | '`' => Some('\''),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' => {
            None
        }
        '·' | '"' | '״' | '׳' => None,
        '\u{591}'..='\u{5c7}' => None,
        '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' => None,
        _ => Some(digit(letter).unwrap_or(letter)),
    }
}

/// The zeros of the scripts whose digits stand for those of ASCII.
const ZEROS: [char; 14] = ['٠', '۰', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '၀'];

fn digit(letter: char) -> Option<char> {
    let offset = |zero: char| u32::from(letter).checked_sub(u32::from(zero));
    let value = ZEROS.into_iter().filter_map(offset).find(|&value| value < 10)?;
    char::from_digit(value, 10)
}

/// Leaves the part of `word` that carries its meaning.
fn divide_at_apostrophe(rule: Apostrophe, word: &mut String) {
    if word.starts_with("o'") {
        word.remove(1);
    }
    let Some(at) = word.find('\'').filter(|&at| at > 0 && at + 1 < word.len()) else { return };
    match rule {
        Apostrophe::Suffix if at > 1 => word.truncate(at),
        Apostrophe::Elision(articles) if articles.contains(&&word[..at]) => drop(word.drain(..=at)),
        _ => {}
    }
    if word.ends_with("'s") {
        word.truncate(word.len() - 2);
    }
}

/// Writes `word` to `out` without the marks that are no part of `letters`. A word of marks alone
/// keeps them.
pub(super) fn without_marks(word: &str, letters: Letters, out: &mut String) {
    out.clear();
    if word.is_ascii() {
        out.push_str(word);
        return;
    }
    for letter in word.chars() {
        if letters.contain(letter) {
            out.push(letter);
        } else {
            push_base(letter, out);
        }
    }
    if out.is_empty() {
        out.push_str(word);
    }
    if let Some((end, _)) = out.char_indices().nth(MAX_WORD_LETTERS) {
        out.truncate(end);
    }
}

/// Writes the letter or letters that `letter` is without its marks.
fn push_base(letter: char, out: &mut String) {
    match letter {
        'ß' => out.push_str("ss"),
        'æ' => out.push_str("ae"),
        'œ' => out.push_str("oe"),
        'þ' => out.push_str("th"),
        'ø' => out.push('o'),
        'ł' => out.push('l'),
        'đ' | 'ð' => out.push('d'),
        'ħ' => out.push('h'),
        'ı' => out.push('i'),
        'ς' => out.push('σ'),
        'ё' => out.push('е'),
        'أ' | 'إ' | 'آ' | 'ٱ' => out.push('ا'),
        'ى' | 'ی' => out.push('ي'),
        'ک' => out.push('ك'),
        'ة' => out.push('ه'),
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1fff}' | '\u{370}'..='\u{3ff}' => {
            decompose_canonical(letter, |part| {
                if !is_mark(part) {
                    out.push(part);
                }
            });
        }
        'ँ' => out.push('ं'),
        '\u{93c}' => {}
        mark if is_mark(mark) => {}
        other => out.push(other),
    }
}

fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}
