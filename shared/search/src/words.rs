//! The words that set the articles of a query apart from the archive.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use courant_article::ArticleId;
use courant_query::Query;
use courant_store::ArticleExcerpt;
use courant_text::analyzer::analyze;
use tantivy::collector::DocSetCollector;
use tantivy::{DocAddress, Term};

use crate::blocking::blocking;
use crate::columns::AllNames;
use crate::error::Error;
use crate::index::Index;
use crate::lists;
use crate::search::Search;

/// The most articles that are read. Of more, as many are taken at equal distances.
const SAMPLE: usize = 300;
/// The fewest articles of the sample that a word must stand in.
const MIN_ARTICLES: u64 = 2;
/// A word must be so many times as frequent as in the archive.
const MIN_LIFT: f64 = 1.5;
/// The fewest letters of a word in a script with spaces.
const MIN_LETTERS: usize = 3;

/// Words that set articles apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OutstandingWords {
    /// The articles that fulfil all conditions.
    pub total: u64,
    /// The articles of these that were read.
    pub sample: u64,
    /// The words, the most outstanding first.
    pub words: Vec<OutstandingWord>,
}

/// A word that sets articles apart.
#[derive(Clone, Debug, PartialEq)]
pub struct OutstandingWord {
    /// The word as most of the articles write it.
    pub word: String,
    /// The articles of the sample that have it.
    pub articles: u64,
    /// All articles that have it.
    pub of_archive: u64,
    /// The share of the sample that has it, divided by the share of the archive.
    pub lift: f64,
}

/// A word of the sample.
#[derive(Default)]
struct Seen {
    articles: u64,
    spellings: HashMap<String, u64>,
}

impl Search {
    /// Returns at most `limit` words that are more frequent in the articles of a query than in the
    /// archive. The query's own words are left out. Of many articles a sample is read.
    ///
    /// # Errors
    /// [`Error::Unsupported`], or a failure of store or index.
    pub async fn outstanding_words(
        &self,
        query: &Query,
        limit: usize,
    ) -> Result<OutstandingWords, Error> {
        let (index, wanted) = (Arc::clone(&self.index), query.clone());
        let (total, ids) = blocking(move || sample(&index, &wanted)).await?;
        let articles = self.store.articles().excerpts(&ids).await?;
        let (index, query) = (Arc::clone(&self.index), query.clone());
        blocking(move || {
            let words = weighed(&index, &query, &articles, limit)?;
            Ok(OutstandingWords { total, sample: articles.len() as u64, words })
        })
        .await
    }
}

/// Counts the articles of a query, and chooses those that are read.
fn sample(index: &Index, query: &Query) -> Result<(u64, Vec<ArticleId>), Error> {
    let searcher = index.searcher();
    let strict = lists::strict(index, &searcher, query)?;
    let mut found: Vec<DocAddress> =
        searcher.search(strict.as_ref(), &DocSetCollector)?.into_iter().collect();
    found.sort_unstable();
    let names = AllNames::of(&searcher)?;
    let step = found.len().div_ceil(SAMPLE).max(1);
    let ids = found.iter().step_by(step).map(|document| names.name(*document).id);
    Ok((found.len() as u64, ids.collect()))
}

fn weighed(
    index: &Index,
    query: &Query,
    articles: &[ArticleExcerpt],
    limit: usize,
) -> Result<Vec<OutstandingWord>, Error> {
    let own: HashSet<String> =
        lists::words(index, query)?.into_iter().flat_map(|word| word.forms).collect();
    let searcher = index.searcher();
    let archive = searcher.num_docs().max(1) as f64;
    let mut words = Vec::new();
    for (form, seen) in seen(articles, &own) {
        if seen.articles < MIN_ARTICLES {
            continue;
        }
        let of_archive = searcher.doc_freq(&Term::from_field_text(index.fields.text, &form))?;
        let here = seen.articles as f64 / articles.len() as f64;
        let lift = here / (of_archive.max(seen.articles) as f64 / archive);
        if lift >= MIN_LIFT {
            let (word, articles) = (spelling(seen.spellings), seen.articles);
            words.push((here * lift.ln(), OutstandingWord { word, articles, of_archive, lift }));
        }
    }
    words.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.word.cmp(&other.word)));
    Ok(words.into_iter().map(|(_, word)| word).take(limit).collect())
}

/// The words of the articles with the number of articles that have each, without `own`.
fn seen(articles: &[ArticleExcerpt], own: &HashSet<String>) -> HashMap<String, Seen> {
    let mut words: HashMap<String, Seen> = HashMap::new();
    for article in articles {
        let mut here: HashSet<String> = HashSet::new();
        for text in [&article.title, &article.text] {
            analyze(text, article.language.as_deref(), |word| {
                let forms = [Some(&word.written), word.stem.as_ref()];
                let is_own = forms.into_iter().flatten().any(|form| own.contains(form.as_ref()));
                if is_own || !says_something(&word.written) {
                    return;
                }
                let form = word.written.into_owned();
                let seen = words.entry(form.clone()).or_default();
                if here.insert(form) {
                    seen.articles += 1;
                    *seen.spellings.entry(text[word.span].to_owned()).or_default() += 1;
                }
            });
        }
    }
    words
}

/// Numbers and the shortest words set nothing apart.
fn says_something(word: &str) -> bool {
    let is_spaced = word.is_ascii() || word.chars().all(|c| u32::from(c) < 0x0e00);
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    letters >= if is_spaced { MIN_LETTERS } else { 1 }
}

fn spelling(spellings: HashMap<String, u64>) -> String {
    let most = spellings.into_iter().max_by_key(|(word, count)| (*count, Reverse(word.clone())));
    most.map(|(word, _)| word).unwrap_or_default()
}
