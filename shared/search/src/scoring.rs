//! Scores of articles by the words of a query.
//!
//! A word counts by BM25, once in title and text together, and once more in the title. It counts by
//! the best of its forms: if written form and stem both counted, a word with an ending would count
//! twice beside one without.
//!
//! All articles of a segment are scored word by word, a block of a word's list at a time: that is
//! faster than to walk along all lists at once. If few articles are wanted, each is looked up in
//! the lists.

use courant_text::analyzer::QueryWord;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::query::Bm25Weight;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, Score, SegmentReader, Term};

use crate::schema::Fields;
use crate::statistics::{FieldStatistics, Statistics, bound_of};

/// The weight of a word in the title, beside its weight in title and text.
const TITLE_WEIGHT: Score = 0.75;

/// The words of a query with their weights.
pub(crate) struct WordWeights {
    words: Vec<WeightedWord>,
    /// A score in title and text together that no article exceeds.
    pub(crate) best_possible: Score,
}

struct WeightedWord {
    /// The forms that stand in title or text. Every form of a title stands here, too.
    text: Vec<WeightedTerm>,
    title: Vec<WeightedTerm>,
}

struct WeightedTerm {
    term: Term,
    weight: Bm25Weight,
}

impl WordWeights {
    /// Weighs the words of a query by how rare they are.
    pub(crate) fn of(
        statistics: &Statistics<'_>,
        fields: &Fields,
        words: &[QueryWord],
    ) -> tantivy::Result<Self> {
        let (text, title) = (statistics.of_field(fields.text)?, statistics.of_field(fields.title)?);
        let (mut weighted, mut best_possible) = (Vec::with_capacity(words.len()), 0.0);
        for word in words {
            let text = weighted_terms(&text, word, 1.0)?;
            let best = text.iter().map(|term| bound_of(&term.weight)).reduce(Score::max);
            best_possible += best.unwrap_or_else(|| statistics.rarest());
            if !text.is_empty() {
                weighted.push(WeightedWord {
                    text,
                    title: weighted_terms(&title, word, TITLE_WEIGHT)?,
                });
            }
        }
        Ok(Self { words: weighted, best_possible })
    }

    /// Opens the words' lists of a segment.
    pub(crate) fn in_segment(&self, segment: &SegmentReader) -> tantivy::Result<SegmentWords> {
        let words = self.words.iter().map(|word| {
            Ok(SegmentWord {
                text: lists(segment, &word.text)?,
                title: lists(segment, &word.title)?,
            })
        });
        Ok(SegmentWords(words.collect::<tantivy::Result<_>>()?))
    }
}

/// The forms of a word that stand in a field of any article.
fn weighted_terms(
    field: &FieldStatistics<'_>,
    word: &QueryWord,
    boost: Score,
) -> tantivy::Result<Vec<WeightedTerm>> {
    let mut terms = Vec::with_capacity(word.forms.len());
    for form in &word.forms {
        let term = Term::from_field_text(field.field, form);
        if let Some(weight) = field.weight(&term)? {
            terms.push(WeightedTerm { term, weight: weight.boost_by(boost) });
        }
    }
    Ok(terms)
}

fn lists(segment: &SegmentReader, terms: &[WeightedTerm]) -> tantivy::Result<Vec<TermList>> {
    let mut lists = Vec::with_capacity(terms.len());
    for WeightedTerm { term, weight } in terms {
        let index = segment.inverted_index(term.field())?;
        if let Some(postings) = index.read_block_postings(term, IndexRecordOption::WithFreqs)? {
            let lengths = segment.get_fieldnorms_reader(term.field())?;
            lists.push(TermList { postings, lengths, weight: weight.clone() });
        }
    }
    Ok(lists)
}

/// The articles of a segment that have a term.
struct TermList {
    postings: BlockSegmentPostings,
    lengths: FieldNormReader,
    weight: Bm25Weight,
}

impl TermList {
    /// The score of an article; 0 if it does not have the term. Articles are asked for in
    /// ascending order.
    fn score(&mut self, article: DocId) -> Score {
        let place = self.postings.seek(article);
        if self.postings.doc(place) != article {
            return 0.0;
        }
        self.weight.score(self.lengths.fieldnorm_id(article), self.postings.freq(place))
    }

    /// Gives every article that has the term to `each`, with its score.
    fn each(&mut self, mut each: impl FnMut(DocId, Score)) {
        loop {
            let (articles, times) = (self.postings.docs(), self.postings.freqs());
            if articles.is_empty() {
                return;
            }
            for (article, times) in articles.iter().zip(times) {
                let length = self.lengths.fieldnorm_id(*article);
                each(*article, self.weight.score(length, *times));
            }
            self.postings.advance();
        }
    }
}

/// A word in a segment.
struct SegmentWord {
    text: Vec<TermList>,
    title: Vec<TermList>,
}

/// The words of a query in a segment.
pub(crate) struct SegmentWords(Vec<SegmentWord>);

impl SegmentWords {
    /// Returns the number of entries in the lists of all words.
    pub(crate) fn entries(&self) -> usize {
        let lists = self.0.iter().flat_map(|word| word.text.iter().chain(&word.title));
        lists.map(|list| list.postings.doc_freq() as usize).sum()
    }

    /// Adds the scores of all articles of the segment.
    pub(crate) fn add_to(&mut self, scores: &mut Scores) {
        for word in &mut self.0 {
            scores.add_best(&mut word.text);
            scores.add_best(&mut word.title);
        }
    }

    /// Returns the score of an article. Articles are asked for in ascending order.
    pub(crate) fn score(&mut self, article: DocId) -> Score {
        let best = |lists: &mut [TermList]| {
            lists.iter_mut().map(|list| list.score(article)).fold(0.0, Score::max)
        };
        self.0.iter_mut().map(|word| best(&mut word.text) + best(&mut word.title)).sum()
    }
}

/// The scores of all articles of a segment.
pub(crate) struct Scores {
    sums: Vec<Score>,
    /// The scores by the forms of one word, and the articles that have one.
    best: Vec<Score>,
    found: Vec<DocId>,
}

impl Scores {
    /// No article of a segment of this size has a score.
    pub(crate) fn new(articles: DocId) -> Self {
        let none = vec![0.0; articles as usize];
        Self { sums: none.clone(), best: none, found: Vec::new() }
    }

    /// Adds the best of the scores by some forms.
    fn add_best(&mut self, forms: &mut [TermList]) {
        if let [form] = forms {
            form.each(|article, score| self.sums[article as usize] += score);
            return;
        }
        for form in forms {
            form.each(|article, score| {
                let best = &mut self.best[article as usize];
                if *best == 0.0 {
                    self.found.push(article);
                }
                *best = best.max(score);
            });
        }
        for article in self.found.drain(..) {
            self.sums[article as usize] += std::mem::take(&mut self.best[article as usize]);
        }
    }

    /// Returns every article with its score.
    pub(crate) fn all(&self) -> impl Iterator<Item = (DocId, Score)> + '_ {
        (0..).zip(self.sums.iter().copied())
    }
}
