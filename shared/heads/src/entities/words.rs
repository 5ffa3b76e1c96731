//! The words of a text, cut so that names consist of whole words.

use courant_article::Span;

/// A run of letters and digits, a single letter of a script without spaces, a single sign, or a compound that names never cut: `U.S.`,
/// `O'Brien`, `@someone`, `#something`, a web address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word as it appears in the text.
    pub text: &'a str,
    /// The span of the word in the text, in code points.
    pub span: Span,
    /// True if white space precedes the word.
    pub is_spaced: bool,
    /// True if the word is the first of the text or of a line.
    pub starts_line: bool,
}

/// Splits a text into words, without white space.
pub fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let (mut rest, mut at) = (text, 0);
    let (mut is_spaced, mut starts_line) = (false, true);
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            is_spaced = true;
            starts_line |= first == '\n';
            rest = &rest[first.len_utf8()..];
            at += 1;
            continue;
        }
        let (word, behind) = rest.split_at(word_bytes(rest, first));
        let end = at + u32::try_from(word.chars().count()).unwrap_or(u32::MAX);
        words.push(Word { text: word, span: Span { start: at, end }, is_spaced, starts_line });
        (rest, at) = (behind, end);
        (is_spaced, starts_line) = (false, false);
    }
    words
}

/// Returns the length in bytes of the word at the start of `text`.
fn word_bytes(text: &str, first: char) -> usize {
    let plain = run(text);
    match first {
        '@' | '#' if run(&text[1..]) > 0 => 1 + run(&text[1..]),
        'h' if text.starts_with("http://") || text.starts_with("https://") => {
            text.find(char::is_whitespace).unwrap_or(text.len())
        }
        _ if is_unspaced(first) => first.len_utf8() + marks(&text[first.len_utf8()..]),
        _ if first.is_alphabetic() => {
            abbreviation(text).or_else(|| particle(text)).unwrap_or(plain)
        }
        _ if plain > 0 => plain,
        _ => first.len_utf8(),
    }
}

/// Bytes of the letters and digits at the start, up to a letter of a script without spaces.
fn run(text: &str) -> usize {
    text.find(|c: char| !is_word(c) || is_unspaced(c)).unwrap_or(text.len())
}

/// Accents may stand behind their letter as a character of their own.
fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_accent(c)
}

fn is_accent(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// True for the letters of scripts that write words without spaces between them: Chinese
/// characters, Japanese syllables, Thai, Lao, Burmese and Khmer. A name there is a run of letters.
fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}'
        | '\u{1000}'..='\u{109f}'
        | '\u{1780}'..='\u{17ff}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3041}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}'
        | '\u{ff66}'..='\u{ff9f}'
        | '\u{20000}'..='\u{3ffff}')
}

/// Bytes of the vowel signs, tone marks and accents at the start.
fn marks(text: &str) -> usize {
    let is_mark = |c: char| is_accent(c) || (is_unspaced(c) && !c.is_alphanumeric());
    text.find(|c: char| !is_mark(c)).unwrap_or(text.len())
}

/// At least two letters with a full stop behind each.
fn abbreviation(text: &str) -> Option<usize> {
    let mut bytes = 0;
    let mut letters = 0;
    let mut rest = text.chars();
    while let (Some(letter), Some('.')) = (rest.next(), rest.next()) {
        if !letter.is_alphabetic() {
            break;
        }
        bytes += letter.len_utf8() + 1;
        letters += 1;
    }
    (letters >= 2).then_some(bytes)
}

/// One letter, an apostrophe and a capitalized word: `O'Brien`, `L'Oréal`.
fn particle(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let (_, _) = chars.next()?;
    let (_, apostrophe) = chars.next()?;
    let (start, capital) = chars.next()?;
    let length = run(&text[start..]);
    let is_compound =
        matches!(apostrophe, '\'' | '’') && capital.is_uppercase() && length > capital.len_utf8();
    is_compound.then_some(start + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn compounds_that_names_never_cut_stay_whole() {
        assert_eq!(
            texts("The U.S. and O'Brien's U.N.-led"),
            ["The", "U.S.", "and", "O'Brien", "'", "s", "U.N.", "-", "led"]
        );
        assert_eq!(
            texts("@ann_b #Rio2016 http://t.co/x, A."),
            ["@ann_b", "#Rio2016", "http://t.co/x,", "A", "."]
        );
        assert_eq!(
            texts("mail@x 3.5 I'm L’Oréal"),
            ["mail", "@x", "3", ".", "5", "I", "'", "m", "L’Oréal"]
        );
    }

    #[test]
    fn letters_of_scripts_without_spaces_stand_alone() {
        assert_eq!(
            texts("在北京GDP增长4.9%"),
            ["在", "北", "京", "GDP", "增", "长", "4", ".", "9", "%"]
        );
        assert_eq!(texts("東京タワー"), ["東", "京", "タ", "ワ", "ー"]);
        assert_eq!(texts("ที่กรุง").concat(), "ที่กรุง");
        assert!(texts("ที่กรุง").len() > 1);
    }

    #[test]
    fn spans_count_code_points_and_lines_start_words() {
        let words = words("Zoë\n— Łódź");
        let found: Vec<_> = words
            .iter()
            .map(|word| (word.span.start, word.span.end, word.is_spaced, word.starts_line))
            .collect();
        assert_eq!(found, [(0, 3, false, true), (4, 5, true, true), (6, 10, true, false)]);
    }

    proptest! {
        #[test]
        fn words_are_the_text_without_its_white_space(text in "\\PC*|([A-Z]\\.|h|ttp://|'|’|@|#|[ \n]|é){0,20}") {
            let characters: Vec<char> = text.chars().collect();
            let mut joined = String::new();
            for word in words(&text) {
                let range = word.span.start as usize..word.span.end as usize;
                prop_assert_eq!(characters[range].iter().collect::<String>(), word.text);
                joined.push_str(word.text);
            }
            let expected: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(joined, expected);
        }
    }
}
