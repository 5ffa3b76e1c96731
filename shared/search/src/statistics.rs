//! The statistics by which the words of a query weigh.

use courant_text::analyzer::QueryWord;
use tantivy::collector::Count;
use tantivy::query::{Bm25StatisticsProvider, BooleanQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::schema::Fields;

/// The constant of tantivy's BM25 that bounds the gain of repetitions.
const K1: f32 = 1.2;

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

    pub(crate) fn searcher(&self) -> &Searcher {
        self.searcher
    }

    /// Returns a score that no article exceeds. A word that no article has counts as the rarest.
    pub(crate) fn best_possible(&self, text: Field, words: &[QueryWord]) -> tantivy::Result<f32> {
        let mut sum = 0.0;
        for word in words {
            let mut best: Option<f32> = None;
            for form in &word.forms {
                let articles = self.doc_freq(&Term::from_field_text(text, form))?;
                if articles > 0 {
                    let weight = self.weight(articles);
                    best = Some(best.map_or(weight, |best| best.max(weight)));
                }
            }
            sum += best.unwrap_or_else(|| self.weight(0));
        }
        Ok(sum)
    }

    /// Returns the bound of the score for a word that so many articles have.
    fn weight(&self, articles: u64) -> f32 {
        let others = self.documents.saturating_sub(articles) as f32;
        (1.0 + (others + 0.5) / (articles as f32 + 0.5)).ln() * (1.0 + K1)
    }
}

impl Bm25StatisticsProvider for Statistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let tokens = self.searcher.total_num_tokens(field)?;
        if self.language.is_none() {
            return Ok(tokens);
        }
        // Texts in all languages are taken to be equally long.
        let share = self.documents as f64 / self.searcher.total_num_docs()?.max(1) as f64;
        Ok((tokens as f64 * share) as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.documents)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        let Some(language) = &self.language else { return self.searcher.doc_freq(term) };
        let both = [language, term]
            .map(|term| Box::new(TermQuery::new(term.clone(), IndexRecordOption::Basic)) as Box<_>);
        Ok(self.searcher.search(&BooleanQuery::intersection(both.into()), &Count)? as u64)
    }
}
