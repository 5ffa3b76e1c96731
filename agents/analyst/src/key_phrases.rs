//! Extracts key phrases by counting. A run of meaningful words scores higher if the text repeats
//! it, if it comes early, if it is a name or in the title, and if it stands in sentences whose
//! vectors are near to the article's. The method follows RAKE (Rose and others 2010) and YAKE
//! (Campos and others 2020). It needs no model of its own.

use std::collections::{HashMap, HashSet};

use courant_article::{Embeddings, KeyPhrase, ModelRef};

use crate::Absent;
use crate::centrality::Centrality;
use crate::stop_words::Lexicon;
use crate::words::{Word, words};

const MAX_PHRASE_WORDS: usize = 3;
/// The longest word, in bytes. A longer run without a space is a code, or belongs to a script
/// without spaces.
const MAX_WORD_BYTES: usize = 256;
/// The most words that are read. The start of a long text shows its topic, and this bounds the
/// work.
const MAX_WORDS: usize = 10_000;
/// Words that may stand inside a name: "Bank of England".
const NAME_LINKS: [&str; 16] = [
    "of", "de", "del", "della", "di", "da", "do", "dos", "das", "du", "des", "la", "van", "von",
    "der", "den",
];
/// The factor for a name, which says more than a common word.
const NAME_FACTOR: f32 = 1.5;
/// The factor for a weak phrase. A single word is weak if it occurs once or is hardly a noun. A
/// longer phrase is weak if it occurs once and has three words or mixes a name with other words.
const WEAK_FACTOR: f32 = 0.3;
/// The factors for one, two and three words. Two words are more specific than one.
const LENGTH_FACTORS: [f32; MAX_PHRASE_WORDS] = [1.0, 2.0, 2.4];
/// The share of a longer phrase's weight that is subtracted from a shorter phrase inside it.
const NESTED_WEIGHT: f32 = 0.8;
/// The least score, as a share of the best one. Phrases below it are noise.
const MIN_SCORE: f32 = 0.04;
/// The factor for a phrase whose words are all in the title.
const TITLE_FACTOR: f32 = 2.0;
/// The number of words after which the bonus for an early place is halved.
const EARLY_WORDS: f32 = 100.0;

/// The lexicons of all languages that have one.
pub(crate) struct KeyPhrases {
    lexicons: HashMap<&'static str, Lexicon>,
}

impl KeyPhrases {
    pub(crate) fn new() -> Self {
        let known = Lexicon::languages();
        let lexicons = known.filter_map(|code| Some((code, Lexicon::of(code)?))).collect();
        Self { lexicons }
    }

    /// Returns the model that extracts key phrases. Its version names the encoder whose vectors
    /// weigh the sentences.
    pub(crate) fn model(embeddings: &Embeddings) -> ModelRef {
        let encoder = &embeddings.model;
        let version = match embeddings.sentences.is_empty() {
            true => "2".into(),
            false => format!("2+{}:{}", encoder.name, encoder.version),
        };
        ModelRef {
            name: "key-phrases".into(),
            version,
            precision: "fp32".into(),
            provider: "cpu".into(),
        }
    }

    /// Returns at most `limit` phrases by falling score. The best one scores 1. No phrase has all
    /// the words of another one, even with other endings. `embeddings` belong to `text`. Without
    /// sentence vectors all sentences weigh the same.
    ///
    /// # Errors
    /// [`Absent`] if the language is unknown or has no stop words, or the text has no phrase.
    pub(crate) fn extract(
        &self,
        language: Option<&str>,
        title: &str,
        text: &str,
        embeddings: &Embeddings,
        limit: usize,
    ) -> Result<Vec<KeyPhrase>, Absent> {
        let language = language.ok_or(Absent::LanguageUnknown)?;
        let lexicon = self
            .lexicons
            .get(language)
            .ok_or_else(|| Absent::NoStopWords { language: language.to_owned() })?;
        let words = words(text, lexicon, MAX_WORDS);
        let stems = Stems::of(&words);
        let title: HashSet<String> =
            self::words(title, lexicon, MAX_WORDS).into_iter().map(|word| word.stem).collect();
        let mut phrases = phrases(&words, &Centrality::of(text, embeddings), lexicon);
        for phrase in &mut phrases {
            phrase.score = score(phrase, &words, &stems, &title, lexicon);
        }
        // Equal scores are ordered by place, so that the order does not depend on hashing.
        phrases.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.first.cmp(&b.first)));
        let best = phrases.first().ok_or(Absent::NoPhrase)?.score;
        phrases.retain(|phrase| phrase.score >= MIN_SCORE * best);
        let chosen = choose(phrases, &words, &stems, limit);
        let shown = |phrase: Phrase| KeyPhrase {
            text: text[words[phrase.first].start..words[phrase.last()].end()].to_owned(),
            score: phrase.score / best,
        };
        Ok(chosen.into_iter().map(shown).collect())
    }
}

