//! Articles by how well the words of a query fit them.

use std::collections::HashMap;

use courant_query::{Condition, Expr, Query};
use courant_store::RowSet;
use courant_text::analyzer::{QueryWord, query_words};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocAddress, DocSet, Score, Searcher, SegmentReader, TERMINATED, Term};

use crate::columns::{AllNames, ArticleName};
use crate::conditions::{allowed, fulfilling};
use crate::error::Error;
use crate::fusion::Candidate;
use crate::index::Index;
use crate::languages::{frequent_languages, is_in_own_script, own_language, query_languages};
use crate::lower::Lowering;
use crate::matching::Matching;
use crate::schema::Fields;
use crate::scoring::{Scores, SegmentWords, WordWeights};
use crate::statistics::Statistics;
use crate::top::Top;

/// The cost of looking up an article in the lists of all words, in entries of a list that are
/// read.
const LOOK_UP_COST: usize = 100;

/// The factor of the score of an article in another language than the query's. It has some of its
/// words only, mostly names and numbers.
const OTHER_LANGUAGE: Score = 0.65;
/// The same for a query in another script than Latin, whose language is certain. Such an article
/// has its numbers and the names in Latin letters only.
const OTHER_SCRIPT: Score = 0.4;

/// A search by words in a state of the index that does not change.
pub(crate) struct WordSearch {
    searcher: Searcher,
    fields: Fields,
    /// `None` if the query has no words to rank by.
    weights: Option<WordWeights>,
    /// The articles that fulfil all conditions.
    strict: Matching,
    /// The articles that fulfil the conditions other than loose words; `None` if there is no
    /// other condition.
    allowed: Option<Matching>,
    /// The articles in the query's language, if it is known and others are allowed.
    in_language: Option<Matching>,
    /// The factor of the score of the others.
    other_language: Score,
}

/// An article that words found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored {
    pub(crate) name: ArticleName,
    pub(crate) score: f32,
    /// True if it fulfils all conditions, not only some of the loose words.
    pub(crate) is_strict: bool,
}

/// An article of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) name: ArticleName,
    /// True if it fulfils all conditions.
    pub(crate) is_strict: bool,
    address: DocAddress,
}

impl WordSearch {
    /// Prepares a search: weighs the words, and finds the articles that fulfil the conditions.
    pub(crate) fn prepare(index: &Index, query: &Query) -> Result<Self, Error> {
        let (searcher, fields) = (index.searcher(), index.fields);
        let frequent = frequent_languages(&searcher, fields.language)?;
        let languages = query_languages(query, &frequent);
        let lowering = Lowering { fields, languages: &languages };
        let allowed = allowed(index, &searcher, &lowering, &query.without_loose_words())?;
        let loose = query.only_loose_words();
        let strict = match &allowed {
            Some(allowed) if loose.top_level().is_empty() => allowed.clone(),
            Some(allowed) => {
                let mut strict = Matching::of(&searcher, lowering.strict(&loose)?.as_ref())?;
                strict.intersect(allowed);
                strict
            }
            None => Matching::of(&searcher, lowering.strict(query)?.as_ref())?,
        };
        let own = own_language(query, &frequent);
        let words = ranking_words(query, own, &languages);
        let in_language = match own {
            Some(own) => {
                let own = Expr::Is(Condition::Language(own.to_owned()));
                Some(fulfilling(index, &searcher, &lowering, &own)?)
            }
            None => None,
        };
        let statistics = Statistics::of(&searcher, in_language.as_ref())?;
        let weights = if words.is_empty() {
            None
        } else {
            Some(WordWeights::of(&statistics, &fields, &words)?)
        };
        let is_certain = query.loose_words().iter().any(|word| is_in_own_script(word));
        let other_language = if is_certain { OTHER_SCRIPT } else { OTHER_LANGUAGE };
        let in_language = in_language.filter(|_| query.language().is_none());
        Ok(Self { searcher, fields, weights, strict, allowed, in_language, other_language })
    }

    /// Returns the number of articles that fulfil all conditions.
    pub(crate) fn total(&self) -> u64 {
        self.strict.total()
    }

    /// Returns the numbers of the articles that fulfil the conditions other than loose words;
    /// `None` if there is no other condition.
    pub(crate) fn allowed(&self) -> Result<Option<RowSet>, Error> {
        let numbers = self.allowed.as_ref().map(|allowed| allowed.numbers(&self.searcher));
        Ok(numbers.transpose()?)
    }

    /// Returns a score by words that no article exceeds.
    pub(crate) fn best_possible(&self) -> f32 {
        self.weights.as_ref().map_or(0.0, |weights| weights.best_possible)
    }

