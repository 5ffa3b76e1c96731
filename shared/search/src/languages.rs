//! The languages of an archive.

use std::collections::BTreeMap;

use courant_query::Query;
use courant_text::language::detect;
use tantivy::Searcher;
use tantivy::schema::Field;

/// A query is stemmed in every language that so large a part of the articles has.
const FREQUENT_SHARE: f64 = 0.01;
/// The fewest words of a query whose language is guessed.
const MIN_GUESSED: usize = 4;

/// Returns the languages that at least one article in a hundred has, in the order of their codes.
pub(crate) fn frequent_languages(
    searcher: &Searcher,
    language: Field,
) -> tantivy::Result<Vec<String>> {
    let mut articles: BTreeMap<String, u64> = BTreeMap::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(language)?;
        let mut terms = index.terms().stream()?;
        while let Some((code, info)) = terms.next() {
            let code = String::from_utf8_lossy(code).into_owned();
            *articles.entry(code).or_default() += u64::from(info.doc_freq);
        }
    }
    let least = (searcher.num_docs() as f64 * FREQUENT_SHARE).ceil() as u64;
    let frequent = articles.into_iter().filter(|(_, articles)| *articles >= least.max(1));
    Ok(frequent.map(|(code, _)| code).collect())
}

/// The languages whose stems a query is compared by.
pub(crate) fn query_languages<'a>(query: &'a Query, frequent: &'a [String]) -> Vec<&'a str> {
    match query.language() {
        Some(language) => vec![language],
        None => frequent.iter().map(String::as_str).collect(),
    }
}

/// Returns the language that a query asks for, or else is written in.
pub(crate) fn own_language<'a>(query: &'a Query, frequent: &'a [String]) -> Option<&'a str> {
    if let Some(language) = query.language() {
        return Some(language);
    }
    let words = query.loose_words();
    if words.len() < MIN_GUESSED {
        return None;
    }
    let guess = detect(&words.join(" "))?.language;
    frequent.iter().map(String::as_str).find(|language| *language == guess)
}