/// The uses of each stem in the text.
struct Stems<'w>(HashMap<&'w str, StemUse>);

#[derive(Default)]
struct StemUse {
    count: u32,
    capitalized: u32,
    /// The uses with a capital that is not due to the start of a sentence.
    as_name: u32,
}

impl<'w> Stems<'w> {
    fn of(words: &'w [Word]) -> Self {
        let mut stems: HashMap<&str, StemUse> = HashMap::new();
        for (i, word) in words.iter().enumerate() {
            let used = stems.entry(&word.stem).or_default();
            let before_name = words.get(i + 1).is_some_and(|next| next.joined && next.capitalized);
            used.count += 1;
            used.capitalized += u32::from(word.capitalized);
            used.as_name += u32::from(word.capitalized && (!word.opens || before_name));
        }
        Self(stems)
    }

    fn count(&self, word: &Word) -> f32 {
        self.0.get(word.stem.as_str()).map_or(0.0, |used| used.count as f32)
    }

    /// Returns true if a word always has a capital, and not only at the start of a sentence.
    fn is_name(&self, word: &Word) -> bool {
        let used = self.0.get(word.stem.as_str());
        used.is_some_and(|used| used.capitalized == used.count && used.as_name > 0)
    }
}

/// A run of words that may be a key phrase.
#[derive(Default)]
struct Phrase {
    /// The index of the first word of its first occurrence.
    first: usize,
    words: usize,
    count: u32,
    /// The sum of the weights of the sentences where it occurs.
    weight: f32,
    /// The weight of the heaviest repeated longer phrase that contains it.
    nested: f32,
    score: f32,
}

impl Phrase {
    fn last(&self) -> usize {
        self.first + self.words - 1
    }

    fn of<'w, 't>(&self, words: &'w [Word<'t>]) -> &'w [Word<'t>] {
        &words[self.first..=self.last()]
    }
}

/// Returns all runs of up to three words that may be key phrases. Each is counted and weighed at
/// all of its occurrences.
fn phrases(words: &[Word], centrality: &Centrality, lexicon: &Lexicon) -> Vec<Phrase> {
    let mut phrases: Vec<Phrase> = Vec::new();
    let mut by_stems: HashMap<Vec<&str>, usize> = HashMap::new();
    for first in 0..words.len() {
        for length in 1..=MAX_PHRASE_WORDS.min(words.len() - first) {
            let run = &words[first..first + length];
            if length > 1 && !run[length - 1].joined {
                break;
            }
            if !may_stand_alone(run, lexicon) {
                continue;
            }
            let index = *by_stems.entry(stems_of(run)).or_insert_with(|| {
                phrases.push(Phrase { first, words: length, ..Phrase::default() });
                phrases.len() - 1
            });
            phrases[index].count += 1;
            phrases[index].weight += centrality.at(words[first].start);
        }
    }
    note_nested(&mut phrases, words, &by_stems);
    phrases
}

fn stems_of<'w>(run: &'w [Word]) -> Vec<&'w str> {
    run.iter().map(|word| word.stem.as_str()).collect()
}

/// Sets `nested` of each phrase that is part of a longer, repeated phrase.
fn note_nested(phrases: &mut [Phrase], words: &[Word], by_stems: &HashMap<Vec<&str>, usize>) {
    for longer in 0..phrases.len() {
        let weight = phrases[longer].weight;
        if phrases[longer].count < 2 {
            continue;
        }
        let run = phrases[longer].of(words);
        for length in 1..run.len() {
            for part in run.windows(length) {
                if let Some(index) = by_stems.get(&stems_of(part)) {
                    phrases[*index].nested = phrases[*index].nested.max(weight);
                }
            }
        }
    }
}

