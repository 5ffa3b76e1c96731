//! Words, names and properties that begin as somebody types.

use std::collections::HashMap;
use std::sync::Arc;

use courant_article::IPTC_TOPICS;
use courant_text::analyzer::query_words;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

use crate::blocking::blocking;
use crate::error::Error;
use crate::index::Index;
use crate::search::Search;

/// The most entries of one dictionary that are read for a beginning.
const MAX_READ: usize = 5_000;

/// The kind of a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuggestionKind {
    /// A name of a person.
    Person,
    /// A name of an organization.
    Organization,
    /// A name of a place.
    Place,
    /// A registered domain.
    Site,
    /// A topic.
    Topic,
    /// A language.
    Language,
    /// A word of titles.
    Word,
}

impl SuggestionKind {
    /// Returns the name in answers, which is the field's name in the query language but for words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "org",
            Self::Place => "place",
            Self::Site => "site",
            Self::Topic => "topic",
            Self::Language => "lang",
            Self::Word => "word",
        }
    }
}

/// Something that begins as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Its kind.
    pub kind: SuggestionKind,
    /// The name, domain, code or word.
    pub value: String,
    /// The articles that have it.
    pub articles: u64,
}

impl Search {
    /// Returns at most `limit` names, sites, topics, languages and words that begin with `typed`,
    /// those of the most articles first.
    ///
    /// # Errors
    /// A failure of the index.
    pub async fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>, Error> {
        let (index, typed) = (Arc::clone(&self.index), typed.trim().to_owned());
        blocking(move || {
            let mut found = suggestions(&index, &typed)?;
            found.sort_by(|a, b| {
                let kinds = || (a.kind, &a.value).cmp(&(b.kind, &b.value));
                b.articles.cmp(&a.articles).then_with(kinds)
            });
            found.truncate(limit);
            Ok(found)
        })
        .await
    }
}

fn suggestions(index: &Index, typed: &str) -> Result<Vec<Suggestion>, Error> {
    if typed.is_empty() {
        return Ok(Vec::new());
    }
    let (searcher, fields, lower) = (index.searcher(), &index.fields, typed.to_lowercase());
    let mut found = named(&searcher, fields.name, typed)?;
    for (kind, field) in
        [(SuggestionKind::Site, fields.site), (SuggestionKind::Language, fields.language)]
    {
        found.extend(of_kind(kind, beginning(&searcher, field, &lower)?));
    }
    for topic in IPTC_TOPICS.iter().filter(|topic| topic.label.to_lowercase().contains(&lower)) {
        let articles = searcher.doc_freq(&Term::from_field_text(fields.topic, topic.code))?;
        let (kind, value) = (SuggestionKind::Topic, topic.code.to_owned());
        found.extend((articles > 0).then_some(Suggestion { kind, value, articles }));
    }
    if let [word] = query_words(typed, &[]).as_slice()
        && let Some(written) = word.forms.first()
    {
        let words = beginning(&searcher, fields.title, written)?;
        found.extend(of_kind(SuggestionKind::Word, words));
    }
    Ok(found)
}

/// Names that begin as typed, in any of the usual cases. A name is stored as `person:Ada Lovelace`.
fn named(searcher: &Searcher, name: Field, typed: &str) -> tantivy::Result<Vec<Suggestion>> {
    let mut cases = vec![typed.to_owned(), typed.to_uppercase(), capitalized(typed)];
    cases.sort();
    cases.dedup();
    let kinds = [SuggestionKind::Person, SuggestionKind::Organization, SuggestionKind::Place];
    let mut found: HashMap<(SuggestionKind, String), u64> = HashMap::new();
    for kind in kinds {
        let prefix = format!("{}:", kind.as_str());
        for case in &cases {
            for (value, articles) in beginning(searcher, name, &format!("{prefix}{case}"))? {
                let value = value.trim_start_matches(&prefix).to_owned();
                found.insert((kind, value), articles);
            }
        }
    }
    let suggestion = |((kind, value), articles)| Suggestion { kind, value, articles };
    Ok(found.into_iter().map(suggestion).collect())
}

/// `typed` with a capital at the start of each word.
fn capitalized(typed: &str) -> String {
    let mut starts_word = true;
    let mut capitalized = String::with_capacity(typed.len());
    for c in typed.chars() {
        if starts_word {
            capitalized.extend(c.to_uppercase());
        } else {
            capitalized.push(c);
        }
        starts_word = !c.is_alphanumeric();
    }
    capitalized
}

fn of_kind(kind: SuggestionKind, values: HashMap<String, u64>) -> impl Iterator<Item = Suggestion> {
    values.into_iter().map(move |(value, articles)| Suggestion { kind, value, articles })
}

/// The entries of a dictionary that begin with `start`, with the numbers of their articles.
fn beginning(
    searcher: &Searcher,
    field: Field,
    start: &str,
) -> tantivy::Result<HashMap<String, u64>> {
    let mut values: HashMap<String, u64> = HashMap::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(field)?;
        let mut entries = index.terms().range().ge(start).into_stream()?;
        let mut read = 0;
        while let Some((value, info)) = entries.next() {
            if read == MAX_READ || !value.starts_with(start.as_bytes()) {
                break;
            }
            read += 1;
            let value = String::from_utf8_lossy(value).into_owned();
            *values.entry(value).or_default() += u64::from(info.doc_freq);
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_gets_a_capital() {
        assert_eq!(capitalized("ada l"), "Ada L");
        assert_eq!(capitalized("jean-luc ßx"), "Jean-Luc SSx");
    }
}
