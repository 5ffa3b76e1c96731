//! The envelope of a message: headers and payload.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use courant_proto::Schema;
use opentelemetry::propagation::{Extractor, Injector};

use crate::error::{DecodeError, PublishError};

/// The largest size of a message, headers and payload: 1 MiB, the default limit of servers,
/// less the room for the headers of a dead letter.
pub const MAX_MESSAGE_BYTES: usize = (1 << 20) - DEAD_LETTER_RESERVE_BYTES;
const DEAD_LETTER_RESERVE_BYTES: usize = 16 << 10;
/// An error's text in a dead letter is cut here.
const MAX_ERROR_BYTES: usize = 4 << 10;

pub(crate) const MESSAGE_ID: &str = "Nats-Msg-Id";
pub(crate) const SCHEMA: &str = "Courant-Schema";
const CONTENT_TYPE: &str = "Content-Type";
pub(crate) const ERROR: &str = "Courant-Error";
pub(crate) const SUBJECT: &str = "Courant-Subject";
pub(crate) const DELIVERIES: &str = "Courant-Deliveries";
/// The time for which the sender of a request waits for the reply, in milliseconds.
const TIMEOUT: &str = "Courant-Timeout-Ms";
/// The message's own id in a dead letter, whose `Nats-Msg-Id` is another.
pub(crate) const ORIGINAL_ID: &str = "Courant-Message-Id";

/// The id of a message. A second message with the same id within the duplicate window is not
/// stored. `article id : revision : stage : model version` for articles.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageId(String);

impl MessageId {
    /// Makes an id from `id`. Control characters become `_`, because headers cannot carry them.
    pub fn new(id: impl Into<String>) -> Self {
        let id: String = id.into();
        if id.chars().any(char::is_control) {
            return Self(id.replace(char::is_control, "_"));
        }
        Self(id)
    }

    /// Returns the id of the message that `stage` publishes about one revision of an article.
    pub fn article(
        id: &impl fmt::Display,
        revision: impl fmt::Display,
        stage: impl fmt::Display,
        model_version: &str,
    ) -> Self {
        Self::new(format!("{id}:{revision}:{stage}:{model_version}"))
    }

    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the next replay: the window would swallow the same id again.
    pub(crate) fn replayed(&self) -> Self {
        let count = self.0.rsplit_once(":replay-").and_then(|(id, n)| Some((id, n.parse().ok()?)));
        let (id, replays): (&str, u32) = count.unwrap_or((&self.0, 0));
        Self(format!("{id}:replay-{}", replays + 1))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Header names and values, few enough for a list. Names are compared without case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Headers(Vec<(String, String)>);

impl Headers {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn insert(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.0.push((name.to_owned(), value.replace(char::is_control, " ")));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    fn remove_prefixed(&mut self, prefix: &str) {
        let starts =
            |name: &str| name.get(..prefix.len()).is_some_and(|s| s.eq_ignore_ascii_case(prefix));
        self.0.retain(|(known, _)| !starts(known));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// As on the wire: a line per header.
    pub(crate) fn to_text(&self) -> String {
        self.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
    }

    /// The reverse of [`Self::to_text`].
    pub(crate) fn from_text(text: &str) -> Self {
        let pairs = text.lines().filter_map(|line| line.split_once(": "));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

impl Injector for Headers {
    fn set(&mut self, key: &str, value: String) {
        self.insert(key, &value);
    }
}

impl Extractor for Headers {
    fn get(&self, key: &str) -> Option<&str> {
        Self::get(self, key)
    }

    fn keys(&self) -> Vec<&str> {
        self.iter().map(|(name, _)| name).collect()
    }
}

/// A message as it travels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope {
    pub(crate) headers: Headers,
    pub(crate) payload: Bytes,
}

impl Envelope {
    /// Wraps `message` with its schema, its id and the current trace context.
    pub(crate) fn seal<M: Schema>(
        id: Option<&MessageId>,
        message: &M,
    ) -> Result<Self, PublishError> {
        let mut headers = Headers::default();
        if let Some(id) = id {
            headers.insert(MESSAGE_ID, id.as_str());
        }
        headers.insert(SCHEMA, M::NAME);
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.inject(&mut headers);
        });
        let envelope = Self { headers, payload: message.encode_to_vec().into() };
        match envelope.size_bytes() {
            size if size <= MAX_MESSAGE_BYTES => Ok(envelope),
            size_bytes => {
                Err(PublishError::TooLarge { size_bytes, limit_bytes: MAX_MESSAGE_BYTES })
            }
        }
    }

    /// Unwraps a message of version 1; without a schema it counts as that.
    pub(crate) fn open<M: Schema>(&self) -> Result<M, DecodeError> {
        match self.headers.get(SCHEMA) {
            Some(found) if found != M::NAME => {
                Err(DecodeError::Schema { found: found.to_owned(), expected: M::NAME })
            }
            _ => Ok(M::decode(self.payload.clone())?),
        }
    }

    /// Returns true if the publisher says that the payload is JSON.
    pub(crate) fn is_json(&self) -> bool {
        let media_type = self.headers.get(CONTENT_TYPE).and_then(|value| value.split(';').next());
        media_type.is_some_and(|found| found.trim().eq_ignore_ascii_case("application/json"))
    }

    pub(crate) fn message_id(&self) -> Option<MessageId> {
        self.headers.get(MESSAGE_ID).map(MessageId::new)
    }

    /// The same as a request that is waited for so long.
    pub(crate) fn awaited_for(mut self, timeout: Duration) -> Self {
        self.headers.insert(TIMEOUT, &timeout.as_millis().to_string());
        self
    }

    /// The time for which the reply is awaited, if the request says so.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.headers.get(TIMEOUT)?.parse().ok().map(Duration::from_millis)
    }

    pub(crate) fn trace_context(&self) -> opentelemetry::Context {
        opentelemetry::global::get_text_map_propagator(|propagator| {
            propagator.extract_with_context(&opentelemetry::Context::new(), &self.headers)
        })
    }

    pub(crate) fn size_bytes(&self) -> usize {
        // "NATS/1.0\r\n", the empty line, and four characters per header.
        let headers: usize = self.headers.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        12 + headers + self.payload.len()
    }

    /// The dead letter of this message: the same payload, and why it failed.
    /// `letter_id` is the same however often the same delivery is given up.
    pub(crate) fn into_dead_letter(
        mut self,
        letter_id: &MessageId,
        subject: &str,
        deliveries: u32,
        error: &str,
    ) -> Self {
        let id = self.message_id();
        // A publisher's expectations of the first stream must not bind the second.
        self.headers.remove_prefixed("Nats-");
        if let Some(id) = id {
            self.headers.insert(ORIGINAL_ID, id.as_str());
        }
        self.headers.insert(MESSAGE_ID, letter_id.as_str());
        self.headers.insert(ERROR, cut(error));
        self.headers.insert(SUBJECT, subject);
        self.headers.insert(DELIVERIES, &deliveries.to_string());
        self
    }

    /// The message of this dead letter, under a new id.
    pub(crate) fn into_replay(mut self, sequence: u64) -> Self {
        let id = self.headers.get(ORIGINAL_ID).map(MessageId::new);
        let id = id.unwrap_or_else(|| MessageId(format!("dlq-{sequence}")));
        self.headers.insert(MESSAGE_ID, id.replayed().as_str());
        for name in [ERROR, SUBJECT, DELIVERIES, ORIGINAL_ID] {
            self.headers.remove(name);
        }
        self
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_ERROR_BYTES)]
}

#[cfg(test)]
mod tests {
    use courant_proto::v1;

