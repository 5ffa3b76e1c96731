//! `courant-bench inference`: compares the encoder with loops over bare sessions in one run, on
//! texts as long as news texts.

mod agent;
mod arrivals;
mod loops;
mod provider;
mod setup;
mod soak;
pub(crate) mod texts;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant::{out, outln};
use courant_article::TextKind;
use courant_config::Document;
use courant_gpu_utils::Config as GpuConfig;
use courant_gpu_utils::device::Provider;
use courant_inference::{BareModel, Config, Deps, Encoder, Precision, Priority};
use courant_telemetry::Meters;
use tokio::runtime::Runtime;

use crate::peer::{PeerArg, PeerProcess};
pub(crate) use arrivals::quantile;
use loops::{Loop, Sessions};
pub(crate) use setup::InferenceArgs;
use setup::{Bench, CLIENTS, Measured};

/// The share of the encoder's capacity at which texts arrive when latencies are measured.
const LOAD: f64 = 0.8;

/// Measures and prints the figures.
pub(crate) fn run(args: &InferenceArgs) -> anyhow::Result<()> {
    ensure!(args.texts >= 32 && args.rounds > 0, "it takes 32 texts and 1 round at least");
    let document = args.config.load_quiet()?;
    let runtime = Runtime::new().context("cannot start the runtime")?;
    let measured = match args.provider {
        Some(provider) => provider::measure(args, &document, &runtime, provider)?,
        None => measure(args, &document, &runtime)?,
    };
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&measured)?);
    } else {
        out!("{measured}");
    }
    Ok(())
}

fn measure(
    args: &InferenceArgs,
    document: &Document,
    runtime: &Runtime,
) -> anyhow::Result<Measured> {
    let config = Config { result_cache_mb: 0, ..document.section("inference")? };
    // The loops run on the CPU, so the encoder does too.
    let gpu = GpuConfig { force_cpu: true, ..GpuConfig::default() };
    let deps = Deps::resolve();
    let model = BareModel::load(&config, &deps).context("cannot load the model")?;
    let texts = Arc::new(texts::mixed(&model, args.texts, 1)?);
    let sessions = config.session_count(Provider::Cpu);
    let bench = Bench { args, config, gpu, deps, runtime, texts, sessions };
    let tokens: usize = bench.texts.iter().map(|text| text.tokens.len()).sum();
    let mean_tokens = tokens as f64 / bench.texts.len() as f64;
    let mut measured = Measured { sessions, texts: args.texts, mean_tokens, figures: Vec::new() };
    let fp32 = bench.throughput(Precision::Fp32, None, &mut measured)?;
    let int8 = bench.throughput(Precision::Int8, Some(fp32.fifo8), &mut measured)?;
    if let Some(peer) = &args.peer {
        bench.peer(peer, &mut measured)?;
    }
    bench.cores(&mut measured)?;
    bench.latency(fp32.engine.max(1.0), &mut measured)?;
    bench.repeats(&mut measured)?;
    agent::measure(&bench, &mut measured)?;
    if args.runs > 0 {
        soak::measure(&bench, &mut measured)?;
    }
    measured.ratio("int8 against fp32, through the encoder", int8.engine / fp32.engine, "–");
    Ok(measured)
}

/// Texts per second.
struct Rates {
    engine: f64,
    fifo8: f64,
}

