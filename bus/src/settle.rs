//! Settling a delivery where it came from.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::error::BoxError;
use crate::message::Envelope;

/// The right to settle one delivery, handed out with it by a back end.
pub(crate) trait Settle: Send + Sync {
    /// Takes `step`, and waits for the back end's confirmation; a report of progress
    /// is not confirmed.
    ///
    /// # Errors
    /// The back end's own: the delivery comes again, or was settled after all.
    fn settle(&self, step: Step) -> BoxFuture<'_, Result<(), BoxError>>;
}

/// A step in the life of a delivery.
#[derive(Debug)]
pub(crate) enum Step {
    /// It was handled.
    Acknowledge,
    /// Deliver it again after this time.
    Retry(Duration),
    /// It was not started: give it to another at once, without counting it.
    Release,
    /// It is still being handled.
    Progress,
    /// Keep this letter about it, then forget it.
    Bury(Envelope),
}
