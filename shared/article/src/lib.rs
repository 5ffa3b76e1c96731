//! The domain types of Courant: what an article is, how it is named, and what
//! the agents add to it on its way. No I/O, and no other crate of the project.

mod analysis;
mod article;
mod embedding;
mod identity;
mod published;

pub use analysis::{
    Analysis, Entity, EntityKind, IPTC_TOPICS, IptcTopic, KeyPhrase, Sentiment, SentimentLabel,
    SummarySentence, Topic, iptc_label,
};
pub use article::{Article, Decision, Entry, MAX_TEXT_BYTES, Text};
pub use embedding::{Chunk, Embedding, Embeddings, Entities, ModelRef, Sentence, Span};
pub use identity::{ArticleId, CanonicalUrl, ContentHash, ParseIdError, Revision};
pub use published::{ParsePublishedError, PublishedAt};
