//! A text as the set of its word shingles, each a hash.
//!
//! The hashes are kept in stores: whoever changes anything here raises
//! [`crate::sketch::VERSION`].

/// Words per shingle: short enough to outlive a correction, long enough to be no
/// phrase of everyday language.
const WORDS: usize = 5;
/// Characters per shingle where the script puts no spaces: about as much text.
const CHARACTERS: usize = 8;
/// Characters of such a script that count as one word.
const CHARACTERS_PER_WORD: usize = 2;

/// The shingles by which a text is compared.
pub(crate) struct Shingles {
    /// Ascending, each once. Odd where the shingle holds a number; never `u32::MAX`.
    pub(crate) hashes: Vec<u32>,
    /// The length of the text.
    pub(crate) words: usize,
}

struct Token {
    hash: u64,
    has_digit: bool,
    /// True if the token is one character of a script without spaces.
    is_character: bool,
}

impl Shingles {
    /// Makes the shingles of a text that [`crate::normalize_text`] made. Case and punctuation do
    /// not count.
    pub(crate) fn of(normalized: &str) -> Self {
        let tokens = tokens(normalized);
        let characters = tokens.iter().filter(|token| token.is_character).count();
        let words = tokens.len() - characters + characters / CHARACTERS_PER_WORD;
        let mut hashes: Vec<u32> =
            (0..tokens.len()).filter_map(|start| shingle(&tokens[start..])).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes, words }
    }
}

/// The hash of the shingle with which `tokens` begin, if there are enough.
fn shingle(tokens: &[Token]) -> Option<u32> {
    let width = if tokens.first()?.is_character { CHARACTERS } else { WORDS };
    let tokens = tokens.get(..width)?;
    let combine = |hash: u64, token: &Token| (hash.rotate_left(23) ^ token.hash).wrapping_mul(ODD);
    let hash = finish(tokens.iter().fold(0, combine));
    let has_number = tokens.iter().any(|token| token.has_digit);
    // The upper half; the greatest value says "none" in a sketch.
    let even = ((hash >> 32) as u32).min(u32::MAX - 2) & !1;
    Some(even | u32::from(has_number))
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(text.len() / 5);
    let mut word: Option<Token> = None;
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            word.get_or_insert(Token::WORD).add(c.to_ascii_lowercase());
        } else if c.is_ascii() || !c.is_alphanumeric() {
            tokens.extend(word.take());
        } else if has_no_spaces(c) {
            tokens.extend(word.take());
            let mut character = Token { is_character: true, ..Token::WORD };
            character.add(c);
            tokens.push(character);
        } else {
            let word = word.get_or_insert(Token::WORD);
            c.to_lowercase().for_each(|c| word.add(c));
        }
    }
    tokens.extend(word);
    tokens
}

impl Token {
    const WORD: Self = Self { hash: SEED, has_digit: false, is_character: false };

    /// FNV-1a over code points: a fixed function of the text on every machine.
    fn add(&mut self, c: char) {
        self.hash = (self.hash ^ u64::from(u32::from(c))).wrapping_mul(PRIME);
        self.has_digit |= c.is_numeric();
    }
}

/// Thai, Lao, Tibetan, Burmese, Khmer, kana and Han.
fn has_no_spaces(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The offset basis and the prime of FNV-1a.
const SEED: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;
/// 2^64 over the golden ratio.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finalizer of MurmurHash3: each bit of the result depends on all bits.
fn finish(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_punctuation_do_not_count_but_each_word_does() {
        let of = |text| Shingles::of(text).hashes;
        assert_eq!(of("The \"old\" Bridge stays - open."), of("the old bridge stays open"));
        assert_ne!(of("the old bridge stays open"), of("the old bridge stays closed"));
        assert_ne!(of("the old bridge stays open"), of("old the bridge stays open"));
        assert_eq!(of("ÄRGER ÜBER DIE ALTE BRÜCKE"), of("ärger über die alte brücke"));
    }

    #[test]
    fn a_text_has_one_shingle_less_than_words_for_each_further_word() {
        let shingles = Shingles::of("one two three four five six seven");
        assert_eq!((shingles.words, shingles.hashes.len()), (7, 3));
        let few = Shingles::of("one two three four");
        assert_eq!((few.words, few.hashes.len()), (4, 0));
        let same = Shingles::of(&"again ".repeat(50));
        assert_eq!((same.words, same.hashes.len()), (50, 1));
    }

    #[test]
    fn scripts_without_spaces_are_cut_into_characters() {
        let chinese = Shingles::of("市议会周一投票决定保留旧港口大桥");
        assert_eq!((chinese.words, chinese.hashes.len()), (8, 9));
        let mixed = Shingles::of("市议会2024年投票决定保留旧港口大桥");
        assert_eq!(mixed.words, 1 + 15 / 2);
        assert!(!mixed.hashes.is_empty());
    }

    #[test]
    fn shingles_with_a_number_are_odd() {
        let odd = |text| Shingles::of(text).hashes.iter().filter(|hash| **hash % 2 == 1).count();
        assert_eq!(odd("profits rose by a third in the last quarter"), 0);
        assert_eq!(odd("profits rose by 12.5 percent in the last quarter"), 5);
    }

    #[test]
    fn the_hashes_never_change() {
        let first = Shingles::of("the council voted on Monday").hashes;
        assert_eq!(first, [FIXED], "sketches in stores would be worthless");
    }

    const FIXED: u32 = 3_609_918_772;
}
