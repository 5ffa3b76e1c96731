//! The forms by which the words of a query match the words of documents.

use std::ops::Range;

use super::forms::Forms;
use super::language::{Rules, base_code};
use super::{questions, segment};
use crate::language::detect;

/// The fewest words of a query that is read as a sentence. Shorter ones are names and keywords:
/// `WHO`, `how to`, `The Who`.
const MIN_SENTENCE: usize = 4;

/// A word of a query with every form that matches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryWord {
    /// The written form first, then all others. No form is there twice, and none is empty.
    pub forms: Vec<String>,
    /// True for a word of a question that only asks, such as `who` or `when`. A ranking should
    /// leave it out: articles answer, so there it is rare and would weigh much. Phrases need it.
    pub asks: bool,
}

impl QueryWord {
    fn add(&mut self, form: &str) {
        if !form.is_empty() && !self.forms.iter().any(|known| known == form) {
            self.forms.push(form.to_owned());
        }
    }
}

/// Returns the words of the query `text` with the forms that they have in `languages`, and in a
/// text of an unknown language.
///
/// The first language gives the written form. Name all languages that documents may have if the
/// query's own is not known.
///
/// A sentence in Vietnamese matches by its words with their marks alone. Without marks most of
/// its syllables are other words.
pub fn query_words(text: &str, languages: &[&str]) -> Vec<QueryWord> {
    let spans = spans(text);
    let own = own_language(text, languages).filter(|_| is_sentence(text, spans.len()));
    let strict = own.map(|own| Rules::of(Some(own))).filter(|own| own.letters.tell_in(text));
    let lenient: Vec<_> =
        languages.iter().copied().map(Some).chain([None]).map(Rules::of).collect();
    let read = |span: Range<usize>| match &strict {
        Some(rules) => word_as_written(&text[span], rules),
        None => word_in_all(&text[span], &lenient),
    };
    let mut words: Vec<_> = spans.into_iter().map(read).collect();
    words.retain(|word| !word.forms.is_empty());
    mark_words_that_ask(own.unwrap_or_default(), &mut words);
    words
}

fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    segment::words(text, |span| spans.push(span));
    spans
}

fn is_sentence(text: &str, words: usize) -> bool {
    words >= MIN_SENTENCE || text.trim_end().ends_with(['?', '？', '؟', ';'])
}

/// Returns the language of the query `text`, if it is one of `languages`.
fn own_language<'a>(text: &str, languages: &[&'a str]) -> Option<&'a str> {
    if let [language] = languages {
        return Some(language);
    }
    let guess = detect(text)?.language;
    languages.iter().copied().find(|language| base_code(language) == guess)
}

fn word_as_written(word: &str, rules: &Rules) -> QueryWord {
    let (mut found, mut forms) = (QueryWord::default(), Forms::default());
    forms.read(word, rules);
    found.add(forms.written());
    found
}

fn word_in_all(word: &str, languages: &[Rules]) -> QueryWord {
    let (mut found, mut forms) = (QueryWord::default(), Forms::default());
    for rules in languages {
        forms.read(word, rules);
        found.add(forms.written());
        found.add(forms.stem().unwrap_or_default());
    }
    found
}

/// Marks the words that only ask in `language`, unless nothing else would be left.
fn mark_words_that_ask(language: &str, words: &mut [QueryWord]) {
    let asks = |word: &QueryWord| word.forms.iter().any(|form| questions::asks(form, language));
    if !words.iter().all(asks) {
        words.iter_mut().for_each(|word| word.asks = asks(word));
    }
}
