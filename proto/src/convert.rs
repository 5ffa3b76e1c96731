//! Between messages and domain types. A message is checked on its way in: what
//! comes out of a conversion is valid.

use courant_article::{
    Analysis, Article, ArticleId, ContentHash, Decision, Embedding, Embeddings, Entities, Entity,
    EntityKind, Entry, Evidence, FeedFields, KeyPhrase, MAX_SUBMISSION_ID_BYTES, ModelRef,
    PageFields, ParseIdError, ParsePublishedError, PublishedAt, Revision, Sentence, Sentiment,
    Span, SummarySentence, Text, Topic,
};
use half::f16;

use crate::v1;

/// A message that decodes but makes no sense.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMessage {
    /// A part without which the message means nothing.
    #[error("the message has no {0}")]
    Missing(&'static str),
    /// A name that is too long to travel in a header.
    #[error("the {0} has more than {MAX_SUBMISSION_ID_BYTES} bytes")]
    TooLong(&'static str),
    /// An id that is none.
    #[error("invalid id")]
    Id(#[from] ParseIdError),
    /// A publishing time that is none.
    #[error("invalid publishing time")]
    PublishedAt(#[from] ParsePublishedError),
    /// A vector with half a number at its end.
    #[error("a half-precision vector has {0} bytes")]
    VectorBytes(usize),
    /// A decision of a later version, or none.
    #[error("unknown decision {0}")]
    Decision(i32),
    /// A kind of names of a later version, or none.
    #[error("unknown kind of entity {0}")]
    EntityKind(i32),
}

fn some_text(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn published(text: &str) -> Result<Option<PublishedAt>, ParsePublishedError> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

fn published_text(published: Option<&PublishedAt>) -> String {
    published.map_or_else(String::new, |at| at.as_str().to_owned())
}

/// A part of a message; not sent where it says nothing.
fn unless_default<T: Default + PartialEq, M: From<T>>(part: T) -> Option<M> {
    (part != T::default()).then(|| part.into())
}

/// The reverse of [`unless_default`].
fn or_default<T, M>(part: Option<M>) -> Result<T, InvalidMessage>
where
    T: Default + TryFrom<M, Error = InvalidMessage>,
{
    part.map(T::try_from).transpose().map(Option::unwrap_or_default)
}

impl From<Entry> for v1::Entry {
    fn from(entry: Entry) -> Self {
        Self {
            submission_id: entry.submission_id,
            url: entry.url,
            declared_canonical_url: entry.declared_canonical_url.unwrap_or_default(),
            title: entry.title,
            authors: entry.authors,
            published_at: published_text(entry.published_at.as_ref()),
            language: entry.language.unwrap_or_default(),
            site_name: entry.site_name.unwrap_or_default(),
            text_truncated: entry.text.is_truncated(),
            text: entry.text.as_str().to_owned(),
            observed_at_ms: entry.observed_at.0,
            source: entry.source,
            page: unless_default(entry.page),
            feed: unless_default(entry.feed),
            evidence: unless_default(entry.evidence),
        }
    }
}

impl TryFrom<v1::Entry> for Entry {
    type Error = InvalidMessage;

    fn try_from(entry: v1::Entry) -> Result<Self, InvalidMessage> {
        if entry.submission_id.is_empty() {
            return Err(InvalidMessage::Missing("submission_id"));
        }
        if entry.submission_id.len() > MAX_SUBMISSION_ID_BYTES {
            return Err(InvalidMessage::TooLong("submission_id"));
        }
        let entry = Self {
            published_at: published(&entry.published_at)?,
            submission_id: entry.submission_id,
            url: entry.url,
            declared_canonical_url: some_text(entry.declared_canonical_url),
            title: entry.title,
            authors: entry.authors,
            language: some_text(entry.language),
            site_name: some_text(entry.site_name),
            text: Text::with_flag(entry.text, entry.text_truncated),
            observed_at: Revision(entry.observed_at_ms),
            source: entry.source,
            page: or_default(entry.page)?,
            feed: or_default(entry.feed)?,
            evidence: entry.evidence.map(Evidence::from).unwrap_or_default(),
        };
        Ok(entry.bounded())
    }
}

impl From<PageFields> for v1::PageFields {
    fn from(page: PageFields) -> Self {
        Self {
            image: page.image.unwrap_or_default(),
            tags: page.tags,
            section: page.section.unwrap_or_default(),
            modified_at: published_text(page.modified_at.as_ref()),
            paywalled: page.paywalled,
            outer_id: page.outer_id.unwrap_or_default(),
        }
    }
}

impl TryFrom<v1::PageFields> for PageFields {
    type Error = InvalidMessage;

    fn try_from(page: v1::PageFields) -> Result<Self, InvalidMessage> {
        Ok(Self {
            image: some_text(page.image),
            tags: page.tags,
            section: some_text(page.section),
            modified_at: published(&page.modified_at)?,
            paywalled: page.paywalled,
            outer_id: some_text(page.outer_id),
        })
    }
}

impl From<FeedFields> for v1::FeedFields {
    fn from(feed: FeedFields) -> Self {
        Self {
            title: feed.title.unwrap_or_default(),
            summary: feed.summary.unwrap_or_default(),
            authors: feed.authors,
            categories: feed.categories,
            published_at: published_text(feed.published_at.as_ref()),
        }
    }
}

impl TryFrom<v1::FeedFields> for FeedFields {
    type Error = InvalidMessage;

    fn try_from(feed: v1::FeedFields) -> Result<Self, InvalidMessage> {
        Ok(Self {
            title: some_text(feed.title),
            summary: some_text(feed.summary),
            authors: feed.authors,
            categories: feed.categories,
            published_at: published(&feed.published_at)?,
        })
    }
}

impl From<Decision> for v1::Decision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::New => Self::New,
            Decision::Duplicate => Self::Duplicate,
            Decision::Revision => Self::Revision,
            Decision::Syndicated => Self::Syndicated,
            Decision::Refused => Self::Refused,
        }
    }
}

impl TryFrom<v1::Decision> for Decision {
    type Error = InvalidMessage;

    fn try_from(decision: v1::Decision) -> Result<Self, InvalidMessage> {
        Ok(match decision {
            v1::Decision::New => Self::New,
            v1::Decision::Duplicate => Self::Duplicate,
            v1::Decision::Revision => Self::Revision,
            v1::Decision::Syndicated => Self::Syndicated,
            v1::Decision::Refused => Self::Refused,
            v1::Decision::Unspecified => return Err(InvalidMessage::Decision(0)),
        })
    }
}

impl From<Article> for v1::Article {
    fn from(article: Article) -> Self {
        Self {
            id: article.id.to_string(),
            revision: article.revision.0,
            url: article.url,
            content_hash: article.content_hash.to_string(),
            title: article.title,
            authors: article.authors,
            published_at: published_text(article.published_at.as_ref()),
            declared_language: article.declared_language.unwrap_or_default(),
            site_name: article.site_name.unwrap_or_default(),
            text_truncated: article.text.is_truncated(),
            text: article.text.as_str().to_owned(),
            source: article.source,
            submission_id: article.submission_id,
            decision: v1::Decision::from(article.decision).into(),
            syndicated_of: article.syndicated_of.map_or_else(String::new, |id| id.to_string()),
            page: unless_default(article.page),
            feed: unless_default(article.feed),
            evidence: unless_default(article.evidence),
        }
    }
}

impl TryFrom<v1::Article> for Article {
    type Error = InvalidMessage;

    fn try_from(article: v1::Article) -> Result<Self, InvalidMessage> {
        let decision = v1::Decision::try_from(article.decision)
            .map_err(|_| InvalidMessage::Decision(article.decision))?;
        let article = Self {
            id: article.id.parse::<ArticleId>()?,
            revision: Revision(article.revision),
            url: article.url,
            content_hash: article.content_hash.parse::<ContentHash>()?,
            title: article.title,
            authors: article.authors,
            published_at: published(&article.published_at)?,
            declared_language: some_text(article.declared_language),
            site_name: some_text(article.site_name),
            text: Text::with_flag(article.text, article.text_truncated),
            source: article.source,
            submission_id: article.submission_id,
            decision: decision.try_into()?,
            syndicated_of: some_text(article.syndicated_of).map(|id| id.parse()).transpose()?,
            page: or_default(article.page)?,
            feed: or_default(article.feed)?,
            evidence: article.evidence.map(Evidence::from).unwrap_or_default(),
        };
        Ok(article.bounded())
    }
}

impl From<ModelRef> for v1::Model {
    fn from(model: ModelRef) -> Self {
        Self {
            name: model.name,
            version: model.version,
            precision: model.precision,
            provider: model.provider,
        }
    }
}

impl From<v1::Model> for ModelRef {
    fn from(model: v1::Model) -> Self {
        Self {
            name: model.name,
            version: model.version,
            precision: model.precision,
            provider: model.provider,
        }
    }
}

impl From<Embeddings> for v1::Embeddings {
    fn from(embeddings: Embeddings) -> Self {
        let sent = Self {
            model: Some(embeddings.model.into()),
            vector: embeddings.vector.as_slice().to_vec(),
            sentences: embeddings.sentences.into_iter().map(Into::into).collect(),
            sentences_left_out: embeddings.sentences_left_out,
            ..Self::default()
        };
        match embeddings.entities {
            Ok(found) => Self {
                entities: found.entities.into_iter().map(Into::into).collect(),
                entity_model: Some(found.model.into()),
                entities_left_out: found.left_out,
                ..sent
            },
            Err(reason) => Self { entities_absent: reason, ..sent },
        }
    }
}

impl TryFrom<v1::Embeddings> for Embeddings {
    type Error = InvalidMessage;

    fn try_from(embeddings: v1::Embeddings) -> Result<Self, InvalidMessage> {
        Ok(Self {
            model: embeddings.model.ok_or(InvalidMessage::Missing("model"))?.into(),
            vector: Embedding::from_unit(embeddings.vector),
            sentences: embeddings
                .sentences
                .into_iter()
                .map(TryInto::try_into)
                .collect::<Result<_, _>>()?,
            sentences_left_out: embeddings.sentences_left_out,
            entities: match embeddings.entity_model {
                Some(model) => {
                    // An embedder of before sent all that it found.
                    let first = Entities::first(model.into(), entities(embeddings.entities)?);
                    let left_out = first.left_out.saturating_add(embeddings.entities_left_out);
                    Ok(Entities { left_out, ..first })
                }
                None => Err(some_text(embeddings.entities_absent)
                    .unwrap_or_else(|| NO_ENTITY_MODEL.to_owned())),
            },
        })
    }
}

/// The reason given for an embedder that knows of no entities, and so states none.
const NO_ENTITY_MODEL: &str = "the embedder looked for none";

fn entities(entities: Vec<v1::Entity>) -> Result<Vec<Entity>, InvalidMessage> {
    entities.into_iter().map(TryInto::try_into).collect()
}

impl From<Entity> for v1::Entity {
    fn from(entity: Entity) -> Self {
        Self {
            text: entity.text,
            kind: v1::EntityKind::from(entity.kind).into(),
            start: entity.span.start,
            end: entity.span.end,
            score: entity.score,
        }
    }
}

impl TryFrom<v1::Entity> for Entity {
    type Error = InvalidMessage;

    fn try_from(entity: v1::Entity) -> Result<Self, InvalidMessage> {
        let kind = match v1::EntityKind::try_from(entity.kind) {
            Ok(v1::EntityKind::Person) => EntityKind::Person,
            Ok(v1::EntityKind::Organization) => EntityKind::Organization,
            Ok(v1::EntityKind::Location) => EntityKind::Location,
            Ok(v1::EntityKind::Unspecified) | Err(_) => {
                return Err(InvalidMessage::EntityKind(entity.kind));
            }
        };
        let span = Span { start: entity.start, end: entity.end };
        Ok(Self { text: entity.text, kind, span, score: entity.score })
    }
}

impl From<EntityKind> for v1::EntityKind {
    fn from(kind: EntityKind) -> Self {
        match kind {
            EntityKind::Person => Self::Person,
            EntityKind::Organization => Self::Organization,
            EntityKind::Location => Self::Location,
        }
    }
}

impl From<Sentence> for v1::Sentence {
    fn from(sentence: Sentence) -> Self {
        Self {
            start: sentence.span.start,
            end: sentence.span.end,
            vector_f16: sentence.vector.iter().flat_map(|v| v.to_le_bytes()).collect(),
        }
    }
}

impl TryFrom<v1::Sentence> for Sentence {
    type Error = InvalidMessage;

    fn try_from(sentence: v1::Sentence) -> Result<Self, InvalidMessage> {
        let (pairs, rest) = sentence.vector_f16.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(InvalidMessage::VectorBytes(sentence.vector_f16.len()));
        }
        Ok(Self {
            span: Span { start: sentence.start, end: sentence.end },
            vector: pairs.iter().map(|pair| f16::from_le_bytes(*pair)).collect(),
        })
    }
}

