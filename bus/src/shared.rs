//! The parts that everything on one bus shares.

use std::sync::Arc;

use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::Error;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::stages::{Stage, Table};
use crate::system::MessagingSystem;

/// Known to everything on one bus.
pub(crate) struct Shared {
    pub(crate) system: MessagingSystem,
    pub(crate) names: Names,
    pub(crate) table: Table,
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    pub(crate) closing: CancellationToken,
}

impl Shared {
    pub(crate) fn new(
        system: MessagingSystem,
        config: &Config,
        clock: Clock,
        meter: &Meter,
    ) -> Result<Arc<Self>, Error> {
        config.validate()?;
        Ok(Arc::new(Self {
            system,
            names: Names::new(&config.prefix),
            table: Table::new(&config.stages).map_err(Error::Stages)?,
            config: config.clone(),
            clock,
            metrics: Metrics::new(meter),
            closing: CancellationToken::new(),
        }))
    }

    /// # Errors
    /// [`Error::UnknownStage`] if no row of this bus is `stage`.
    pub(crate) fn check(&self, stage: Stage) -> Result<(), Error> {
        let known = self.table.stages().contains(&stage);
        if known { Ok(()) } else { Err(Error::UnknownStage(stage)) }
    }
}
