//! A classifier that reads two texts together.

use super::classify::start;
use super::config::{ClassifierConfig, NamedIn};
use super::files;
use super::labels::Reading;
use crate::Error;
use crate::device::host::ModelHost;
use crate::metrics::Metrics;
use crate::session::launch::{Opened, RunningSessions};

/// The least tokens of an input: half of them may be the query's.
const LEAST_TOKENS: usize = 16;

/// A sequence classifier with one or two labels, whose inputs are pairs of texts.
pub(crate) struct CrossEncoder {
    pub(crate) sessions: RunningSessions,
    /// The longest input, special tokens included.
    pub(crate) max_tokens: usize,
}

impl CrossEncoder {
    /// Loads the model and starts its threads. Blocks.
    ///
    /// # Errors
    /// The first thing that is wrong with the files, with their SHA-256, or with the graph.
    pub(crate) fn load(
        config: &ClassifierConfig,
        host: &ModelHost,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let place = NamedIn::Rerank;
        let located = files::locate(config, place, host)?;
        if !matches!(located.reading, Reading::Sequence(_)) {
            return Err(config.wrong(place, "model", "labels words, not whole texts"));
        }
        let opened = Opened::new(located.model, host)?;
        let max_tokens = opened.model.max_tokens;
        if max_tokens < LEAST_TOKENS {
            let reason = format!("is {max_tokens}, but must be {LEAST_TOKENS} or more");
            return Err(config.wrong(place, "max_tokens", &reason));
        }
        Ok(Self { sessions: start(config, opened, host, metrics)?, max_tokens })
    }
}
