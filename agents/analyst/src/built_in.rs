//! Computes the sentiment and topics of texts that are not articles, with the analyst's own heads.
//! The embedder gives the vectors of the texts.

use courant_article::{Embedding, Embeddings, ModelRef, Sentence, SentimentLabel};
use courant_embedder_client::{EmbedError, EmbedderClient};
use courant_heads::sentences;
use courant_inference::{Findings, Label};
use half::f16;
use tokio::time::Instant;

use crate::code_points::CodePoints;
use crate::config::BUILT_IN;
use crate::{Absent, Analyzer};

/// The most sentences that are scored, as for an article.
const MAX_SENTENCES: usize = 200;

/// One of the analyst's own heads, in the order of [`BUILT_IN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    Sentiment,
    Topics,
}

impl BuiltIn {
    /// Returns the head that has this `name` in requests.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let heads = [Self::Sentiment, Self::Topics];
        BUILT_IN.into_iter().zip(heads).find(|(own, _)| *own == name).map(|(_, head)| head)
    }

    /// Returns the model that computes the scores.
    pub(crate) fn model(self, analyzer: &Analyzer) -> ModelRef {
        match self {
            Self::Sentiment => analyzer.sentiment_model(),
            Self::Topics => analyzer.topic_model(),
        }
    }

    /// Returns the labels of a text. The sentiment is the mean over its sentences. The topics come
    /// from as much of its start as fits into one input of the encoder.
    ///
    /// # Errors
    /// [`EmbedError`] if the embedder gives no vectors before `deadline`.
    pub(crate) async fn classify(
        self,
        analyzer: &Analyzer,
        embedder: &EmbedderClient,
        language: Option<&str>,
        text: &str,
        deadline: Instant,
    ) -> Result<Result<Findings, Absent>, EmbedError> {
        if !text.contains(char::is_alphanumeric) {
            return Ok(Err(Absent::NoWords));
        }
        let covered = match self {
            Self::Sentiment => analyzer.covers_sentiment(language),
            Self::Topics => analyzer.covers_topics(language),
        };
        if let Err(absent) = covered {
            return Ok(Err(absent));
        }
        match self {
            Self::Sentiment => {
                let embeddings = sentence_vectors(embedder, text, deadline).await?;
                Ok(analyzer.sentiment_of(language, text, &embeddings).map(|found| {
                    let named = SentimentLabel::ALL.iter().zip(found.probabilities);
                    findings(named.map(|(label, score)| (label.as_str().to_owned(), score)))
                }))
            }
            Self::Topics => {
                let mut found = embedder.embed(&[text.to_owned()], deadline).await?;
                let vector = found.vectors.pop().ok_or(EmbedError::Incomplete)?;
                let embeddings = bare(found.model, vector);
                Ok(analyzer.topics_of(language, &embeddings).map(|topics| {
                    findings(topics.into_iter().map(|topic| (topic.code, topic.score)))
                }))
            }
        }
    }
}

fn findings(labels: impl Iterator<Item = (String, f32)>) -> Findings {
    let mut labels: Vec<Label> = labels.map(|(label, score)| Label { label, score }).collect();
    labels.sort_by(|a, b| b.score.total_cmp(&a.score));
    Findings::Labels(labels)
}

async fn sentence_vectors(
    embedder: &EmbedderClient,
    text: &str,
    deadline: Instant,
) -> Result<Embeddings, EmbedError> {
    let code_points = CodePoints::of(text);
    let spans = sentences(text).into_iter().take(MAX_SENTENCES);
    let (spans, texts): (Vec<_>, Vec<_>) = spans
        .filter_map(|span| code_points.trimmed(span).map(|(span, text)| (span, text.to_owned())))
        .unzip();
    let found = embedder.embed(&texts, deadline).await?;
    let half = |vector: &Embedding| vector.as_slice().iter().copied().map(f16::from_f32).collect();
    let sentence = |(span, vector)| Sentence { span, vector: half(vector) };
    let sentences = spans.into_iter().zip(&found.vectors).map(sentence).collect();
    Ok(Embeddings { sentences, ..bare(found.model, Embedding::from_unit(Vec::new())) })
}

/// Returns embeddings that have only a text vector, without sentences and names.
fn bare(model: ModelRef, vector: Embedding) -> Embeddings {
    let entities = Err("nobody looked for names".to_owned());
    Embeddings { model, vector, sentences: Vec::new(), sentences_left_out: 0, entities }
}