impl Bench<'_> {
    /// Measures the loops and the encoder in turn. The best round of each counts.
    fn throughput(
        &self,
        precision: Precision,
        fp32_fifo8: Option<f64>,
        measured: &mut Measured,
    ) -> anyhow::Result<Rates> {
        let encoder = self.encoder(precision, self.sessions)?;
        let mut sessions = Sessions::load(&self.model(precision)?, self.sessions)?;
        let mut best = [0.0_f64; Loop::ALL.len()];
        let mut engine = 0.0_f64;
        for _ in 0..self.args.rounds {
            for (best, kind) in best.iter_mut().zip(Loop::ALL) {
                *best = best.max(self.rate(sessions.time(kind, &self.texts)?));
            }
            let time = arrivals::clients(&encoder, &self.texts, CLIENTS);
            engine = engine.max(self.rate(self.runtime.block_on(time)?));
        }
        let [one_text, sorted, fifo8, fifo32] = best;
        for (rate, kind) in best.into_iter().zip(Loop::ALL) {
            measured.state(format!("{precision}, {}", kind.name()), rate, "texts/s");
        }
        measured.state(format!("{precision}, the encoder, {CLIENTS} clients"), engine, "texts/s");
        let better = one_text.max(sorted);
        let goal = "at least 0.97, aim 1.15";
        measured.ratio(format!("{precision} against the better loop"), engine / better, goal);
        let goal = match precision {
            Precision::Int8 => "at least 5, aim 7",
            _ => "at least 2.6, aim 3.5",
        };
        let base = fp32_fifo8.unwrap_or(fifo8);
        measured.ratio(format!("{precision} against fp32, 8 in order"), engine / base, goal);
        let what = format!("{precision} against 32 in order");
        measured.ratio(what, engine / fifo32, "more than 1, aim 3");
        Ok(Rates { engine, fifo8 })
    }

    /// Measures another program on the same texts.
    fn peer(&self, arg: &PeerArg, measured: &mut Measured) -> anyhow::Result<()> {
        let encoder = self.encoder(Precision::Fp32, self.sessions)?;
        let mut file = tempfile::NamedTempFile::new().context("cannot write the texts")?;
        for text in self.texts.iter() {
            writeln!(file, "{}", text.text).context("cannot write the texts")?;
        }
        let mut peer = PeerProcess::start(arg, &[file.path().display().to_string()])?;
        let (mut ours, mut theirs) = (0.0_f64, 0.0_f64);
        for _ in 0..self.args.rounds {
            theirs = theirs.max(self.rate(peer.time()?));
            let time = arrivals::clients(&encoder, &self.texts, CLIENTS);
            ours = ours.max(self.rate(self.runtime.block_on(time)?));
        }
        measured.state(arg.name.clone(), theirs, "texts/s");
        let what = format!("fp32 against {}", arg.name);
        measured.ratio(what, ours / theirs, "more than 1, aim 3");
        Ok(())
    }

    /// Compares as many sessions as there are processors with one session.
    fn cores(&self, measured: &mut Measured) -> anyhow::Result<()> {
        if self.sessions < 2 {
            return Ok(());
        }
        let (one, all) =
            (self.encoder(Precision::Fp32, 1)?, self.encoder(Precision::Fp32, self.sessions)?);
        let mut best = [0.0_f64; 2];
        for _ in 0..self.args.rounds {
            for (best, encoder) in best.iter_mut().zip([&one, &all]) {
                let time = arrivals::clients(encoder, &self.texts, CLIENTS);
                *best = best.max(self.rate(self.runtime.block_on(time)?));
            }
        }
        let what = format!("{} sessions against one", self.sessions);
        measured.ratio(what, best[1] / best[0], "2 cores: at least 1.8, aim 1.95");
        Ok(())
    }

    /// Measures the time from arrival to vector at 80 % of the capacity, in turn with a queue that
    /// hands out one text at a time.
    fn latency(&self, capacity: f64, measured: &mut Measured) -> anyhow::Result<()> {
        let encoder = self.encoder(Precision::Fp32, self.sessions)?;
        let model = self.model(Precision::Fp32)?;
        let mut bare: Vec<_> =
            (0..self.sessions).map(|_| model.session()).collect::<Result<_, _>>()?;
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for round in 0..self.args.rounds {
            let times = arrivals::poisson(self.texts.len(), LOAD * capacity, round as u64);
            let latencies = arrivals::latencies(&encoder, &self.texts, &times);
            ours.extend(self.runtime.block_on(latencies)?);
            theirs.extend(arrivals::fifo_latencies(&mut bare, &self.texts, &times)?);
        }
        let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
        for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
            let what = format!("latency {name} at 80 % load, the encoder");
            let ours = milliseconds(quantile(&mut ours, share));
            let theirs = milliseconds(quantile(&mut theirs, share));
            measured.state(what, ours, "ms");
            measured.state(format!("latency {name} at 80 % load, first come"), theirs, "ms");
            let goal = if share > 0.9 { "at most 1.3, aim 1" } else { "–" };
            measured.ratio(format!("latency {name} against first come"), ours / theirs, goal);
        }
        Ok(())
    }

    /// Compares a text that was embedded before with one that was not.
    fn repeats(&self, measured: &mut Measured) -> anyhow::Result<()> {
        let config = Config { result_cache_mb: 16, ..self.config.clone() };
        let meter = Meters::new("courant")?.meter();
        let encoder = Encoder::load(&config, &self.gpu, &self.deps, &meter)?;
        let texts: Vec<String> = self.texts.iter().take(32).map(|text| text.text.clone()).collect();
        let time = || {
            let start = Instant::now();
            self.runtime.block_on(encoder.embed(
                texts.clone(),
                TextKind::Document,
                Priority::Query,
            ))?;
            anyhow::Ok(start.elapsed().as_secs_f64())
        };
        let (first, again) = (time()?, time()?);
        measured.ratio("a repeated text against a new one", first / again, "at least 50");
        Ok(())
    }
}
