//! Durable consumers. A consumer belongs to a stage, or to all followers of one name.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::StringValue;

use crate::error::Error;
use crate::stages::{Stage, Stream, Table};
use crate::subject::Subject;

/// A follower name is forgotten when nobody uses it for this long.
pub(crate) const UNUSED: Duration = Duration::from_secs(8 * 86_400);

/// A durable consumer of one stream.
#[derive(Clone, Debug)]
pub(crate) enum Consumer {
    /// The consumer of a stage, which gives a message up after the last delivery.
    Stage(Stage),
    /// The consumer of followers, which retries a message for as long as the stream keeps it.
    Follower(Arc<Follower>),
}

/// A name under which messages are followed.
#[derive(Debug)]
pub(crate) struct Follower {
    pub(crate) name: Arc<str>,
    pub(crate) stream: Stream,
    pub(crate) subjects: Vec<Subject>,
}

impl Follower {
    /// # Errors
    /// [`Error::Follower`] if `name` is none,
    /// [`Error::WrongSubject`] if `subjects` are not all kept by one stream.
    pub(crate) fn new(name: &str, subjects: &[Subject], table: &Table) -> Result<Self, Error> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if name.is_empty() || name.len() > 32 || !name.chars().all(allowed) {
            return Err(Error::Follower(name.to_owned()));
        }
        let stream = kept_by(subjects, table)?;
        Ok(Self { name: name.into(), stream, subjects: subjects.to_vec() })
    }
}

/// The stream that keeps all of `subjects`.
///
/// # Errors
/// [`Error::WrongSubject`] names the first subject that it does not keep.
pub(crate) fn kept_by(subjects: &[Subject], table: &Table) -> Result<Stream, Error> {
    let kept = |subject: &Subject| table.stream_of(*subject).filter(|stream| !stream.is_queue());
    let first = subjects.first().ok_or(Error::NoSubject)?;
    let stream = kept(first).ok_or(Error::WrongSubject(*first))?;
    match subjects.iter().find(|subject| kept(subject) != Some(stream)) {
        Some(other) => Err(Error::WrongSubject(*other)),
        None => Ok(stream),
    }
}

impl Consumer {
    pub(crate) fn stream(&self) -> Stream {
        match self {
            Self::Stage(stage) => stage.stream(),
            Self::Follower(follower) => follower.stream,
        }
    }

    /// The stage, if it is one's.
    pub(crate) fn stage(&self) -> Option<Stage> {
        match self {
            Self::Stage(stage) => Some(*stage),
            Self::Follower(_) => None,
        }
    }

    /// The name in metrics.
    pub(crate) fn label(&self) -> StringValue {
        match self {
            Self::Stage(stage) => stage.as_str().into(),
            Self::Follower(follower) => Arc::clone(&follower.name).into(),
        }
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stage(stage) => stage.fmt(f),
            Self::Follower(follower) => f.write_str(&follower.name),
        }
    }
}
