//! The outputs of configured classifiers for one article.

use courant_article::{Entity, ModelRef, Sentiment, Topic};

use crate::Absent;

/// An output with the model that computed it, or the reason that it is absent.
pub(crate) type Judged<T> = Result<(T, ModelRef), Absent>;

/// The outputs of the classifiers that cover an article's language. A task without a
/// classifier has none.
#[derive(Debug, Default)]
pub struct Judgements {
    pub(crate) sentiment: Option<Judged<Sentiment>>,
    pub(crate) topics: Option<Judged<Vec<Topic>>>,
    pub(crate) entities: Option<Judged<Vec<Entity>>>,
}
