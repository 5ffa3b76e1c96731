//! Heads of every kind, to list, store and compare them.

use std::fmt;

use serde::Serialize;

use crate::entities::EntityHead;
use crate::file::{EncoderRef, HeadError, HeadFile};
use crate::metrics::{Scores, scores};
use crate::sentiment::{self, SentimentHead};
use crate::topics::{self, TopicHead};

/// The name of the heads that find names.
const ENTITIES: &str = "entities";

/// The purpose of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HeadTask {
    /// Negative, neutral or positive.
    Sentiment,
    /// The IPTC Media Topics.
    Topics,
    /// Names in a text.
    Entities,
}

impl HeadTask {
    /// Each one.
    pub const ALL: [Self; 3] = [Self::Sentiment, Self::Topics, Self::Entities];

    /// Returns the name of the heads for this task.
    pub fn head_name(self) -> &'static str {
        match self {
            Self::Sentiment => sentiment::NAME,
            Self::Topics => topics::NAME,
            Self::Entities => ENTITIES,
        }
    }

    /// Returns the task whose heads are called `name`.
    pub fn of_head(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|task| task.head_name() == name)
    }

    /// Returns the name of the score by which two heads are compared. The higher score is the
    /// better.
    pub fn deciding_score(self) -> &'static str {
        match self {
            Self::Sentiment => "macro_f1",
            Self::Topics => "accuracy",
            Self::Entities => "f1",
        }
    }
}

/// A head of any kind, ready to use.
#[derive(Clone, Debug)]
pub enum Head {
    /// A head that classifies texts as negative, neutral or positive.
    Sentiment(SentimentHead),
    /// A head that classifies texts by topic.
    Topics(TopicHead),
    /// Finds names.
    Entities(EntityHead),
}

impl Head {
    /// Returns the head that is part of Courant for the encoder of this name. `None` for topics
    /// that use the vectors of their descriptions.
    ///
    /// # Panics
    /// Never: a test reads all.
    pub fn built_in(task: HeadTask, encoder: &str) -> Option<Self> {
        let file = match task {
            HeadTask::Sentiment => sentiment::shipped(encoder),
            HeadTask::Topics => topics::shipped(encoder)?,
            // Names are found in English alone: the head says which encoder it reads.
            HeadTask::Entities => return Some(Self::Entities(EntityHead::embedded().clone())),
        };
        let head = Self::read(file.as_bytes());
        Some(head.expect("the head in the repository is one: a test reads it"))
    }

    /// Reads the file of a head of any kind.
    ///
    /// # Errors
    /// [`HeadError`] says what is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, HeadError> {
        if bytes.starts_with(br#"{"format""#) {
            return Ok(Self::Entities(EntityHead::from_bytes(bytes)?));
        }
        let file = HeadFile::parse(std::str::from_utf8(bytes).map_err(|_| HeadError::NoText)?)?;
        match HeadTask::of_head(&file.name) {
            Some(HeadTask::Sentiment) => Ok(Self::Sentiment(SentimentHead::from_file(file)?)),
            Some(HeadTask::Topics) => Ok(Self::Topics(TopicHead::from_file(file)?)),
            _ => Err(HeadError::Unknown(file.name)),
        }
    }

    /// Returns the content of the head's file, which [`Self::read`] reads.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self.file() {
            Ok(file) => file.write().into_bytes(),
            Err(head) => head.to_bytes(),
        }
    }

    /// Returns the task that it is for.
    pub fn task(&self) -> HeadTask {
        match self {
            Self::Sentiment(_) => HeadTask::Sentiment,
            Self::Topics(_) => HeadTask::Topics,
            Self::Entities(_) => HeadTask::Entities,
        }
    }

    /// Returns the version: 12 hexadecimal digits that depend on the weights.
    pub fn version(&self) -> String {
        self.file().map_or_else(|head| head.model().version, |file| file.version.clone())
    }

    /// Returns the encoder whose values the head takes, and the number of values per text,
    /// sentence or token.
    pub fn encoder(&self) -> EncoderRef {
        let of_states = |head: &EntityHead| EncoderRef {
            name: head.provenance().encoder.clone(),
            dimension: head.dimension(),
        };
        self.file().map_or_else(of_states, |file| file.encoder.clone())
    }

    /// Returns the SHA-256 of the training data.
    pub fn data_sha256(&self) -> &str {
        self.file().map_or_else(|head| &head.provenance().data_sha256, |file| &file.data.sha256)
    }

    /// Returns the number of training texts.
    pub fn examples(&self) -> usize {
        self.file().map_or_else(|head| head.provenance().texts, |file| file.data.examples)
    }

    /// Returns the scores measured on texts that were held back.
    pub fn scores(&self) -> Scores {
        let of_names =
            |head: &EntityHead| scores(head.provenance().f1.map(|f1| ("f1", f64::from(f1))));
        self.file().map_or_else(of_names, |file| file.scores.clone())
    }

    fn file(&self) -> Result<&HeadFile, &EntityHead> {
        match self {
            Self::Sentiment(head) => Ok(head.file()),
            Self::Topics(head) => Ok(head.file()),
            Self::Entities(head) => Err(head),
        }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", self.task().head_name(), self.version())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heads_that_come_with_courant_are_read_and_written_again() {
        for encoder in ["all-MiniLM-L6-v2", "multilingual-e5-small"] {
            for task in HeadTask::ALL {
                let Some(head) = Head::built_in(task, encoder) else { continue };
                let is_for_both = task == HeadTask::Entities;
                let read = Head::read(&head.to_bytes()).unwrap();
                assert_eq!((read.task(), read.version()), (task, head.version()));
                assert!(!head.scores().is_empty(), "{head}");
                assert!(is_for_both || head.encoder().name == encoder, "{head}");
            }
        }
        assert!(Head::built_in(HeadTask::Topics, "all-MiniLM-L6-v2").is_none());
        assert!(Head::built_in(HeadTask::Topics, "multilingual-e5-small").is_some());
    }

    #[test]
    fn what_is_no_head_is_refused() {
        let shipped = sentiment::shipped("").replace(sentiment::NAME, "weather");
        assert!(matches!(Head::read(shipped.as_bytes()), Err(HeadError::Unknown(_))));
        assert!(matches!(Head::read(&[0xff]), Err(HeadError::NoText)));
        assert!(matches!(Head::read(b"{}"), Err(HeadError::Form(_))));
        assert!(matches!(Head::read(b"{\"format\":\"x\"}"), Err(HeadError::Entities(_))));
    }
}
