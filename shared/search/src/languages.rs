//! The languages of an archive.

use std::collections::BTreeMap;

use courant_query::Query;
use courant_text::language::{Script, likeliest_of, read};
use tantivy::Searcher;
use tantivy::schema::Field;

/// A query is stemmed in every language that so large a part of the articles has.
const FREQUENT_SHARE: f64 = 0.01;
/// The fewest words with capital letters whose language is guessed, since they may be names.
const MIN_NAMES: usize = 4;

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
    let frequent: Vec<&str> = frequent.iter().map(String::as_str).collect();
    likeliest_of(&read(&telling(&query.loose_words())?.join(" ")), &frequent)
}

/// Returns the words that tell the language, those that tell more four times. Names of firms and people
/// tell little: in other scripts than Latin they stand in Latin letters, in Latin ones with a
/// capital letter.
fn telling<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    let own: Vec<&str> = words.iter().copied().filter(|word| is_in_own_script(word)).collect();
    if !own.is_empty() {
        return Some(own);
    }
    let is_name = |word: &str| word.chars().next().is_some_and(char::is_uppercase);
    let plain: Vec<&str> = words.iter().copied().filter(|word| !is_name(word)).collect();
    let is_enough = !plain.is_empty() || words.len() >= MIN_NAMES;
    is_enough.then(|| [words, &plain, &plain, &plain].concat())
}

/// Returns true if a word has letters of another script than Latin.
pub(crate) fn is_in_own_script(word: &str) -> bool {
    word.chars().filter_map(Script::of).any(|script| script != Script::Latn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_a_script_of_their_own_tell_the_language() {
        let words = ["Τι", "έκανε", "το", "Tesla", "Electric", "Light"];
        assert_eq!(telling(&words), Some(words[..3].to_vec()));
        assert_eq!(telling(&["東京タワー"]), Some(vec!["東京タワー"]));
    }

    #[test]
    fn names_in_latin_letters_tell_less_or_nothing() {
        assert_eq!(telling(&["Friedrich", "Ratzel"]), None);
        let words = ["Unde", "s-a", "născut", "Friedrich", "Ratzel"];
        let plain = &words[1..3];
        assert_eq!(telling(&words), Some([&words[..], plain, plain, plain].concat()));
        let frequent = ["de", "ro"].map(str::to_owned);
        let query = Query::parse(&words.join(" "), jiff::Timestamp::UNIX_EPOCH).expect("a query");
        assert_eq!(own_language(&query, &frequent), Some("ro"));
    }
}
