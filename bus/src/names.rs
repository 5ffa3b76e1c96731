//! Full names under one prefix, so that several pipelines share a server.

use crate::stages::{Stage, Stream};
use crate::subject::Subject;

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

    /// The same from a subject's name.
    pub(crate) fn full(&self, subject: &str) -> String {
        format!("{}.{subject}", self.prefix)
    }

    pub(crate) fn stream(&self, stream: Stream) -> String {
        format!("{}_{}", self.prefix.to_uppercase(), stream.as_str())
    }

    /// The stream that keeps what is known of messages that come again.
    pub(crate) fn strikes(&self) -> String {
        format!("{}_STRIKES", self.prefix.to_uppercase())
    }

    /// The subject in it of message `sequence` of `stream`.
    pub(crate) fn strikes_of(&self, stream: Stream, sequence: u64) -> String {
        format!("{}.strikes.{}.{sequence}", self.prefix, stream.as_str())
    }

    /// All subjects in it.
    pub(crate) fn all_strikes(&self) -> String {
        format!("{}.strikes.>", self.prefix)
    }

    pub(crate) fn dead_letters(&self, stage: Stage) -> String {
        format!("{}.{}", self.prefix, dead_letters(stage))
    }

    /// The reverse of [`Self::subject`].
    pub(crate) fn strip<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(&self.prefix)?.strip_prefix('.')
    }
}

/// The subject of what `stage` could not handle, without the prefix.
pub(crate) fn dead_letters(stage: Stage) -> String {
    format!("dlq.{stage}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_the_prefix_and_come_back() {
        let names = Names::new("courant");
        assert_eq!(names.stream(Stage::GATEWAY.stream()), "COURANT_ENTRY");
        assert_eq!(names.stream(Stream::DEAD_LETTERS), "COURANT_DLQ");
        assert_eq!(names.dead_letters(Stage::ANALYST), "courant.dlq.analyst");
        for subject in Stage::ALL.iter().flat_map(|stage| stage.subjects()) {
            assert_eq!(names.strip(&names.subject(*subject)), Some(subject.as_str()));
        }
        assert_eq!(names.strip("other.entry.submitted"), None);
    }
}
