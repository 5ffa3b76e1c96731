//! Articles by how well they answer a question.

use courant_query::{Expr, Query};
use courant_store::RowSet;
use courant_text::analyzer::{QueryWord, query_words};
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Query as IndexQuery, TermSetQuery};
use tantivy::{DocAddress, Score, Term};

use crate::columns::{AllNames, ArticleName};
use crate::error::Error;
use crate::fusion::Candidate;
use crate::index::Index;
use crate::languages::{frequent_languages, own_language, query_languages};
use crate::lower::Lowering;
use crate::matching::Matching;
use crate::statistics::Statistics;

/// The articles that a search by words finds.
pub(crate) struct WordMatches {
    /// The articles that fulfil all conditions.
    pub(crate) total: u64,
    /// The best by words with their scores, best first.
    pub(crate) best: Vec<Scored>,
    /// A score by words that no article exceeds.
    pub(crate) best_possible: f32,
    /// The numbers of the articles that fulfil the conditions other than loose words; `None` if
    /// there is no other condition.
    pub(crate) allowed: Option<RowSet>,
}

/// An article that words found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) name: ArticleName,
    pub(crate) score: f32,
    /// True if it fulfils all conditions, not only some of the loose words.
    pub(crate) is_strict: bool,
}

/// Finds at most `limit` articles by words, and counts those that fulfil all conditions.
pub(crate) fn by_words(index: &Index, query: &Query, limit: usize) -> Result<WordMatches, Error> {
    let searcher = index.searcher();
    let frequent = frequent_languages(&searcher, index.fields.language)?;
    let languages = query_languages(query, &frequent);
    let lowering = Lowering { fields: index.fields, languages: &languages };
    let strict = Matching::of(&searcher, lowering.strict(query)?.as_ref())?;
    let own = own_language(query, &frequent);
    let words = ranking_words(query, own, &languages);
    let statistics = Statistics::of(&searcher, &index.fields, own)?;
    let (mut best, mut best_possible) = (Vec::new(), 0.0);
    if !words.is_empty() && limit > 0 {
        let ranking = lowering.ranking(query, &words)?;
        best = top(&statistics, ranking.as_ref(), limit, &strict)?;
        best_possible = statistics.best_possible(index.fields.text, &words)?;
    }
    let rest = query.without_loose_words();
    let allowed = if is_everything(&rest) {
        None
    } else {
        let matching = Matching::of(&searcher, lowering.strict(&rest)?.as_ref())?;
        Some(matching.numbers(&searcher)?)
    };
    Ok(WordMatches { total: strict.total(), best, best_possible, allowed })
}

/// Scores these articles by the words of a query. Those without any of the words are left out.
pub(crate) fn score_by_words(
    index: &Index,
    query: &Query,
    names: &[ArticleName],
) -> Result<Vec<Scored>, Error> {
    let searcher = index.searcher();
    let frequent = frequent_languages(&searcher, index.fields.language)?;
    let languages = query_languages(query, &frequent);
    let lowering = Lowering { fields: index.fields, languages: &languages };
    let own = own_language(query, &frequent);
    let words = ranking_words(query, own, &languages);
    if names.is_empty() || words.is_empty() {
        return Ok(Vec::new());
    }
    let these = |query| BooleanQuery::intersection(vec![these(index, names), query]);
    let strict = Matching::of(&searcher, &these(lowering.strict(query)?))?;
    let statistics = Statistics::of(&searcher, &index.fields, own)?;
    top(&statistics, &these(lowering.ranking(query, &words)?), names.len(), &strict)
}

/// Returns the loose words of a query, without those that only ask. The stems of other languages
/// than the query's own would find other words.
fn ranking_words(query: &Query, own: Option<&str>, languages: &[&str]) -> Vec<QueryWord> {
    let own = own.map(|own| vec![own]);
    let languages = own.as_deref().unwrap_or(languages);
    let mut words = query_words(&query.loose_words().join(" "), languages);
    words.retain(|word| !word.asks);
    words
}

fn these(index: &Index, names: &[ArticleName]) -> Box<dyn IndexQuery> {
    let ids = names.iter().map(|name| Term::from_field_bytes(index.fields.id, name.id.as_bytes()));
    Box::new(ConstScoreQuery::new(Box::new(TermSetQuery::new(ids)), 0.0))
}

fn is_everything(query: &Query) -> bool {
    *query.expr() == Expr::All(Vec::new())
}

fn top(
    statistics: &Statistics<'_>,
    query: &dyn IndexQuery,
    limit: usize,
    strict: &Matching,
) -> Result<Vec<Scored>, Error> {
    let (searcher, best) = (statistics.searcher(), TopDocs::with_limit(limit).order_by_score());
    let found = searcher.search_with_statistics_provider(query, &best, statistics)?;
    let names = AllNames::of(searcher)?;
    let scored = |(score, document): (Score, DocAddress)| Scored {
        name: names.name(document),
        score,
        is_strict: strict.contains(document),
    };
    let mut best: Vec<Scored> = found.into_iter().map(scored).collect();
    best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.name.id.cmp(&b.name.id)));
    Ok(best)
}

/// Returns the articles that words found as a list.
pub(crate) fn candidates(best: &[Scored]) -> Vec<Candidate> {
    best.iter().zip(1..).map(|(scored, rank)| candidate(scored, rank)).collect()
}

/// Returns an article that words found, at a place of their list.
pub(crate) fn candidate(scored: &Scored, rank: u32) -> Candidate {
    Candidate { name: scored.name, score: scored.score, rank: Some(rank) }
}
