//! Scores the sentiment of an article from its sentences.
//!
//! The head was trained on single sentences of news, so it scores each sentence. The article gets
//! the mean of their probabilities, weighted by length. The title has no vector and is left out.

use courant_article::{Embedding, Embeddings, ModelRef, Sentiment};
use courant_heads::sentiment::{NAME, SentimentHead};

use crate::Absent;
use crate::centrality::widened;
use crate::code_points::CodePoints;
use crate::heads::check_learned;

/// Scores the sentiment of articles.
pub(crate) struct SentimentScorer {
    head: SentimentHead,
}

impl SentimentScorer {
    /// Creates a scorer that uses `head`.
    pub(crate) fn new(head: SentimentHead) -> Self {
        Self { head }
    }

    /// Returns the model that scores, which is the head. Its version also names the encoder.
    pub(crate) fn model(&self, encoder: &ModelRef) -> ModelRef {
        let file = self.head.file();
        ModelRef {
            name: file.name.clone(),
            version: format!("{}+{}:{}", file.version, encoder.name, encoder.version),
            precision: "fp32".into(),
            provider: "cpu".into(),
        }
    }

    /// Returns the sentiment of a text.
    ///
    /// # Errors
    /// [`Absent`] if the head was not trained on the language or on the encoder's vectors, or there
    /// are no sentence vectors.
    pub(crate) fn score(
        &self,
        language: Option<&str>,
        text: &str,
        embeddings: &Embeddings,
    ) -> Result<Sentiment, Absent> {
        self.check_language(language)?;
        self.check_encoder(embeddings)?;
        let code_points = CodePoints::of(text);
        let sentences: Vec<(Embedding, &str)> = embeddings
            .sentences
            .iter()
            .filter_map(|sentence| {
                let (_, text) = code_points.trimmed(sentence.span)?;
                Some((widened(sentence, self.head.file().encoder.dimension)?, text))
            })
            .collect();
        let parts = sentences.iter().map(|(vector, text)| (vector.as_slice(), *text));
        self.head.text(parts).map(Sentiment::of).ok_or(Absent::NoSentenceVectors)
    }

    /// Checks that the head was trained on the language.
    ///
    /// # Errors
    /// [`Absent`] if the head was not trained on the language, or the language is unknown.
    pub(crate) fn check_language(&self, language: Option<&str>) -> Result<(), Absent> {
        check_learned(NAME, &self.head.file().languages, language)
    }

    fn check_encoder(&self, embeddings: &Embeddings) -> Result<(), Absent> {
        let (learned, article) = (&self.head.file().encoder, &embeddings.model);
        if learned.name == article.name {
            return Ok(());
        }
        Err(Absent::HeadOfOtherEncoder {
            head: NAME,
            learned: learned.name.clone(),
            article: article.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use courant_article::{Sentence, Span};
    use half::f16;

    use super::*;
    use crate::Config;

    const TEXT: &str = "The mayor lied. Critics condemned the corrupt deal.";

    fn scorer() -> SentimentScorer {
        SentimentScorer::new(Config::default().sentiment_head("").unwrap())
    }

    fn embeddings(encoder: &str, dimension: usize) -> Embeddings {
        let vector = vec![f16::from_f32(1.0 / (dimension as f32).sqrt()); dimension];
        let sentence = |start, end| Sentence { span: Span { start, end }, vector: vector.clone() };
        Embeddings {
            model: ModelRef { name: encoder.into(), ..ModelRef::default() },
            vector: Embedding::from_unit(vec![0.0; dimension]),
            sentences_left_out: 0,
            sentences: vec![sentence(0, 15), sentence(16, 51)],
            entities: Err("none here".to_owned()),
        }
    }

    #[test]
    fn an_article_gets_probabilities_that_add_up_to_one() {
        let found = scorer().score(Some("en"), TEXT, &embeddings("all-MiniLM-L6-v2", 384)).unwrap();
        assert!((found.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{found:?}");
        assert!(found.probabilities.contains(&found.score));
    }

    #[test]
    fn a_language_that_was_not_learned_gets_a_reason() {
        let embeddings = embeddings("all-MiniLM-L6-v2", 384);
        let german = scorer().score(Some("de"), TEXT, &embeddings).unwrap_err();
        assert_eq!(german.to_string(), "news-sentiment learned en, not de");
        let unknown = scorer().score(None, TEXT, &embeddings).unwrap_err();
        assert_eq!(unknown, Absent::LanguageUnknown);
    }

    #[test]
    fn vectors_of_another_encoder_get_a_reason() {
        let other = scorer().score(Some("en"), TEXT, &embeddings("other", 384)).unwrap_err();
        assert!(matches!(other, Absent::HeadOfOtherEncoder { .. }), "{other}");
        let cut = scorer().score(Some("en"), TEXT, &embeddings("all-MiniLM-L6-v2", 12));
        assert_eq!(cut, Err(Absent::NoSentenceVectors));
    }
}
