//! Logs to standard error, with a filter that can be changed while running.

use std::io::IsTerminal;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

use crate::{Config, Error, traces::Traces};

/// The form of a line of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

type Reload = Arc<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>;

/// Changes what the process logs.
#[derive(Clone)]
pub struct LogFilter {
    current: Arc<std::sync::Mutex<String>>,
    reload: Reload,
}

impl LogFilter {
    /// Makes a filter that is not connected to a log, for tests.
    pub fn detached() -> Self {
        Self { current: Arc::default(), reload: Arc::new(|_| Ok(())) }
    }

    /// Replaces the filter and returns the previous one.
    ///
    /// # Errors
    /// [`Error::Filter`] if `filter` is not valid. Nothing changes then.
    pub fn set(&self, filter: &str) -> Result<String, Error> {
        let parsed = parse(filter)?;
        let refused = |reason: String| Error::Filter { filter: filter.to_owned(), reason };
        let mut current = self.current.lock().map_err(|e| refused(e.to_string()))?;
        (self.reload)(parsed).map_err(|e| refused(e.to_string()))?;
        Ok(std::mem::replace(&mut *current, filter.to_owned()))
    }
}

pub(crate) fn parse(filter: &str) -> Result<EnvFilter, Error> {
    EnvFilter::try_new(filter)
        .map_err(|e| Error::Filter { filter: filter.to_owned(), reason: e.to_string() })
}

/// The filter is that of the lines alone: traces do not hang on it.
pub(crate) fn init(config: &Config, traces: Option<&Traces>) -> Result<LogFilter, Error> {
    let (filter, handle) = reload::Layer::<EnvFilter, Registry>::new(parse(&config.log)?);
    let is_coloured = std::io::stderr().is_terminal();
    // A log that cannot be written stops no work: telling of it on the same output would panic.
    let lines = fmt::layer().with_writer(std::io::stderr).log_internal_errors(false);
    let lines = lines.with_ansi(is_coloured);
    let lines = match config.format {
        LogFormat::Text => lines.with_target(false).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .with(traces.map(Traces::layer))
        .try_init()
        .map_err(Error::Twice)?;
    Ok(LogFilter {
        current: Arc::new(std::sync::Mutex::new(config.log.clone())),
        reload: Arc::new(move |filter| handle.reload(filter)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_and_the_old_one_stays() {
        let filter = LogFilter::detached();
        assert_eq!(filter.set("debug").unwrap(), "");
        assert!(matches!(filter.set("courant=loud"), Err(Error::Filter { .. })));
        assert_eq!(filter.set("info").unwrap(), "debug");
    }
}
