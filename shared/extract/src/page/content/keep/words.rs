//! Sets of words that may take one word for another. They are small and of fixed size.

/// The number of places for words, a power of two.
const PLACES: usize = 1 << 13;
/// The fewest bytes of a word that counts. Shorter words are in every text.
const MIN_WORD_BYTES: usize = 4;

/// Hashes the words of a text one character after another, by FNV-1a.
#[derive(Debug)]
pub(super) struct WordHash {
    hash: u32,
    bytes: usize,
}

impl WordHash {
    pub(super) const fn new() -> Self {
        Self { hash: 0x811c_9dc5, bytes: 0 }
    }

    /// Adds a letter or digit.
    pub(super) fn push(&mut self, c: char) {
        let lower = if c.is_ascii() { c.to_ascii_lowercase() } else { lower(c) };
        self.hash = (self.hash ^ u32::from(lower)).wrapping_mul(0x0100_0193);
        self.bytes += c.len_utf8();
    }

    /// Ends the word, and returns it if it counts.
    pub(super) fn end(&mut self) -> Option<u32> {
        let word = (self.bytes >= MIN_WORD_BYTES).then_some(self.hash ^ (self.hash >> 16));
        *self = Self::new();
        word
    }
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Returns the hashes of the words of a text.
pub(super) fn words(text: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut word = WordHash::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            word.push(c);
        } else {
            found.extend(word.end());
        }
    }
    found.extend(word.end());
    found
}

/// Counts, for each word, the blocks that have it.
#[derive(Debug)]
pub(super) struct WordCounts {
    /// The count, and the last block that was counted.
    places: Vec<(u32, u32)>,
}

impl WordCounts {
    pub(super) fn new() -> Self {
        Self { places: vec![(0, u32::MAX); PLACES] }
    }

    /// Counts the words of a block, each once.
    pub(super) fn add(&mut self, block: u32, words: &[u32]) {
        for word in words {
            let place = &mut self.places[*word as usize % PLACES];
            if place.1 != block {
                *place = (place.0 + 1, block);
            }
        }
    }

    /// Returns the share of words that more than `own` blocks have, or -1 without words.
    pub(super) fn share(&self, words: &[u32], own: u32) -> f32 {
        let has = |word: &&u32| self.places[**word as usize % PLACES].0 > own;
        match words.len() {
            0 => -1.0,
            all => words.iter().filter(has).count() as f32 / all as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_any_case_and_short_ones_do_not_count() {
        assert_eq!(words("The MAYOR spoke"), words("mayor, spoke!"));
        assert_eq!(words("on the").len(), 0);
        assert_eq!(words("Łódź 2024").len(), 2);
    }

    #[test]
    fn a_block_counts_once_for_each_of_its_words() {
        let mut counts = WordCounts::new();
        counts.add(0, &words("bridge bridge closed"));
        counts.add(1, &words("bridge opened"));
        assert_eq!(counts.share(&words("bridge"), 1), 1.0);
        assert_eq!(counts.share(&words("bridge closed"), 1), 0.5);
        assert_eq!(counts.share(&[], 0), -1.0);
    }
}
