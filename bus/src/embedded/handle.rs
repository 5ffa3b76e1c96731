//! The handle that the parts of the embedded bus share.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use super::exchange::Exchange;
use super::spool::Spool;
use super::tables::Abandoned;
use crate::consumer::Consumer;
use crate::error::SpoolError;
use crate::shared::Shared;
use crate::stages::Stage;

pub(crate) struct EmbeddedBus {
    pub(super) shared: Arc<Shared>,
    pub(super) spool: Spool,
    pub(super) exchange: Exchange,
    /// Why no work can be taken out of the spool, while that is so.
    trouble: watch::Sender<Option<SpoolError>>,
}

impl EmbeddedBus {
    /// Waits for the spool's thread to open the file.
    pub(crate) fn open(shared: Arc<Shared>, path: &Path) -> Result<Self, SpoolError> {
        let spool = Spool::open(Arc::clone(&shared), path.to_owned())?;
        Ok(Self { shared, spool, exchange: Exchange::default(), trouble: watch::Sender::new(None) })
    }

    /// Notes whether work can be taken; tells of a change once, not of every try.
    pub(super) fn note(&self, error: Option<&SpoolError>) {
        self.trouble.send_if_modified(|trouble| {
            let changed = trouble.is_some() != error.is_some();
            match error {
                Some(error) if changed => tracing::error!(
                    error = error as &dyn std::error::Error,
                    "cannot take work out of the spool"
                ),
                None if changed => tracing::warn!("work can be taken out of the spool again"),
                _ => {}
            }
            *trouble = error.cloned();
            changed
        });
    }

    /// Completes when no work can be taken out of the spool.
    pub(crate) async fn stuck(&self) -> SpoolError {
        let mut trouble = self.trouble.subscribe();
        match trouble.wait_for(Option::is_some).await.map(|error| error.clone()) {
            Ok(Some(error)) => error,
            Ok(None) | Err(_) => SpoolError::Closed,
        }
    }

    pub(super) fn report(&self, stage: Stage, abandoned: &[Abandoned]) {
        for Abandoned { sequence, deliveries } in abandoned {
            tracing::error!(%stage, sequence, deliveries, "a message was given up because it was never settled");
            self.shared.metrics.given_up(&Consumer::Stage(stage), "abandoned");
        }
    }
}
