//! Sentiment and topics of texts that are no articles, by the heads that come with
//! Courant: their vectors come from the embedder.

use std::time::Duration;

use courant_article::{Embedding, Embeddings, ModelRef, Sentence, SentimentLabel};
use courant_bus::{Bus, Subject};
use courant_inference::{Findings, Label, sentences};
use courant_proto::v1;
use half::f16;

use crate::classify::NoAnswer;
use crate::code_points::CodePoints;
use crate::{Absent, Analyzer};

/// How long one request for vectors may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Texts per request for vectors.
const TEXTS_AT_ONCE: usize = 64;
/// Sentences that are scored, as of an article.
const MAX_SENTENCES: usize = 200;

/// What comes with Courant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BuiltIn {
    Sentiment,
    Topics,
}

impl BuiltIn {
    /// As requests call them.
    pub(crate) const NAMES: [&str; 2] = ["sentiment", "topics"];

    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "sentiment" => Some(Self::Sentiment),
            "topics" => Some(Self::Topics),
            _ => None,
        }
    }

    /// What scores.
    pub(crate) fn model(self, analyzer: &Analyzer) -> ModelRef {
        match self {
            Self::Sentiment => analyzer.sentiment_model(),
            Self::Topics => analyzer.topic_model(),
        }
    }

    /// The labels of a text: its sentiment as the mean of its sentences', or its topics
    /// by as much of its start as one encoder input holds.
    ///
    /// # Errors
    /// Why the embedder gave no vectors.
    pub(crate) async fn classify(
        self,
        analyzer: &Analyzer,
        bus: &Bus,
        language: Option<&str>,
        text: &str,
    ) -> Result<Result<Findings, Absent>, NoAnswer> {
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
                let embeddings = sentence_vectors(bus, text).await?;
                Ok(analyzer.sentiment_of(language, text, &embeddings).map(|found| {
                    let named = SentimentLabel::ALL.iter().zip(found.probabilities);
                    findings(named.map(|(label, score)| (name(*label).to_owned(), score)))
                }))
            }
            Self::Topics => {
                let (model, mut vectors) = vectors(bus, vec![text.to_owned()]).await?;
                let vector = vectors.pop().ok_or_else(|| NoAnswer::Refused("no vector".into()))?;
                let embeddings = bare(model, vector);
                Ok(analyzer.topics_of(language, &embeddings).map(|topics| {
                    findings(topics.into_iter().map(|topic| (topic.code, topic.score)))
                }))
            }
        }
    }
}

fn name(label: SentimentLabel) -> &'static str {
    match label {
        SentimentLabel::Negative => "negative",
        SentimentLabel::Neutral => "neutral",
        SentimentLabel::Positive => "positive",
    }
}

fn findings(labels: impl Iterator<Item = (String, f32)>) -> Findings {
    let mut labels: Vec<Label> = labels.map(|(label, score)| Label { label, score }).collect();
    labels.sort_by(|a, b| b.score.total_cmp(&a.score));
    Findings::Labels(labels)
}

async fn sentence_vectors(bus: &Bus, text: &str) -> Result<Embeddings, NoAnswer> {
    let code_points = CodePoints::of(text);
    let spans = sentences(text).into_iter().take(MAX_SENTENCES);
    let (spans, texts): (Vec<_>, Vec<_>) = spans
        .filter_map(|span| code_points.trimmed(span).map(|(span, text)| (span, text.to_owned())))
        .unzip();
    let (model, found) = vectors(bus, texts).await?;
    let half = |vector: &Embedding| vector.as_slice().iter().copied().map(f16::from_f32).collect();
    let sentence = |(span, vector)| Sentence { span, vector: half(vector) };
    let sentences = spans.into_iter().zip(&found).map(sentence).collect();
    Ok(Embeddings { sentences, ..bare(model, Embedding::from_unit(Vec::new())) })
}

/// Vectors of no article.
fn bare(model: ModelRef, vector: Embedding) -> Embeddings {
    let entities = Err("nobody looked for names".to_owned());
    Embeddings { model, vector, chunks: Vec::new(), sentences: Vec::new(), entities }
}

/// One vector per text, from the embedder.
async fn vectors(bus: &Bus, texts: Vec<String>) -> Result<(ModelRef, Vec<Embedding>), NoAnswer> {
    let mut found = Vec::with_capacity(texts.len());
    let mut model = None;
    for texts in texts.chunks(TEXTS_AT_ONCE) {
        let question = v1::EmbedRequest { texts: texts.to_vec() };
        let asked = bus.request::<_, v1::EmbedReply>(Subject::REQUEST_EMBED, &question, TIMEOUT);
        let reply = asked.await?;
        if !reply.error.is_empty() || reply.vectors.len() != texts.len() {
            return Err(NoAnswer::Refused(reply.error));
        }
        found.extend(reply.vectors.into_iter().map(|it| Embedding::from_unit(it.values)));
        model = reply.model;
    }
    let model = model.ok_or_else(|| NoAnswer::Refused("it does not name its model".into()))?;
    Ok((model.into(), found))
}