impl From<Analysis> for v1::Analysis {
    fn from(analysis: Analysis) -> Self {
        Self {
            language: analysis.language.unwrap_or_default(),
            topics: analysis
                .topics
                .into_iter()
                .map(|topic| v1::Topic { code: topic.code, label: topic.label, score: topic.score })
                .collect(),
            key_phrases: analysis
                .key_phrases
                .into_iter()
                .map(|phrase| v1::KeyPhrase { text: phrase.text, score: phrase.score })
                .collect(),
            summary: analysis
                .summary
                .into_iter()
                .map(|s| v1::SummarySentence { start: s.span.start, end: s.span.end, text: s.text })
                .collect(),
            skipped: analysis.skipped.into_iter().collect(),
            models: analysis.models.into_iter().map(Into::into).collect(),
            sentiment: analysis.sentiment.map(Into::into),
            entities: analysis.entities.into_iter().map(Into::into).collect(),
            entities_left_out: analysis.entities_left_out,
            sentences_left_out: analysis.sentences_left_out,
        }
    }
}

impl From<Sentiment> for v1::Sentiment {
    fn from(sentiment: Sentiment) -> Self {
        let [negative, neutral, positive] = sentiment.probabilities;
        Self { negative, neutral, positive }
    }
}

impl From<v1::Sentiment> for Sentiment {
    fn from(sentiment: v1::Sentiment) -> Self {
        Self::of([sentiment.negative, sentiment.neutral, sentiment.positive])
    }
}

