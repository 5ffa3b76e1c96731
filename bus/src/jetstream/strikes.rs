//! Messages that come again, and the one among them that ends its process.
//!
//! The server counts what it sent: where a process dies over one message, it counts all that
//! this process had. So its count gives nothing up. Deliveries that ended with a failure are
//! noted here, and where the end of [`MOST_UNEXPLAINED`] of a message is not known, it is
//! handed out alone in its process, after a note of that: only what ends a process while it
//! is alone in it is counted further.

use async_nats::jetstream::stream::{LastRawMessageErrorKind, Stream};

use super::handle::{JetStream, failed};
use crate::error::{BoxError, Error};
use crate::message::{Envelope, Headers};
use crate::stages::Stage;

/// So often, deliveries may end without a word before a message is handed out alone: also the
/// last word of a process that is well may be lost.
const MOST_UNEXPLAINED: u32 = 2;

/// One delivery of a message, with the known ends of the earlier ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Strikes {
    stage: Stage,
    sequence: u64,
    /// The server's number of this delivery, from 1.
    delivered: u32,
    /// Deliveries that failed.
    failures: u32,
    /// Deliveries that began alone in their process, and did not end.
    alone: u32,
}

impl Strikes {
    /// Those of a first delivery.
    pub(super) fn none(stage: Stage, sequence: u64) -> Self {
        Self { stage, sequence, delivered: 1, failures: 0, alone: 0 }
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage
    }

    /// Returns true if this delivery must be alone in its process.
    pub(super) fn is_suspect(&self) -> bool {
        self.alone > 0 || self.unexplained() >= MOST_UNEXPLAINED
    }

    /// The number of this delivery where only those count that the message itself ended.
    /// Those of which one knows nothing use up one less than the `most` that it has.
    pub(super) fn attempt(&self, most: u32) -> u32 {
        let unexplained = self.unexplained().min(MOST_UNEXPLAINED).min(most.saturating_sub(1));
        1 + self.failures + self.alone + unexplained
    }

    fn unexplained(&self) -> u32 {
        (self.delivered - 1).saturating_sub(self.failures + self.alone)
    }

    fn payload(&self) -> Vec<u8> {
        format!("{} {}", self.failures, self.alone).into_bytes()
    }

    fn with(self, payload: &[u8]) -> Option<Self> {
        let (failures, alone) = std::str::from_utf8(payload).ok()?.split_once(' ')?;
        Some(Self { failures: failures.parse().ok()?, alone: alone.parse().ok()?, ..self })
    }
}

impl JetStream {
    /// Fills in what is noted of the message, of which this is delivery `delivered`.
    pub(super) async fn look_up(&self, strikes: &mut Strikes, delivered: u32) -> Result<(), Error> {
        strikes.delivered = delivered.max(1);
        let notes = self.notes().await?;
        match notes.get_last_raw_message_by_subject(&self.subject_of(strikes)).await {
            Ok(message) => *strikes = strikes.with(&message.payload).unwrap_or(*strikes),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {}
            Err(error) => return Err(failed("read the notes of a message", error)),
        }
        Ok(())
    }

    /// Notes that this delivery begins alone.
    pub(super) async fn begins_alone(&self, strikes: &Strikes) -> Result<(), BoxError> {
        self.note(Strikes { alone: strikes.alone + 1, ..*strikes }).await
    }

    /// Takes back that this delivery begins alone.
    pub(super) async fn does_not_begin(&self, strikes: &Strikes) -> Result<(), BoxError> {
        if strikes.is_suspect() { self.note(*strikes).await } else { Ok(()) }
    }

    /// Notes that this delivery failed; where it was alone, it did not end its process.
    pub(super) async fn has_failed(&self, strikes: &Strikes) -> Result<(), BoxError> {
        self.note(Strikes { failures: strikes.failures + 1, ..*strikes }).await
    }

    /// Forgets what is noted of a message that is settled.
    pub(super) async fn forget(&self, strikes: &Strikes) -> Result<(), BoxError> {
        if strikes.failures > 0 || strikes.is_suspect() {
            self.notes().await?.purge().filter(self.subject_of(strikes)).await?;
        }
        Ok(())
    }

    async fn note(&self, strikes: Strikes) -> Result<(), BoxError> {
        let envelope = Envelope { headers: Headers::default(), payload: strikes.payload().into() };
        self.store(&self.subject_of(&strikes), &envelope).await?;
        Ok(())
    }

    async fn notes(&self) -> Result<Stream<()>, Error> {
        let found = self.context.get_stream_no_info(self.shared.names.strikes()).await;
        found.map_err(|e| failed("find the notes of messages", e))
    }

    fn subject_of(&self, strikes: &Strikes) -> String {
        self.shared.names.strikes_of(strikes.stage.stream(), strikes.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strikes(delivered: u32, payload: &str) -> Strikes {
        let strikes = Strikes { delivered, ..Strikes::none(Stage::GATEWAY, 1) };
        strikes.with(payload.as_bytes()).unwrap()
    }

    #[test]
    fn a_bystander_is_never_used_up() {
        let of = |strikes: Strikes| (strikes.attempt(6), strikes.is_suspect());
        assert_eq!(of(strikes(1, "0 0")), (1, false));
        assert_eq!(of(strikes(2, "0 0")), (2, false));
        assert_eq!(of(strikes(3, "0 0")), (3, true));
        assert_eq!(of(strikes(90, "0 0")), (3, true));
        for most in 1..=3 {
            assert!(strikes(90, "0 0").attempt(most) <= most);
        }
    }

    #[test]
    fn failures_and_ends_while_it_was_alone_count() {
        let of = |strikes: Strikes| (strikes.attempt(6), strikes.is_suspect());
        assert_eq!(of(strikes(4, "3 0")), (4, false));
        assert_eq!(of(strikes(5, "0 2")), (5, true));
        assert_eq!(of(strikes(7, "1 3")), (7, true));
    }

    #[test]
    fn notes_come_back() {
        let noted = Strikes { failures: 4, alone: 2, ..Strikes::none(Stage::GATEWAY, 1) };
        let read = Strikes::none(Stage::GATEWAY, 1).with(&noted.payload()).unwrap();
        assert_eq!((read.failures, read.alone), (4, 2));
        for damaged in ["", "1", "a b", "-1 0"] {
            assert!(Strikes::none(Stage::GATEWAY, 1).with(damaged.as_bytes()).is_none());
        }
    }
}
