//! Subjects, the streams that store them, and the stages that consume them.

use std::fmt;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// An article as found or sent.
    EntrySubmitted,
    /// What the gateway let in.
    ArticleAccepted,
    /// With vectors.
    ArticleEmbedded,
    /// With analyses.
    ArticleAnalyzed,
    /// Event: an article is in the store.
    ArticleStored,
    /// Event: what became of a submission.
    EntryDecided,
    /// Request: the vectors of short texts.
    RequestEmbed,
    /// Request: which of these URLs are known?
    RequestKnown,
    /// Broadcast: how much more the pipeline takes.
    ControlPressure,
}

/// What stores messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// A work queue: what its one stage has yet to do.
    Queue(Stage),
    /// What happened, for whoever listens.
    Events,
    /// What could not be handled, with its error.
    DeadLetters,
}

/// A stage of the pipeline: the one consumer of its work queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Decides on `entry.submitted`.
    Gateway,
    /// Embeds `article.accepted`.
    Embedder,
    /// Analyzes `article.embedded`.
    Analyst,
    /// Stores `article.analyzed`.
    Storage,
}

impl Subject {
    /// Every subject.
    pub const ALL: [Self; 9] = [
        Self::EntrySubmitted,
        Self::ArticleAccepted,
        Self::ArticleEmbedded,
        Self::ArticleAnalyzed,
        Self::ArticleStored,
        Self::EntryDecided,
        Self::RequestEmbed,
        Self::RequestKnown,
        Self::ControlPressure,
    ];

    /// The name without the prefix, as `entry.submitted`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EntrySubmitted => "entry.submitted",
            Self::ArticleAccepted => "article.accepted",
            Self::ArticleEmbedded => "article.embedded",
            Self::ArticleAnalyzed => "article.analyzed",
            Self::ArticleStored => "article.stored",
            Self::EntryDecided => "entry.decided",
            Self::RequestEmbed => "request.embed",
            Self::RequestKnown => "request.known",
            Self::ControlPressure => "control.pressure",
        }
    }

    /// What stores it; `None` for what is gone once it has passed.
    pub const fn stream(self) -> Option<Stream> {
        match self {
            Self::EntrySubmitted => Some(Stream::Queue(Stage::Gateway)),
            Self::ArticleAccepted => Some(Stream::Queue(Stage::Embedder)),
            Self::ArticleEmbedded => Some(Stream::Queue(Stage::Analyst)),
            Self::ArticleAnalyzed => Some(Stream::Queue(Stage::Storage)),
            Self::ArticleStored | Self::EntryDecided => Some(Stream::Events),
            Self::RequestEmbed | Self::RequestKnown | Self::ControlPressure => None,
        }
    }

    /// The reverse of [`Self::as_str`].
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|subject| subject.as_str() == name)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 6] = [
        Self::Queue(Stage::Gateway),
        Self::Queue(Stage::Embedder),
        Self::Queue(Stage::Analyst),
        Self::Queue(Stage::Storage),
        Self::Events,
        Self::DeadLetters,
    ];

    /// The name without the prefix, as `ENTRY`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue(Stage::Gateway) => "ENTRY",
            Self::Queue(Stage::Embedder) => "ACCEPTED",
            Self::Queue(Stage::Analyst) => "EMBEDDED",
            Self::Queue(Stage::Storage) => "ANALYZED",
            Self::Events => "EVENTS",
            Self::DeadLetters => "DLQ",
        }
    }
}

impl Stage {
    /// Every stage, in the order of an article's way.
    pub const ALL: [Self; 4] = [Self::Gateway, Self::Embedder, Self::Analyst, Self::Storage];

    /// The name of its consumer.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Embedder => "embedder",
            Self::Analyst => "analyst",
            Self::Storage => "storage",
        }
    }

    /// What it consumes.
    pub const fn subject(self) -> Subject {
        match self {
            Self::Gateway => Subject::EntrySubmitted,
            Self::Embedder => Subject::ArticleAccepted,
            Self::Analyst => Subject::ArticleEmbedded,
            Self::Storage => Subject::ArticleAnalyzed,
        }
    }

    /// Its work queue.
    pub const fn stream(self) -> Stream {
        Stream::Queue(self)
    }

    /// The reverse of [`Self::as_str`].
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Full names under one prefix, so that several pipelines share a server.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    prefix: String,
}

impl Names {
    pub(crate) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn subject(&self, subject: Subject) -> String {
        format!("{}.{subject}", self.prefix)
    }

    pub(crate) fn stream(&self, stream: Stream) -> String {
        format!("{}_{}", self.prefix.to_uppercase(), stream.as_str())
    }

    /// Where JetStream's own reports of messages that nobody settled are kept.
    pub(crate) fn advisories(&self) -> String {
        format!("{}_ADVISORY", self.prefix.to_uppercase())
    }

    pub(crate) fn dead_letters(&self, stage: Stage) -> String {
        format!("{}.dlq.{stage}", self.prefix)
    }

    /// The subject of a full name.
    pub(crate) fn parse(&self, name: &str) -> Option<Subject> {
        Subject::from_name(name.strip_prefix(&self.prefix)?.strip_prefix('.')?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix_and_come_back() {
        let names = Names::new("courant");
        assert_eq!(names.stream(Stage::Gateway.stream()), "COURANT_ENTRY");
        assert_eq!(names.stream(Stream::DeadLetters), "COURANT_DLQ");
        assert_eq!(names.dead_letters(Stage::Analyst), "courant.dlq.analyst");
        for subject in Subject::ALL {
            assert_eq!(names.parse(&names.subject(subject)), Some(subject));
        }
        assert_eq!(names.parse("other.entry.submitted"), None);
    }

    #[test]
    fn every_stage_consumes_what_its_stream_stores() {
        for stage in Stage::ALL {
            assert_eq!(stage.subject().stream(), Some(stage.stream()));
            assert_eq!(Stage::from_name(stage.as_str()), Some(stage));
        }
    }
}
