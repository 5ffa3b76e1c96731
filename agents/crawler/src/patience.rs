//! Retries of operations on a store that does not answer.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::outcome::{Ended, Failure};

const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) type Answered<T> = Result<T, courant_store::Error>;

/// Retries operations on the store for a limited time.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    lasts: Duration,
    /// Ends the retries: a shutdown does not wait for a store that may be away for long.
    stop: CancellationToken,
}

impl Patience {
    pub(crate) fn new(lasts: Duration, stop: CancellationToken) -> Self {
        Self { lasts, stop }
    }

    /// Repeats `attempt` until it succeeds, fails for good, or the time is over. After a stop, one
    /// last try is made.
    pub(crate) async fn keep_trying<T, F: Future<Output = Answered<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Answered<T> {
        let deadline = Instant::now() + self.lasts;
        loop {
            let is_last = self.stop.is_cancelled() || Instant::now() >= deadline;
            match attempt().await {
                Err(error) if error.is_transient() && !is_last => {
                    // The next try follows after the wait or after a stop.
                    let _ = tokio::time::timeout(RETRY_AFTER, self.stop.cancelled()).await;
                }
                ended => return ended,
            }
        }
    }

    /// Repeats `attempt` like [`Self::keep_trying`], but gives up at once on a stop.
    pub(crate) async fn keep_asking<T, F: Future<Output = Answered<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T, Ended> {
        let answered = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Ended::Interrupted),
            answered = self.keep_trying(attempt) => answered,
        };
        answered.map_err(|error| {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "the crawler cannot read its memory");
            Failure::Store.into()
        })
    }
}