    use super::*;

    fn entry() -> v1::Entry {
        v1::Entry { submission_id: "s-1".into(), text: "Text.".into(), ..Default::default() }
    }

    #[test]
    fn a_sealed_message_opens_as_what_it_is_and_as_nothing_else() {
        let envelope = Envelope::seal(Some(&MessageId::new("a")), &entry()).unwrap();
        assert_eq!(envelope.open::<v1::Entry>().unwrap(), entry());
        let other = envelope.open::<v1::ArticleAccepted>();
        assert!(matches!(other, Err(DecodeError::Schema { .. })));
    }

    #[test]
    fn a_message_without_schema_counts_as_version_1() {
        let mut envelope = Envelope::seal(None, &entry()).unwrap();
        envelope.headers.remove(SCHEMA);
        assert_eq!(envelope.open::<v1::Entry>().unwrap(), entry());
    }

    #[test]
    fn what_no_server_takes_is_refused_before_it_is_sent() {
        let huge = v1::Entry { text: "x".repeat(MAX_MESSAGE_BYTES), ..entry() };
        assert!(matches!(Envelope::seal(None, &huge), Err(PublishError::TooLarge { .. })));
    }

    #[test]
    fn a_dead_letter_of_the_largest_message_still_fits() {
        let envelope =
            Envelope { payload: vec![0; MAX_MESSAGE_BYTES - 12].into(), ..Default::default() };
        let id = MessageId::new("dlq:COURANT_ENTRY:1");
        let error = "ö".repeat(100_000);
        let letter = envelope.into_dead_letter(&id, "courant.entry.submitted", 6, &error);
        assert!(letter.size_bytes() <= 1 << 20);
    }

    #[test]
    fn each_replay_has_an_id_of_its_own() {
        let first = MessageId::new("a:1").replayed();
        assert_eq!(first.as_str(), "a:1:replay-1");
        assert_eq!(first.replayed().as_str(), "a:1:replay-2");
        assert_eq!(MessageId::new("x:replay-y").replayed().as_str(), "x:replay-y:replay-1");
    }

    #[test]
    fn headers_survive_their_text_form_whatever_is_in_them() {
        let mut headers = Headers::default();
        headers.insert("Courant-Error", "two\r\nlines: ü");
        let back = Headers::from_text(&headers.to_text());
        assert_eq!(back.get("courant-error"), Some("two  lines: ü"));
    }
}
