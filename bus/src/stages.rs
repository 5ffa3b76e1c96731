//! The table of stages. A new stage needs one row here, and a crate that consumes it. Streams,
//! consumers, limits, dead letters, metrics and back-pressure follow from the table.

use std::fmt;

use crate::limits::{MIB, QueueLimits};
use crate::subject::Subject;

/// A stream of messages, named without the prefix of the pipeline, such as `ENTRY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stream {
    name: &'static str,
    limits: Option<QueueLimits>,
}

/// A consumer of a work queue: one row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stage {
    name: &'static str,
    stream: Stream,
    subjects: &'static [Subject],
    consumer: &'static str,
    backpressure: bool,
}

/// Makes each row a constant of [`Stage`], and all of them [`Stage::ALL`].
macro_rules! table {
    ($($(#[$doc:meta])* $name:ident = $row:expr;)*) => {
        impl Stage {
            $($(#[$doc])* pub const $name: Self = $row;)*

            /// Every stage of the product, in the order of an article's way.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

table! {
    /// Decides on `entry.submitted`.
    GATEWAY = Stage::new("gateway", Stream::new("ENTRY"), &[Subject::ENTRY_SUBMITTED]).pressing();
    /// Embeds `article.accepted`.
    EMBEDDER = Stage::new("embedder", Stream::new("ACCEPTED"), &[Subject::ARTICLE_ACCEPTED]).pressing();
    /// Analyzes `article.embedded`.
    ANALYST = Stage::new("analyst", Stream::new("EMBEDDED"), &[Subject::ARTICLE_EMBEDDED]).pressing();
    /// Stores `article.analyzed`.
    STORAGE = Stage::new("storage", Stream::new("ANALYZED"), &[Subject::ARTICLE_ANALYZED]).pressing();
    /// Fetches `crawl.requested` now.
    CRAWLER = Stage::new("crawler", Stream::limited("CRAWL", FEW), &[Subject::CRAWL_REQUESTED]);
    /// Deletes articles on command.
    STORAGE_COMMANDS =
        Stage::new("storage_commands", COMMANDS, &[Subject::DELETE_ARTICLES]).consumed_by("storage");
    /// Computes vectors again on command.
    EMBEDDER_COMMANDS =
        Stage::new("embedder_commands", COMMANDS, &[Subject::REEMBED_ARTICLES]).consumed_by("embedder");
    /// Delivers `alert.raised`.
    COURIER = Stage::new("courier", Stream::limited("ALERTS", FEW), &[Subject::ALERT_RAISED]);
}

/// Limits of a queue that people fill, not feeds.
const FEW: QueueLimits = QueueLimits { max_messages: 10_000, max_bytes: 64 * MIB };
const COMMANDS: Stream = Stream::limited("COMMANDS", FEW);

/// Everything that [`Stream::EVENTS`] keeps.
const EVENTS: [Subject; 5] = [
    Subject::ARTICLE_STORED,
    Subject::ARTICLE_DELETED,
    Subject::ENTRY_DECIDED,
    Subject::STORY_CHANGED,
    Subject::MODELS,
];

impl Stream {
    /// The stream that keeps events for their followers.
    pub const EVENTS: Self = Self::new("EVENTS");
    /// The stream of dead letters: messages that could not be handled, with their errors.
    pub const DEAD_LETTERS: Self = Self::new("DLQ");

    /// Defines a work queue. `name`: upper-case letters, digits or `_`. The limits are those of
    /// `[bus.queue]`, unless `[bus.limits]` has an entry under the lower-case name.
    pub const fn new(name: &'static str) -> Self {
        Self { name, limits: None }
    }

    /// Defines a work queue with limits of its own, unless `[bus.limits]` has an entry for it.
    pub const fn limited(name: &'static str, limits: QueueLimits) -> Self {
        Self { name, limits: Some(limits) }
    }

    /// Returns the name without the prefix, such as `ENTRY`.
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// The limits of its row, if any.
    pub(crate) fn limits(self) -> Option<QueueLimits> {
        self.limits
    }

    /// The key of its limits in `[bus.limits]`, as `entry`.
    pub(crate) fn key(self) -> String {
        self.name.to_lowercase()
    }

    /// True if each message waits for one consumer; false if it is kept for everyone.
    pub(crate) fn is_queue(self) -> bool {
        self.name != Self::EVENTS.name && self.name != Self::DEAD_LETTERS.name
    }
}

impl Stage {
    /// Defines a stage: `name` consumes `subjects` from the work queue `stream`. `subjects`
    /// must hold at least one subject, no patterns, and no subject of another stage.
    pub const fn new(name: &'static str, stream: Stream, subjects: &'static [Subject]) -> Self {
        assert!(!subjects.is_empty(), "a stage consumes a subject");
        Self { name, stream, subjects, consumer: name, backpressure: false }
    }

    /// Gives the durable consumer another name than the stage.
    pub const fn consumed_by(self, consumer: &'static str) -> Self {
        Self { consumer, ..self }
    }

    /// Asks publishers to wait while the queue of this stage is full or old.
    pub const fn pressing(self) -> Self {
        Self { backpressure: true, ..self }
    }

    /// Returns the name in metrics, logs and dead letters, such as `gateway`.
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// Returns the consumed subject, or the first of several.
    pub const fn subject(self) -> Subject {
        self.subjects[0]
    }

    /// Returns every consumed subject.
    pub const fn subjects(self) -> &'static [Subject] {
        self.subjects
    }

    /// Returns the work queue of the stage.
    pub const fn stream(self) -> Stream {
        self.stream
    }

    /// Returns true if publishers are asked to wait while the queue of this stage is full or
    /// old.
    pub const fn is_pressing(self) -> bool {
        self.backpressure
    }

    /// The name of its durable consumer.
    pub(crate) const fn consumer(self) -> &'static str {
        self.consumer
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The rows that one bus works with, checked.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    stages: Vec<Stage>,
    streams: Vec<Stream>,
}

impl Table {
    /// # Errors
    /// Says which rule two rows break.
    pub(crate) fn new(stages: &[Stage]) -> Result<Self, &'static str> {
        let mut streams: Vec<Stream> = Vec::new();
        for (n, stage) in stages.iter().enumerate() {
            stages[..n].iter().try_for_each(|other| agree(stage, other))?;
            if !stage.stream.is_queue() || stage.subjects.iter().any(|one| one.is_pattern()) {
                return Err("a stage must consume single subjects of a work queue");
            }
            if !streams.contains(&stage.stream) {
                streams.push(stage.stream);
            }
        }
        streams.extend([Stream::EVENTS, Stream::DEAD_LETTERS]);
        Ok(Self { stages: stages.to_vec(), streams })
    }

    /// Every row, in order.
    pub(crate) fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// Every stream, the work queues first.
    pub(crate) fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The consumers of `stream`; none of one that keeps events or dead letters.
    pub(crate) fn stages_of(&self, stream: Stream) -> impl Iterator<Item = Stage> {
        self.stages.iter().copied().filter(move |stage| stage.stream == stream)
    }

    /// Everything that `stream` stores.
    pub(crate) fn subjects_of(&self, stream: Stream) -> Vec<Subject> {
        match stream {
            Stream::EVENTS => EVENTS.to_vec(),
            Stream::DEAD_LETTERS => vec![Subject::DEAD_LETTERS],
            _ => self.stages_of(stream).flat_map(|stage| stage.subjects).copied().collect(),
        }
    }

    /// The stream that stores `subject`; `None` where nothing does.
    pub(crate) fn stream_of(&self, subject: Subject) -> Option<Stream> {
        let stores = |stream: &Stream| {
            self.subjects_of(*stream).iter().any(|stored| stored.covers(subject.as_str()))
        };
        self.streams.iter().copied().find(stores)
    }

    /// The subject of this name that some stage consumes.
    pub(crate) fn subject(&self, name: &str) -> Option<Subject> {
        let mut subjects = self.stages.iter().flat_map(|stage| stage.subjects);
        subjects.find(|subject| subject.as_str() == name).copied()
    }
}

fn agree(stage: &Stage, other: &Stage) -> Result<(), &'static str> {
    if stage.name == other.name {
        return Err("two stages have one name");
    }
    if stage.subjects.iter().any(|subject| other.subjects.contains(subject)) {
        return Err("two stages consume one subject");
    }
    let same_stream = stage.stream.name == other.stream.name;
    if same_stream && stage.stream != other.stream {
        return Err("two stages give one stream different limits");
    }
    if same_stream && stage.consumer == other.consumer {
        return Err("two stages have one consumer");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::new(Stage::ALL).unwrap()
    }

    #[test]
    fn every_stage_consumes_what_its_stream_stores() {
        for stage in Stage::ALL {
            for subject in stage.subjects() {
                assert_eq!(table().stream_of(*subject), Some(stage.stream()));
                assert_eq!(table().subject(subject.as_str()), Some(*subject));
            }
        }
    }

    #[test]
    fn streams_come_in_order_and_once() {
        let names: Vec<_> = table().streams().iter().map(|stream| stream.as_str()).collect();
        let queues = ["ENTRY", "ACCEPTED", "EMBEDDED", "ANALYZED", "CRAWL", "COMMANDS", "ALERTS"];
        assert_eq!(names[..7], queues);
        assert_eq!(names[7..], ["EVENTS", "DLQ"]);
        assert_eq!(table().stages_of(COMMANDS).count(), 2);
    }

    #[test]
    fn events_are_stored_and_what_only_passes_is_not() {
        let table = table();
        assert_eq!(table.stream_of(Subject::new("model.promoted")), Some(Stream::EVENTS));
        assert_eq!(table.stream_of(Subject::DEAD_LETTERS), Some(Stream::DEAD_LETTERS));
        assert_eq!(table.stream_of(Subject::REQUEST_EMBED), None);
        assert_eq!(table.stream_of(Subject::CONTROL_PRESSURE), None);
    }

    #[test]
    fn rows_that_contradict_each_other_are_refused() {
        let twin = Stage::new("twin", Stream::new("TWIN"), &[Subject::ENTRY_SUBMITTED]);
        assert!(Table::new(&[Stage::GATEWAY, twin]).is_err());
        const OTHER: &[Subject] = &[Subject::new("other.asked")];
        let other = Stage::new("other", Stream::new("ENTRY"), OTHER);
        assert!(Table::new(&[Stage::GATEWAY, other]).is_ok());
        assert!(Table::new(&[Stage::GATEWAY, other.consumed_by("gateway")]).is_err());
        let events = Stage::new("events", Stream::EVENTS, &[Subject::ARTICLE_STORED]);
        assert!(Table::new(&[events]).is_err());
    }
}
