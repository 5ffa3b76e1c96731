//! Decides if the crawl may start more work.

use courant_service::{Control, Pace};
use tokio_util::sync::CancellationToken;

use crate::outcome::Ended;

/// The conditions for more work: the operator's pause, the pipeline's demand and the crawl's
/// own stop.
pub(crate) struct Intake {
    pub(crate) control: Control,
    pub(crate) pace: Pace,
    /// Cancelled by a shutdown or a failure: the crawl ends.
    pub(crate) stop: CancellationToken,
}

impl Intake {
    pub(crate) fn new(control: Control, stop: CancellationToken) -> Self {
        Self { control, pace: Pace::new(), stop }
    }

    /// Waits while the crawler is paused.
    pub(crate) async fn wait_while_paused(&self) -> Result<(), Ended> {
        if self.control.running().await { Ok(()) } else { Err(Ended::Interrupted) }
    }

    /// Waits while the crawler is paused or the pipeline wants no more.
    pub(crate) async fn wait_for_demand(&self) -> Result<(), Ended> {
        let demand = async {
            self.wait_while_paused().await?;
            self.pace.ready().await;
            Ok(())
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Ended::Interrupted),
            wanted = demand => wanted,
        }
    }
}
