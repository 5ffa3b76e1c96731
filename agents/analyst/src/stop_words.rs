//! Stop words, which carry no topic, and the stemmer of each language. The words are in
//! `data/stop_words`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_segmentation::UnicodeSegmentation;

/// The stop words of a language, and the algorithm that removes word endings.
struct List {
    words: HashSet<&'static str>,
    algorithm: Algorithm,
}

macro_rules! text {
    ($language:literal) => {
        include_str!(concat!("../data/stop_words/", $language, ".txt"))
    };
}

/// The lists by language, ISO 639-1.
static LISTS: LazyLock<BTreeMap<&str, List>> = LazyLock::new(|| {
    let lists = [
        ("da", text!("da"), Algorithm::Danish),
        ("de", text!("de"), Algorithm::German),
        ("en", text!("en"), Algorithm::English),
        ("es", text!("es"), Algorithm::Spanish),
        ("fr", text!("fr"), Algorithm::French),
        ("it", text!("it"), Algorithm::Italian),
        ("nl", text!("nl"), Algorithm::Dutch),
        ("no", text!("no"), Algorithm::Norwegian),
        ("pt", text!("pt"), Algorithm::Portuguese),
        ("sv", text!("sv"), Algorithm::Swedish),
    ];
    let list = |text, algorithm| List { words: entries(text).collect(), algorithm };
    lists.into_iter().map(|(code, text, algorithm)| (code, list(text, algorithm))).collect()
});

/// Returns the words of a list, which has one word per line. Lines with `#` are comments.
fn entries(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Returns true if the stop words in `text` confirm `language`: at least two of its words, and at
/// least a quarter of them, are on that language's list, and fewer are on any other list.
pub(crate) fn bear_out(language: &str, text: &str) -> bool {
    let words: Vec<String> = text.unicode_words().map(plain).collect();
    let count =
        |list: &List| words.iter().filter(|word| list.words.contains(word.as_str())).count();
    let Some(own) = LISTS.get(language).map(count) else { return false };
    let mut others = LISTS.iter().filter(|(code, _)| **code != language);
    own >= 2 && 4 * own >= words.len() && others.all(|(_, list)| count(list) < own)
}

/// Returns a word in the form that the lists use.
pub(crate) fn plain(word: &str) -> String {
    word.to_lowercase().replace('’', "'")
}

/// The stop words and word forms of one language.
pub(crate) struct Lexicon {
    stop_words: &'static HashSet<&'static str>,
    stemmer: Stemmer,
    is_english: bool,
    /// Articles and other short words that merge with the next word, with their apostrophe.
    elisions: &'static [&'static str],
    /// True for German, which writes all nouns with a capital, and only nouns.
    pub(crate) capitalizes_nouns: bool,
}

impl Lexicon {
    /// Returns the languages that have a lexicon, ISO 639-1.
    pub(crate) fn languages() -> impl Iterator<Item = &'static str> {
        LISTS.keys().copied()
    }

    /// Returns the lexicon of a language; `None` if the language has none.
    pub(crate) fn of(language: &str) -> Option<Self> {
        let List { words, algorithm } = LISTS.get(language)?;
        Some(Self {
            stop_words: words,
            stemmer: Stemmer::create(*algorithm),
            is_english: language == "en",
            elisions: match language {
                "fr" => &["l'", "d'", "j'", "m'", "n'", "s'", "t'", "c'", "qu'"],
                "it" => &["l'", "un'", "d'", "c'", "all'", "dall'", "dell'", "nell'", "sull'"],
                _ => &[],
            },
            capitalizes_nouns: language == "de",
        })
    }

    /// Returns true if a word in lower case carries no topic.
    pub(crate) fn is_stop_word(&self, lower: &str) -> bool {
        self.stop_words.contains(lower)
    }

    /// Returns true if the ending of a word marks a verb or an adverb. Only English endings are
    /// known.
    pub(crate) fn is_no_noun(&self, word: &str) -> bool {
        self.is_english && ["ed", "ly"].iter().any(|end| word.ends_with(end))
    }

    /// Returns the word without a merged article: "espèce" for "l'espèce".
    pub(crate) fn without_elision<'w>(&self, word: &'w str) -> &'w str {
        let Some(behind) = word.find(['\'', '’']).map(|i| word.ceil_char_boundary(i + 1)) else {
            return word;
        };
        let merged = plain(&word[..behind]);
        if self.elisions.contains(&merged.as_str()) { &word[behind..] } else { word }
    }

    /// Returns a lower-case word without its ending.
    pub(crate) fn stem<'w>(&self, lower: &'w str) -> Cow<'w, str> {
        self.stemmer.stem(lower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_named_has_a_list_in_lower_case() {
        for language in Lexicon::languages() {
            let lexicon = Lexicon::of(language).unwrap();
            assert!(lexicon.stop_words.len() > 200, "{language}");
            assert!(lexicon.stop_words.iter().all(|word| *word == word.to_lowercase().trim()));
        }
    }

    #[test]
    fn no_list_has_a_word_twice() {
        for text in [text!("da"), text!("de"), text!("en"), text!("es"), text!("fr")]
            .into_iter()
            .chain([text!("it"), text!("nl"), text!("no"), text!("pt"), text!("sv")])
        {
            let mut seen = HashSet::new();
            assert!(entries(text).all(|word| seen.insert(word)), "{text}");
        }
    }

    #[test]
    fn function_words_bear_out_their_own_language_alone() {
        assert!(bear_out("en", "But Mueller’s team didn’t differ."));
        assert!(!bear_out("de", "But Mueller’s team didn’t differ."));
        assert!(bear_out("de", "Nicht nur Lewis erwartet ein Ding."));
        // "de" and "en" are words of several languages.
        assert!(!bear_out("nl", "de en"));
        assert!(!bear_out("en", "the Trump Clinton Obama Biden Bush Reagan Carter Ford"));
        assert!(!bear_out("ja", "the of") && !bear_out("en", ""));
    }

    #[test]
    fn a_language_without_a_list_has_no_lexicon() {
        assert!(Lexicon::of("ja").is_none());
        assert!(Lexicon::of("").is_none());
    }

    #[test]
    fn a_merged_article_is_taken_off() {
        let french = Lexicon::of("fr").unwrap();
        assert_eq!(french.without_elision("L’espèce"), "espèce");
        assert_eq!(french.without_elision("aujourd'hui"), "aujourd'hui");
        assert_eq!(Lexicon::of("en").unwrap().without_elision("d'Arc"), "d'Arc");
    }

    #[test]
    fn forms_of_a_word_share_a_stem() {
        let english = Lexicon::of("en").unwrap();
        assert_eq!(english.stem("elections"), english.stem("election"));
        assert!(english.is_stop_word("said") && !english.is_stop_word("election"));
    }
}