    /// Returns the best articles, at most `limit`, best first.
    pub(crate) fn best(&self, limit: usize) -> Result<Vec<Scored>, Error> {
        let Some(weights) = self.weights.as_ref().filter(|_| limit > 0) else {
            return Ok(Vec::new());
        };
        let mut top = Top::new(limit);
        for (ordinal, segment) in (0..).zip(self.searcher.segment_readers()) {
            top.enter(ordinal);
            self.offer(&mut top, weights.in_segment(segment)?, ordinal, segment);
        }
        let names = AllNames::of(&self.searcher)?;
        let scored = |(score, address)| Scored {
            name: names.name(address),
            score,
            is_strict: self.strict.contains(address),
        };
        let mut best: Vec<Scored> = top.into_sorted().into_iter().map(scored).collect();
        best.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.name.id.cmp(&b.name.id)));
        Ok(best)
    }

    /// Offers the articles of a segment that are there and fulfil the conditions other than words.
    fn offer(&self, top: &mut Top, mut words: SegmentWords, ordinal: u32, segment: &SegmentReader) {
        let alive = segment.alive_bitset();
        let is_there = |article| alive.is_none_or(|alive| alive.is_alive(article));
        let allowed = self.allowed.as_ref().map(|allowed| allowed.of_segment(ordinal));
        if let Some(few) = allowed.filter(|all| all.len() * LOOK_UP_COST < words.entries()) {
            for article in few.iter().filter(|article| is_there(*article)) {
                let score = words.score(article);
                top.offer(score * self.factor(DocAddress::new(ordinal, article)), article);
            }
            return;
        }
        let mut scores = Scores::new(segment.max_doc());
        words.add_to(&mut scores);
        for (article, score) in scores.all() {
            if score > top.least()
                && allowed.is_none_or(|allowed| allowed.contains(article))
                && is_there(article)
            {
                top.offer(score * self.factor(DocAddress::new(ordinal, article)), article);
            }
        }
    }

    /// The factor of an article's score for its language.
    fn factor(&self, article: DocAddress) -> Score {
        match &self.in_language {
            Some(own) if !own.contains(article) => self.other_language,
            _ => 1.0,
        }
    }

    /// Returns those of the articles with these numbers that the index knows.
    pub(crate) fn known(&self, numbers: &[u32]) -> tantivy::Result<HashMap<u32, Known>> {
        let names = AllNames::of(&self.searcher)?;
        let mut known = HashMap::with_capacity(numbers.len());
        for (ordinal, segment) in (0..).zip(self.searcher.segment_readers()) {
            let index = segment.inverted_index(self.fields.number)?;
            let alive = segment.alive_bitset();
            for number in numbers {
                let term = Term::from_field_u64(self.fields.number, u64::from(*number));
                let Some(mut places) = index.read_postings(&term, IndexRecordOption::Basic)? else {
                    continue;
                };
                // A replaced state of the article may still be there.
                while places.doc() != TERMINATED {
                    if alive.is_none_or(|alive| alive.is_alive(places.doc())) {
                        let address = DocAddress::new(ordinal, places.doc());
                        let (name, is_strict) =
                            (names.name(address), self.strict.contains(address));
                        known.insert(*number, Known { name, is_strict, address });
                    }
                    places.advance();
                }
            }
        }
        Ok(known)
    }

    /// Scores articles by the words. Those without any of the words are left out.
    pub(crate) fn score(&self, articles: &[Known]) -> Result<Vec<Scored>, Error> {
        let Some(weights) = &self.weights else { return Ok(Vec::new()) };
        let mut articles = articles.to_vec();
        articles.sort_by_key(|known| known.address);
        let mut scored: Vec<Scored> = Vec::with_capacity(articles.len());
        for of_segment in articles.chunk_by(|a, b| a.address.segment_ord == b.address.segment_ord) {
            let Some(first) = of_segment.first() else { continue };
            let segment = self.searcher.segment_reader(first.address.segment_ord);
            let mut words = weights.in_segment(segment)?;
            for known in of_segment {
                let score = words.score(known.address.doc_id) * self.factor(known.address);
                if score > 0.0 {
                    scored.push(Scored { name: known.name, score, is_strict: known.is_strict });
                }
            }
        }
        Ok(scored)
    }
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

/// Returns the articles that words found as a list.
pub(crate) fn candidates(best: &[Scored]) -> Vec<Candidate> {
    best.iter().zip(1..).map(|(scored, rank)| candidate(scored, Some(rank))).collect()
}

/// Returns an article that words found, at a place of their list.
pub(crate) fn candidate(scored: &Scored, rank: Option<u32>) -> Candidate {
    Candidate { name: scored.name, score: scored.score, rank }
}

/// Returns the articles that the search by vectors found as a list.
pub(crate) fn by_vector(near: &[(Known, f32)]) -> Vec<Candidate> {
    let candidate = |((known, cosine), rank): (&(Known, f32), u32)| Candidate {
        name: known.name,
        score: *cosine,
        rank: Some(rank),
    };
    near.iter().zip(1..).map(candidate).collect()
}
