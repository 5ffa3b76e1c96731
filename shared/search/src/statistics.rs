//! The statistics by which the words of a query weigh.

use courant_vectors::RowSet;
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, SegmentReader, Term};

use crate::matching::Matching;

/// The numbers of articles that have a word, and of all articles.
///
/// Both are counted in the query's own language if less than half of the archive has it. In the
/// whole archive its articles and pronouns would be rare, and would weigh as much as names.
pub(crate) struct Statistics<'a> {
    searcher: &'a Searcher,
    /// The articles among which those with a word are counted; `None` for all.
    among: Option<&'a Matching>,
    documents: u64,
}

impl<'a> Statistics<'a> {
    /// Reads the statistics for a query in the language of these articles; `None` if its language
    /// is not known.
    pub(crate) fn of(
        searcher: &'a Searcher,
        in_language: Option<&'a Matching>,
    ) -> tantivy::Result<Self> {
        let all = searcher.total_num_docs()?;
        let among = in_language.filter(|articles| (1..all / 2).contains(&articles.total()));
        let documents = among.map_or(all, Matching::total);
        Ok(Self { searcher, among, documents })
    }

    /// Returns the statistics of a field.
    pub(crate) fn of_field(&'a self, field: Field) -> tantivy::Result<FieldStatistics<'a>> {
        let mut words = self.searcher.total_num_tokens(field)? as f64;
        if self.among.is_some() {
            // Texts in all languages are taken to be equally long.
            words *= self.documents as f64 / self.searcher.total_num_docs()?.max(1) as f64;
        }
        let average_length = (words / self.documents.max(1) as f64) as f32;
        Ok(FieldStatistics { all: self, field, average_length })
    }

    /// Returns a bound of the score by a word that no article has.
    pub(crate) fn rarest(&self) -> f32 {
        bound_of(&Bm25Weight::for_one_term_without_explain(0, self.documents, 1.0))
    }

    fn articles_with(&self, term: &Term) -> tantivy::Result<u64> {
        let Some(among) = self.among else { return self.searcher.doc_freq(term) };
        let mut articles = 0;
        for (ordinal, segment) in (0..).zip(self.searcher.segment_readers()) {
            articles += articles_among(segment, term, among.of_segment(ordinal))?;
        }
        Ok(articles)
    }
}

/// Counts the articles of a segment that have a term and are in a set.
fn articles_among(segment: &SegmentReader, term: &Term, among: &RowSet) -> tantivy::Result<u64> {
    let index = segment.inverted_index(term.field())?;
    let Some(mut list) = index.read_block_postings(term, IndexRecordOption::Basic)? else {
        return Ok(0);
    };
    let mut articles = 0;
    while !list.docs().is_empty() {
        articles += list.docs().iter().filter(|article| among.contains(**article)).count();
        list.advance();
    }
    Ok(articles as u64)
}

/// Returns a score that a term of this weight does not exceed: that of a text of this term alone.
pub(crate) fn bound_of(weight: &Bm25Weight) -> f32 {
    weight.score(0, u32::MAX)
}

/// The statistics of a field.
pub(crate) struct FieldStatistics<'a> {
    all: &'a Statistics<'a>,
    pub(crate) field: Field,
    /// Words.
    average_length: f32,
}

impl FieldStatistics<'_> {
    /// Returns the weight of a term of the field; `None` if no article has it.
    pub(crate) fn weight(&self, term: &Term) -> tantivy::Result<Option<Bm25Weight>> {
        let (articles, documents) = (self.all.articles_with(term)?, self.all.documents);
        let weight = |articles| {
            Bm25Weight::for_one_term_without_explain(articles, documents, self.average_length)
        };
        Ok((articles > 0).then(|| weight(articles.min(documents))))
    }
}
