//! The forms by which the words of a query match the words of documents.

use super::forms::Forms;
use super::language::Rules;
use super::segment;

/// A word of a query with every form that matches it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueryWord {
    /// The written form first, then all others. No form is there twice, and none is empty.
    pub forms: Vec<String>,
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
pub fn query_words(text: &str, languages: &[&str]) -> Vec<QueryWord> {
    let rules: Vec<_> =
        languages.iter().map(|code| Rules::of(Some(code))).chain([Rules::of(None)]).collect();
    let mut words = Vec::new();
    segment::words(text, |span| {
        let word = query_word(&text[span], &rules);
        words.extend((!word.forms.is_empty()).then_some(word));
    });
    words
}

fn query_word(word: &str, rules: &[Rules]) -> QueryWord {
    let (mut found, mut forms) = (QueryWord::default(), Forms::default());
    for rules in rules {
        forms.read(word, rules);
        found.add(forms.written());
        found.add(forms.stem().unwrap_or_default());
    }
    found
}
