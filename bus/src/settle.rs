//! Settles a delivery at the back end that it came from.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::error::BoxError;
use crate::message::Envelope;

/// The right to settle one delivery, handed out with it by a back end.
pub(crate) trait Settle: Send + Sync {
    /// Performs `step` and waits for the confirmation of the back end. Progress reports are not
    /// confirmed.
    ///
    /// # Errors
    /// An error of the back end. The message is delivered again, or was settled after all.
    fn settle(&self, step: SettleStep) -> BoxFuture<'_, Result<(), BoxError>>;
}

/// A step in the life of a delivery.
#[derive(Debug)]
pub(crate) enum SettleStep {
    /// The message was handled.
    Acknowledge,
    /// Deliver it again after this time.
    Retry(Duration),
    /// The delivery was not started. The message is delivered to another consumer at once, and
    /// this delivery does not count.
    Release,
    /// The message is still being handled.
    Progress,
    /// Store this dead letter, then remove the message.
    Bury(Envelope),
}
