//! The domain types of Courant: articles, their ids, and the results that the agents add to them.
//! The crate does no I/O and uses no other crate of the project.

mod analysis;
mod article;
mod domain;
mod embedding;
mod evidence;
mod identity;
mod page;
mod published;

pub use analysis::{
    Analysis, Entity, EntityKind, IPTC_TOPICS, IptcTopic, KeyPhrase, Sentiment, SentimentLabel,
    SummarySentence, Topic, iptc_label,
};
pub use article::{Article, Decision, Entry, MAX_TEXT_BYTES, Text};
pub use domain::{public_suffix_of, registered_domain, registered_domain_of};
pub use embedding::{
    Embedding, Embeddings, Entities, MAX_ENTITIES, MAX_ENTITY_BYTES, ModelRef, Sentence, Span,
    TextKind,
};
pub use evidence::{Evidence, Origin, Sourced};
pub use identity::{ArticleId, CanonicalUrl, ContentHash, ParseIdError, Revision};
pub use page::{
    FeedFields, MAX_AUTHOR_BYTES, MAX_AUTHORS, MAX_FIELD_BYTES, MAX_SUBMISSION_ID_BYTES,
    MAX_SUMMARY_BYTES, MAX_TAG_BYTES, MAX_TAGS, MAX_URL_BYTES, PageFields, is_on_the_web,
};
pub use published::{ParsePublishedError, PublishedAt};
