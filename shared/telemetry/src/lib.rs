//! Logs, traces, meters and the clock of one process.
//!
//! `main` calls [`Telemetry::init`] once. All other code gets a [`Meter`] or a [`Clock`] passed
//! in.

mod clock;
mod logs;
mod meters;
mod process;
mod traces;

use courant_config::{Ranged, Ranges};
use opentelemetry::metrics::Meter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use clock::Clock;
pub use logs::{LogFilter, LogFormat};
pub use meters::Meters;

/// The section `[telemetry]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The filter of the log, such as `info,courant_bus=debug`. An operator can change it while
    /// the process runs. The default is `info`, without the messages of ONNX Runtime at each
    /// start.
    pub log: String,
    /// `text` for people, `json` (one object a line) for programs.
    pub format: LogFormat,
    /// The URL of the trace collector, such as `http://127.0.0.1:4317` (OTLP over gRPC). If it
    /// is absent, no traces are made.
    pub otlp_endpoint: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log: "info,ort=warn,tokio_postgres=warn".into(),
            format: LogFormat::Text,
            otlp_endpoint: None,
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        let (log, endpoint) = (&self.log, self.otlp_endpoint.as_deref());
        let is_filter = logs::parse(log).is_ok();
        ranges.rule(
            "log",
            format_args!("{log:?}"),
            "a filter, as `info,courant_bus=debug`",
            is_filter,
        );
        let is_url =
            endpoint.is_none_or(|url| ["http://", "https://"].iter().any(|s| url.starts_with(s)));
        let shown = format_args!("{:?}", endpoint.unwrap_or_default());
        ranges.rule("otlp_endpoint", shown, "a URL of http or https", is_url);
    }
}

/// The reasons why telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `log` is not a valid filter.
    #[error("invalid log filter {filter:?}: {reason}")]
    Filter {
        /// The filter that was given.
        filter: String,
        /// The reason why it is invalid.
        reason: String,
    },
    /// A second call in one process.
    #[error("telemetry was set up already")]
    Twice(#[source] tracing_subscriber::util::TryInitError),
    /// The exporter of traces cannot be built.
    #[error("cannot send traces to {endpoint}")]
    Otlp {
        /// The endpoint that was given.
        endpoint: String,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The metrics registry refused a collector.
    #[error("cannot collect metrics")]
    Metrics(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The logs, traces and metrics of a process.
pub struct Telemetry {
    meters: Meters,
    filter: LogFilter,
    traces: Option<traces::Traces>,
}

impl Telemetry {
    /// Sets up logs, traces and meters for the process `service`, such as
    /// `courant-crawler`. Logs go to standard error.
    ///
    /// # Errors
    /// See [`Error`]. Nothing is reached over the network yet.
    pub fn init(service: &'static str, config: &Config) -> Result<Self, Error> {
        let traces = config
            .otlp_endpoint
            .as_deref()
            .map(|endpoint| traces::Traces::to(endpoint, service))
            .transpose()?;
        let filter = logs::init(config, traces.as_ref())?;
        Ok(Self { meters: Meters::new(service)?, filter, traces })
    }

    /// Returns the meter for the instruments of `metrics.rs`.
    pub fn meter(&self) -> Meter {
        self.meters.meter()
    }

    /// Returns the meters that `/metrics` shows.
    pub fn meters(&self) -> Meters {
        self.meters.clone()
    }

    /// Returns the handle that changes the log filter at run time.
    pub fn log_filter(&self) -> LogFilter {
        self.filter.clone()
    }

    /// Sends the buffered traces. `main` calls this last, whatever its result.
    pub fn flush(self) {
        if let Some(traces) = self.traces {
            traces.flush();
        }
    }
}
