//! Measures the encoder alone, on one provider. `scripts/gpu-check` compares these figures.

use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use courant_article::TextKind;
use courant_config::Document;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Provider;
use courant_inference::{BareModel, Config, Deps, Encoder, Priority};
use courant_telemetry::Meters;
use tokio::runtime::Runtime;

use super::arrivals::{self, quantile};
use super::setup::{CLIENTS, InferenceArgs, Measured};
use super::texts;

/// The number of texts that are embedded one by one, for the latency.
const ALONE: usize = 64;

/// Measures the texts per second with many clients, and the time of one text with a single client.
///
/// # Errors
/// Fails if the encoder cannot be loaded, or runs on another provider.
pub(super) fn measure(
    args: &InferenceArgs,
    document: &Document,
    runtime: &Runtime,
    provider: Provider,
) -> anyhow::Result<Measured> {
    let config = Config { result_cache_mb: 0, ..document.section("inference")? };
    let deps = Deps::resolve();
    let model = BareModel::load(&config, &deps).context("cannot load the model")?;
    let texts = Arc::new(texts::mixed(&model, args.texts, 1)?);
    let encoder = load(&config, &document.section("gpu")?, &deps, provider)?;
    let tokens: usize = texts.iter().map(|text| text.tokens.len()).sum();
    let mut measured = Measured {
        sessions: config.session_count(provider),
        texts: args.texts,
        mean_tokens: tokens as f64 / texts.len() as f64,
        figures: Vec::new(),
    };
    let mut best = 0.0_f64;
    // The first round also loads what the device loads late.
    for _ in 0..=args.rounds {
        let took = runtime.block_on(arrivals::clients(&encoder, &texts, CLIENTS))?;
        best = best.max(texts.len() as f64 / took.as_secs_f64());
    }
    measured.state(format!("{provider}, {CLIENTS} clients"), best, "texts/s");
    let mut alone = Vec::new();
    for text in texts.iter().take(ALONE) {
        let start = Instant::now();
        runtime.block_on(encoder.embed(
            vec![text.text.clone()],
            TextKind::Document,
            Priority::Query,
        ))?;
        alone.push(start.elapsed());
    }
    for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
        let milliseconds = quantile(&mut alone, share).as_secs_f64() * 1e3;
        measured.state(format!("{provider}, one text alone, {name}"), milliseconds, "ms");
    }
    Ok(measured)
}

fn load(
    config: &Config,
    gpu: &GpuConfig,
    deps: &Deps,
    provider: Provider,
) -> anyhow::Result<Encoder> {
    let on_cpu = provider == Provider::Cpu;
    let gpu = GpuConfig {
        force_cpu: on_cpu,
        require_gpu: !on_cpu,
        tensorrt: provider == Provider::TensorRt,
        ..gpu.clone()
    };
    let meter = Meters::new("courant")?.meter();
    let encoder = Encoder::load(config, &gpu, deps, &meter).context("cannot load the encoder")?;
    let ran = &encoder.model().provider;
    ensure!(ran == provider.as_str(), "asked for {provider}, but {ran} runs");
    Ok(encoder)
}
