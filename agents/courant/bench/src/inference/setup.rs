//! The arguments of the benchmark, its models and its figures.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use courant::config_args::ConfigArgs;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Provider;
use courant_inference::{BareModel, Config, Deps, Encoder, Precision};
use courant_telemetry::Meters;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::texts::Text;
use crate::peer::PeerArg;

/// The number of clients, which keep the encoder's queue filled.
pub(super) const CLIENTS: usize = 128;

#[derive(Debug, Args)]
pub(crate) struct InferenceArgs {
    /// Texts per round
    #[arg(long, value_name = "N", default_value = "512")]
    pub(super) texts: usize,
    /// Rounds; the best one of each counts, as others may use the processor
    #[arg(long, value_name = "N", default_value = "3")]
    pub(super) rounds: usize,
    /// Runs of the memory test; 0 leaves it out
    #[arg(long, value_name = "N", default_value = "10000")]
    pub(super) runs: usize,
    /// NAME=COMMAND of a program to measure in turn with fp32: it is given a file with a
    /// text per line, and answers each line with the seconds that all of them took
    #[arg(long, value_name = "PEER")]
    pub(super) peer: Option<PeerArg>,
    /// Measure only the encoder, and on this provider: cpu, cuda or tensorrt
    #[arg(long, value_name = "PROVIDER", value_parser = parse)]
    pub(super) provider: Option<Provider>,
    /// Print the figures as JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// One line of the table.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    /// The bound that a ratio must meet; `None` for a figure that is only stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) goal: Option<&'static str>,
}

#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) sessions: usize,
    pub(super) texts: usize,
    /// The mean number of tokens per text, including special tokens.
    pub(super) mean_tokens: f64,
    pub(super) figures: Vec<Figure>,
}

impl Measured {
    pub(super) fn state(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit, goal: None });
    }

    pub(super) fn ratio(&mut self, what: impl Into<String>, value: f64, goal: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit: "×", goal: Some(goal) });
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sessions, texts, mean_tokens, .. } = self;
        writeln!(f, "{texts} texts of {mean_tokens:.0} tokens on average, {sessions} sessions\n")?;
        for Figure { what, value, unit, goal } in &self.figures {
            let digits = if *value < 100.0 { 2 } else { 0 };
            writeln!(f, "{what:<52} {value:>10.digits$} {unit:<8} {}", goal.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// The models of one run.
pub(super) struct Bench<'a> {
    pub(super) args: &'a InferenceArgs,
    pub(super) config: Config,
    pub(super) gpu: GpuConfig,
    pub(super) deps: Deps,
    pub(super) runtime: &'a Runtime,
    pub(super) texts: Arc<Vec<Text>>,
    pub(super) sessions: usize,
}

impl Bench<'_> {
    pub(super) fn encoder(&self, precision: Precision, sessions: usize) -> anyhow::Result<Encoder> {
        let config =
            Config { precision: precision.into(), sessions: Some(sessions), ..self.config.clone() };
        let meter = Meters::new("courant")?.meter();
        Encoder::load(&config, &self.gpu, &self.deps, &meter).context("cannot load the encoder")
    }

    pub(super) fn model(&self, precision: Precision) -> anyhow::Result<BareModel> {
        let config = Config { precision: precision.into(), ..self.config.clone() };
        BareModel::load(&config, &self.deps).context("cannot load the model")
    }

    /// Returns the texts per second of a run that took `time`.
    pub(super) fn rate(&self, time: Duration) -> f64 {
        self.texts.len() as f64 / time.as_secs_f64()
    }
}

/// Parses the name of a provider, as in records and labels.
fn parse(name: &str) -> Result<Provider, String> {
    let all = [Provider::Cpu, Provider::Cuda, Provider::TensorRt];
    let found = all.into_iter().find(|provider| provider.as_str() == name);
    found.ok_or_else(|| "it is cpu, cuda or tensorrt".to_owned())
}
