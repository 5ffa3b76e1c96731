//! Numbers about the text of one block, from one reading of its characters.

use super::words::WordHash;

/// The most words of a block that are compared with other texts.
const MAX_WORDS: usize = 60;

/// Counts over the characters of a text.
#[derive(Debug, Default)]
pub(super) struct TextFacts {
    pub(super) chars: usize,
    pub(super) letters: usize,
    pub(super) small: usize,
    pub(super) capitals: usize,
    pub(super) digits: usize,
    pub(super) commas: usize,
    pub(super) lines: usize,
    pub(super) spaces: usize,
    pub(super) has_quotes: bool,
    pub(super) has_bar: bool,
    pub(super) has_copyright: bool,
    pub(super) has_at: bool,
    pub(super) has_exclamation: bool,
    pub(super) has_money: bool,
    pub(super) starts_small: bool,
    /// The hashes of the first words.
    pub(super) words: Vec<u32>,
}

impl TextFacts {
    pub(super) fn read(text: &str) -> Self {
        let mut facts = Self { lines: 1, ..Self::default() };
        let mut word = WordHash::new();
        for c in text.chars() {
            facts.chars += 1;
            if c.is_alphanumeric() {
                facts.letter_or_digit(c);
                word.push(c);
            } else {
                facts.mark(c);
                facts.end_word(&mut word);
            }
        }
        facts.end_word(&mut word);
        facts
    }

    fn end_word(&mut self, word: &mut WordHash) {
        if let Some(hash) = word.end()
            && self.words.len() < MAX_WORDS
        {
            self.words.push(hash);
        }
    }

    fn letter_or_digit(&mut self, c: char) {
        if c.is_ascii_lowercase() {
            self.starts_small |= self.letters + self.digits == 0;
            self.letters += 1;
            self.small += 1;
        } else if c.is_numeric() {
            self.digits += 1;
        } else {
            self.starts_small |= self.letters + self.digits == 0 && c.is_lowercase();
            self.letters += 1;
            self.capitals += usize::from(c.is_uppercase());
        }
    }

    fn mark(&mut self, c: char) {
        match c {
            ' ' => self.spaces += 1,
            '\n' => self.lines += 1,
            ',' | '،' | '、' | '，' => self.commas += 1,
            '"' | '“' | '”' | '«' | '»' | '„' | '「' => self.has_quotes = true,
            '|' | '›' | '·' | '•' => self.has_bar = true,
            '©' => self.has_copyright = true,
            '@' => self.has_at = true,
            '!' | '！' => self.has_exclamation = true,
            '$' | '€' | '£' | '¥' | '₹' => self.has_money = true,
            _ => {}
        }
    }

    /// Returns a number for the kind of the last character.
    pub(super) fn ending(text: &str) -> f32 {
        match text.chars().next_back() {
            None => 0.0,
            Some('.' | '。') => 1.0,
            Some('!' | '?' | '！' | '？') => 2.0,
            Some(':' | '：') => 3.0,
            Some('…') => 4.0,
            Some(c) if c.is_alphanumeric() => 6.0,
            Some(_) => 5.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_characters_of_a_text_are_counted_by_kind() {
        let facts = TextFacts::read("two Cats,\n© 2024!");
        assert_eq!((facts.letters, facts.capitals, facts.digits), (7, 1, 4));
        assert_eq!((facts.commas, facts.lines, facts.spaces), (1, 2, 2));
        assert!(facts.has_copyright && facts.has_exclamation && facts.starts_small);
        assert_eq!(facts.words.len(), 2);
        assert_eq!(TextFacts::read("").chars, 0);
    }
}