/// Returns true if a run may be a phrase: it begins and ends with content words, and between
/// them has only content words or the links of a name. In a language that capitalizes only
/// nouns, it must end with a noun.
fn may_stand_alone(run: &[Word], lexicon: &Lexicon) -> bool {
    let (first, last) = (&run[0], &run[run.len() - 1]);
    let is_named = first.capitalized && last.capitalized;
    let links = |word: &Word| word.content || (is_named && NAME_LINKS.contains(&word.text));
    let long_enough = run.len() > 1 || first.capitalized || first.text.chars().nth(2).is_some();
    let short_enough = run.iter().all(|word| word.text.len() <= MAX_WORD_BYTES);
    let is_noun = !lexicon.capitalizes_nouns || (last.capitalized && !last.opens);
    let is_sized = long_enough && short_enough;
    first.content && last.content && is_sized && is_noun && run.iter().all(links)
}

/// Returns the score of a phrase: its weight outside longer phrases, multiplied by factors for
/// the frequency of its words, its length, a name, a place in the title and an early place.
fn score(
    phrase: &Phrase,
    words: &[Word],
    stems: &Stems,
    title: &HashSet<String>,
    lexicon: &Lexicon,
) -> f32 {
    let own = phrase.of(words);
    let mean_count = own.iter().map(|word| stems.count(word)).sum::<f32>() / own.len() as f32;
    let is_name = own.iter().filter(|word| word.content).all(|word| stems.is_name(word));
    let in_title = own.iter().all(|word| title.contains(&word.stem));
    let early = 1.0 + 1.0 / (1.0 + phrase.first as f32 / EARLY_WORDS);
    let is_weak = match own {
        [word] => phrase.count == 1 || lexicon.is_no_noun(word.text),
        _ => phrase.count == 1 && (own.len() > 2 || mixes_a_name(own, stems, lexicon)),
    };
    let kind = match (is_name, is_weak) {
        (true, _) => NAME_FACTOR,
        (false, true) => WEAK_FACTOR,
        (false, false) => 1.0,
    };
    let titled = if in_title { TITLE_FACTOR } else { 1.0 };
    let alone = phrase.weight - NESTED_WEIGHT * phrase.nested;
    let length = LENGTH_FACTORS[own.len() - 1];
    alone * mean_count.sqrt() * length * kind * titled * early
}

/// Returns true if a run mixes a name with words that only happen to stand next to it, such as
/// "Johnson won".
fn mixes_a_name(run: &[Word], stems: &Stems, lexicon: &Lexicon) -> bool {
    !lexicon.capitalizes_nouns && run.iter().any(|word| stems.is_name(word))
}

/// Returns at most `limit` phrases, the best first. A surname is completed to the full name. A
/// phrase is skipped if it contains all words of a better one, or a better one contains all of
/// its words.
fn choose(phrases: Vec<Phrase>, words: &[Word], stems: &Stems, limit: usize) -> Vec<Phrase> {
    let mut chosen: Vec<Phrase> = Vec::new();
    let mut chosen_stems: Vec<HashSet<&str>> = Vec::new();
    for phrase in phrases {
        if chosen.len() == limit {
            break;
        }
        let phrase = completed(phrase, words, stems);
        let own: HashSet<&str> = phrase.of(words).iter().map(|word| word.stem.as_str()).collect();
        if chosen_stems.iter().any(|other| own.is_subset(other) || other.is_subset(&own)) {
            continue;
        }
        chosen.push(phrase);
        chosen_stems.push(own);
    }
    chosen
}

/// Extends a name by the names next to its first occurrence, because a text introduces a name in
/// full and shortens it later.
fn completed(mut phrase: Phrase, words: &[Word], stems: &Stems) -> Phrase {
    if !phrase.of(words).iter().all(|word| stems.is_name(word)) {
        return phrase;
    }
    let is_name = |i: usize| {
        let word = &words[i];
        let is_named = stems.is_name(word) || !word.opens;
        word.content && word.capitalized && is_named && word.text.len() <= MAX_WORD_BYTES
    };
    while phrase.words < MAX_PHRASE_WORDS {
        let (first, next) = (phrase.first, phrase.last() + 1);
        if first > 0 && words[first].joined && is_name(first - 1) {
            phrase.first -= 1;
        } else if next < words.len() && words[next].joined && is_name(next) {
            // The phrase grows at its end, so its first word stays.
        } else {
            break;
        }
        phrase.words += 1;
    }
    phrase
}

#[cfg(test)]
mod tests;
