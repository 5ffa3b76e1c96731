//! The parsed form of a query.

use std::ops::{Bound, RangeBounds};

use courant_article::{Decision, EntityKind, Sentiment, SentimentLabel};

/// Conditions, joined. In a parsed query no `All` stands directly in an `All`, no `Any` in an
/// `Any`, and both hold two members or more. Only the query without conditions is `All(vec![])`.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Every member holds. Without members, everything matches.
    All(Vec<Expr>),
    /// At least one member holds.
    Any(Vec<Expr>),
    /// The member does not hold.
    Not(Box<Expr>),
    /// One condition.
    Is(Condition),
}

/// One condition on an article. Texts are trimmed and not empty.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The article contains a word, or several that stand together.
    Text {
        /// The part of the article that contains the text.
        field: TextField,
        /// The text as written, without quotation marks.
        text: String,
        /// True if the text was in quotation marks. A text that is not is one word, without space.
        quoted: bool,
    },
    /// An author of the article has this name.
    Author(String),
    /// The article has this host or registered domain, in lower case and in ASCII, as in a URL.
    Site(String),
    /// The article has this feed URL or sender's name.
    Source(String),
    /// The article is in this language: ISO 639, lower case, without script and region.
    Language(String),
    /// The article has the topic with this code or label.
    Topic(String),
    /// The article names someone or something.
    Entity {
        /// The kind of thing that the name stands for; `None` for any kind.
        kind: Option<EntityKind>,
        /// The name as written.
        name: String,
    },
    /// The article has such a sentiment.
    Sentiment(SentimentFilter),
    /// The article belongs to the story with this id.
    Story(String),
    /// The gateway made this decision on the article.
    Decision(Decision),
    /// The article was published in this time.
    Published(TimeRange),
    /// The article was seen in this time.
    Observed(TimeRange),
    /// The article has an image.
    HasImage,
}

/// The part of an article that contains a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// Title or text.
    Any,
    /// The title.
    Title,
}

/// A condition on the sentiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SentimentFilter {
    /// The most probable label.
    Label(SentimentLabel),
    /// The score, -1 to 1: the probability of positive less that of negative.
    Range {
        /// The lower end.
        min: Bound<f32>,
        /// The upper end.
        max: Bound<f32>,
    },
}

/// A time range, half open: `from_ms <= t < until_ms`, in Unix milliseconds. An end that is `None`
/// is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first millisecond of the range.
    pub from_ms: Option<i64>,
    /// The first millisecond after the range.
    pub until_ms: Option<i64>,
}

impl Expr {
    /// Joins `parts` so that every one must hold.
    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Self::All(inner) => inner,
            other => vec![other],
        });
        one_or(parts.collect(), Self::All)
    }

    /// Joins `parts` so that one must hold.
    pub(crate) fn any(parts: Vec<Self>) -> Self {
        let parts = parts.into_iter().flat_map(|part| match part {
            Self::Any(inner) => inner,
            other => vec![other],
        });
        one_or(parts.collect(), Self::Any)
    }
}

/// Returns the only part itself, or joins several.
fn one_or(mut parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

impl SentimentFilter {
    /// Returns true if `sentiment` satisfies the condition.
    pub fn matches(&self, sentiment: &Sentiment) -> bool {
        match *self {
            Self::Label(label) => sentiment.label == label,
            Self::Range { min, max } => (min, max).contains(&sentiment.polarity()),
        }
    }
}

impl TimeRange {
    /// Returns true if `time_ms`, in Unix milliseconds, lies in the range.
    pub fn contains(&self, time_ms: i64) -> bool {
        self.from_ms.is_none_or(|from| from <= time_ms)
            && self.until_ms.is_none_or(|until| time_ms < until)
    }
}