impl TryFrom<v1::Analysis> for Analysis {
    type Error = InvalidMessage;

    fn try_from(analysis: v1::Analysis) -> Result<Self, InvalidMessage> {
        Ok(Self {
            language: some_text(analysis.language),
            topics: analysis
                .topics
                .into_iter()
                .map(|topic| Topic { code: topic.code, label: topic.label, score: topic.score })
                .collect(),
            key_phrases: analysis
                .key_phrases
                .into_iter()
                .map(|phrase| KeyPhrase { text: phrase.text, score: phrase.score })
                .collect(),
            summary: analysis
                .summary
                .into_iter()
                .map(|s| SummarySentence {
                    span: Span { start: s.start, end: s.end },
                    text: s.text,
                })
                .collect(),
            sentiment: analysis.sentiment.map(Into::into),
            skipped: analysis.skipped.into_iter().collect(),
            models: analysis.models.into_iter().map(Into::into).collect(),
            entities: entities(analysis.entities)?,
            entities_left_out: analysis.entities_left_out,
            sentences_left_out: analysis.sentences_left_out,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        Entry {
            submission_id: "s-1".into(),
            url: "https://example.com/a".into(),
            title: "A".into(),
            published_at: Some("2024-03-01".parse().unwrap()),
            text: Text::new("Some text.".into()),
            observed_at: Revision(7),
            ..Entry::default()
        }
    }

    #[test]
    fn an_entry_survives_the_bus() {
        assert_eq!(Entry::try_from(v1::Entry::from(entry())).unwrap(), entry());
    }

    #[test]
    fn an_analysis_survives_the_bus_with_or_without_sentiment() {
        let sentiment = Some(Sentiment::of([0.1, 0.2, 0.7]));
        for sentiment in [sentiment, None] {
            let analysis = Analysis { sentiment, ..Analysis::default() };
            let sent = v1::Analysis::from(analysis.clone());
            assert_eq!(Analysis::try_from(sent).unwrap(), analysis);
        }
    }

    #[test]
    fn entities_or_the_reason_of_their_absence_survive_the_bus() {
        let model = ModelRef {
            name: "entities".into(),
            version: "a".into(),
            precision: "fp32".into(),
            provider: "cpu".into(),
        };
        let entity = Entity {
            text: "Ann".into(),
            kind: EntityKind::Person,
            span: Span { start: 3, end: 6 },
            score: 0.5,
        };
        let found = Entities { model: model.clone(), entities: vec![entity], left_out: 3 };
        for entities in [Ok(found), Err("no states".to_owned())] {
            let embeddings = Embeddings {
                model: model.clone(),
                vector: Embedding::from_unit(vec![1.0]),
                sentences: Vec::new(),
                sentences_left_out: 2,
                entities,
            };
            let sent = v1::Embeddings::from(embeddings.clone());
            assert_eq!(Embeddings::try_from(sent).unwrap(), embeddings);
        }
        let nameless = v1::Entity { kind: 9, ..Default::default() };
        assert!(matches!(Entity::try_from(nameless), Err(InvalidMessage::EntityKind(9))));
    }

    #[test]
    fn a_message_that_makes_no_sense_is_refused() {
        let nameless = v1::Entry { submission_id: String::new(), ..entry().into() };
        assert!(matches!(Entry::try_from(nameless), Err(InvalidMessage::Missing(_))));
        let timeless = v1::Entry { published_at: "soon".into(), ..entry().into() };
        assert!(matches!(Entry::try_from(timeless), Err(InvalidMessage::PublishedAt(_))));
        let undecided =
            v1::Article { id: "0f115db062b7c0dd030b16878c99dea5".into(), ..Default::default() };
        assert!(Article::try_from(undecided).is_err());
        let half = v1::Sentence { start: 0, end: 1, vector_f16: vec![0; 3] };
        assert!(matches!(Sentence::try_from(half), Err(InvalidMessage::VectorBytes(3))));
    }
}
