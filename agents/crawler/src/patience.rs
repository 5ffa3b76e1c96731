//! Patience with a store that does not answer.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::outcome::{Ended, Failure};

const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) type Answered<T> = Result<T, courant_store::Error>;

/// The time for which a store that does not answer is tried again.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    lasts: Duration,
    /// Ends it: a drain does not wait for a store that may be long in coming.
    stop: CancellationToken,
}

impl Patience {
    pub(crate) fn new(lasts: Duration, stop: CancellationToken) -> Self {
        Self { lasts, stop }
    }

    /// Tries until it succeeds, is hopeless, or the patience is at its end. A stop
    /// leaves one last try.
    pub(crate) async fn keep_trying<T, F: Future<Output = Answered<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Answered<T> {
        let deadline = Instant::now() + self.lasts;
        loop {
            let is_last = self.stop.is_cancelled() || Instant::now() >= deadline;
            match attempt().await {
                Err(error) if error.is_transient() && !is_last => {
                    // Either way the next try follows.
                    let _ = tokio::time::timeout(RETRY_AFTER, self.stop.cancelled()).await;
                }
                ended => return ended,
            }
        }
    }

    /// The same for what is not needed any more after a stop.
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
