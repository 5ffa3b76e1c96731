//! The characters of a query text, and where its words, values and field names end.

use crate::error::QueryError;
use crate::field::Field;

/// The most code points that a query text may have.
pub const MAX_CHARS: usize = 1_000;

/// Returns one form for all characters that mean the same in the grammar.
fn sign(c: char) -> char {
    match c {
        '“' | '”' | '„' | '‟' | '«' | '»' | '＂' => '"',
        '：' => ':',
        '（' => '(',
        '）' => ')',
        '，' => ',',
        '｜' => '|',
        '－' => '-',
        space if space.is_whitespace() => ' ',
        other => other,
    }
}

/// Returns true if a backslash must stand before `c` in a phrase.
pub(crate) fn is_escaped(c: char) -> bool {
    matches!(sign(c), '"' | '\\')
}

/// Returns true if no character of `text` is one to search for.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().map(sign).all(|c| {
        c == ' '
            || c.is_ascii_punctuation()
            || matches!(c, '\u{2010}'..='\u{205E}' | '\u{3001}'..='\u{3003}')
    })
}

pub(crate) fn is_operator(word: &str) -> bool {
    matches!(word, "AND" | "OR" | "NOT")
}

/// A query text, addressed by code points.
pub(crate) struct Chars(Vec<char>);

impl Chars {
    pub(crate) fn new(text: &str) -> Result<Self, QueryError> {
        let chars: Vec<char> = text.chars().take(MAX_CHARS + 1).collect();
        if chars.len() > MAX_CHARS {
            return Err(QueryError::new(MAX_CHARS, format!("more than {MAX_CHARS} characters")));
        }
        Ok(Self(chars))
    }

    /// Returns the grammatical sign at `at`.
    pub(crate) fn sign(&self, at: usize) -> Option<char> {
        self.0.get(at).copied().map(sign)
    }

    /// Returns the text as it was written.
    pub(crate) fn text(&self, from: usize, until: usize) -> String {
        self.0[from..until].iter().collect()
    }

    /// Returns the next place from `start` on that has no space.
    pub(crate) fn after_space(&self, start: usize) -> usize {
        let spaces = (start..).take_while(|at| self.sign(*at) == Some(' '));
        start + spaces.count()
    }

    /// Returns the place of the next comma, or the end of the text.
    pub(crate) fn comma(&self, start: usize) -> usize {
        let comma = (start..self.0.len()).find(|at| self.sign(*at) == Some(','));
        comma.unwrap_or(self.0.len())
    }

    /// Returns the end of the word that starts at `start`. Parentheses that open and close inside
    /// the word belong to it, as in `main()`; so does the mark of inches in `12"`.
    pub(crate) fn end_of_word(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(sign) = self.sign(at) {
            match sign {
                '(' if is_operator(&self.text(start, at)) => break,
                '(' => match self.closing(at) {
                    Some(close) => at = close,
                    None => break,
                },
                '"' if at > start && self.is_inch(at) => {}
                ' ' | ')' | '|' | '"' => break,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Returns the place of the parenthesis that closes the one at `open` in the same word.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open.. {
            match self.sign(at)? {
                '(' => depth += 1,
                ')' if depth == 1 => return Some(at),
                ')' => depth -= 1,
                ' ' | '|' | '"' => return None,
                _ => {}
            }
        }
        None
    }

    fn is_inch(&self, at: usize) -> bool {
        let ends_word = matches!(self.sign(at + 1), None | Some(' ' | ')' | ',' | '|'));
        ends_word && self.0[at - 1].is_ascii_digit()
    }

    /// Tells a dash that excludes from a lone one, an option such as `--release`, and an arrow.
    pub(crate) fn is_exclusion(&self, at: usize) -> bool {
        let next = self.sign(at + 1);
        self.sign(at) == Some('-') && !matches!(next, None | Some(' ' | '-' | ')' | '|' | '>'))
    }

    /// Returns the name of the field that starts at `start`. A URL, a path such as `std::fmt`, and
    /// an unknown name before a space, as in a headline, are words.
    pub(crate) fn field_name(&self, start: usize) -> Option<String> {
        let is_name = |c: &&char| c.is_ascii_alphabetic() || **c == '_';
        let colon = start + self.0[start..].iter().take_while(is_name).count();
        if colon == start || self.sign(colon) != Some(':') {
            return None;
        }
        let name = self.text(start, colon);
        let is_word = match self.sign(colon + 1) {
            Some('/') => self.sign(colon + 2) == Some('/'),
            next => matches!(next, None | Some(' ' | ')' | ':' | '\\')),
        };
        (!is_word || Field::named(&name).is_some()).then_some(name)
    }

    /// Returns true if the sign at `at` leads to another value of the same field: a comma, or a bar
    /// as in `lang:en|de` that does not stand before another field.
    pub(crate) fn is_next_value(&self, at: usize) -> bool {
        let starts_value = |next: char| next.is_alphanumeric() || next == '"';
        match self.sign(at) {
            Some(',') => true,
            Some('|') if self.field_name(at + 1).is_none() => {
                self.sign(at + 1).is_some_and(starts_value)
            }
            _ => false,
        }
    }
}
