//! Measures memory over thousands of runs: that of the runtime's arena and of the process.

use std::sync::Arc;

use anyhow::Context;
use courant_inference::Precision;

use super::setup::{Bench, Measured};
use super::{arrivals, texts};

/// The number of texts that bring every shape into the arena before the comparison.
const WARM_UP: usize = 512;

pub(super) fn measure(bench: &Bench<'_>, measured: &mut Measured) -> anyhow::Result<()> {
    let encoder = bench.encoder(Precision::Int8, bench.sessions)?;
    let model = bench.model(Precision::Int8)?;
    let send = |count: usize, seed: u64| -> anyhow::Result<()> {
        let texts = Arc::new(texts::mixed(&model, count, seed)?);
        bench.runtime.block_on(arrivals::clients(&encoder, &texts, 8))?;
        Ok(())
    };
    send(WARM_UP, 2)?;
    let (arena, resident) = (encoder.arenas(), resident_bytes()?);
    // The texts are made anew for each part and then dropped, so that they take no memory.
    let parts = bench.args.runs.div_ceil(WARM_UP);
    for part in 0..parts {
        send(WARM_UP, 3 + part as u64)?;
    }
    let runs = (parts * WARM_UP) as f64;
    let in_use = |arenas: &[courant_inference::ArenaStats]| -> f64 {
        arenas.iter().map(|arena| arena.in_use_bytes as f64).sum()
    };
    let leak = in_use(&encoder.arenas()) - in_use(&arena);
    measured.state("runs of the memory test", runs, "");
    measured.state("arena in use, growth (at least 0)", leak, "bytes");
    let growth = (resident_bytes()? as f64 - resident as f64) / 1024.0 / runs;
    measured.state("resident memory, growth per run (at most 2)", growth, "KiB");
    Ok(())
}

/// Returns the resident memory of the process, in bytes.
fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("no /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: u64 = kib.context("no VmRSS")?.parse().context("VmRSS is no number")?;
    Ok(kib * 1024)
}
