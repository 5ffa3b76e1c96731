//! The statistics by which the words of a query weigh.

use tantivy::collector::Count;
use tantivy::query::{Bm25StatisticsProvider, Bm25Weight, BooleanQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::schema::Fields;

/// The numbers of articles that have a word, and of all articles.
///
/// Both are counted in the query's own language if less than half of the archive has it. In the
/// whole archive its articles and pronouns would be rare, and would weigh as much as names.
pub(crate) struct Statistics<'a> {
    searcher: &'a Searcher,
    /// The language in which articles are counted; `None` for all languages.
    language: Option<Term>,
    documents: u64,
}

impl<'a> Statistics<'a> {
    /// Reads the statistics for a query in `language`; `None` if that is not known.
    pub(crate) fn of(
        searcher: &'a Searcher,
        fields: &Fields,
        language: Option<&str>,
    ) -> tantivy::Result<Self> {
        let all = searcher.total_num_docs()?;
        if let Some(language) = language {
            let language = Term::from_field_text(fields.language, language);
            let documents = searcher.doc_freq(&language)?;
            if documents > 0 && documents < all / 2 {
                return Ok(Self { searcher, language: Some(language), documents });
            }
        }
        Ok(Self { searcher, language: None, documents: all })
    }

    /// Returns the statistics of a field.
    pub(crate) fn of_field(&'a self, field: Field) -> tantivy::Result<FieldStatistics<'a>> {
        let mut words = self.searcher.total_num_tokens(field)? as f64;
        if self.language.is_some() {
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
        let Some(language) = &self.language else { return self.searcher.doc_freq(term) };
        let both = [language, term]
            .map(|term| Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic)) as Box<_>);
        Ok(self.searcher.search(&BooleanQuery::intersection(both.into()), &Count)? as u64)
    }
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
