//! The padded tokens that a batch may have: measured once per model, runtime
//! library and processor, then kept.
//!
//! On a CPU short texts are cheaper together, as a run by itself costs time, and long
//! ones alone, as a large batch falls out of the caches; on a GPU small batches leave
//! it idle. So the machine is asked.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use courant_gpu_utils::device::Provider;
use courant_host::thread_time;
use data_encoding::HEXLOWER;
use ort::environment::Environment;
use sha2::{Digest, Sha256};

use crate::batch::input::Input;
use crate::device::placement::ModelPlacement;
use crate::model::LocatedModel;
use crate::session::ModelSession;
use crate::{Deps, Error};

/// The choices on a CPU, the usual best one first; 1 is one text per run.
const ON_CPU: [usize; 3] = [256, 1, 512];
/// The same on a GPU.
const ON_GPU: [usize; 3] = [16_384, 32_768, 65_536];

fn candidates(provider: Provider) -> &'static [usize] {
    match provider {
        Provider::Cpu => &ON_CPU,
        Provider::Cuda | Provider::TensorRt => &ON_GPU,
    }
}

/// Lengths in tokens as news have them (headlines, summaries, paragraphs), and which
/// part of all tokens is in texts of about that length.
const LENGTHS: [(usize, f64); 3] = [(16, 0.06), (60, 0.29), (178, 0.65)];

/// The number of runs of each batch; the best time counts, since others use the caches
/// meanwhile.
const TRIES: usize = 4;

/// Another one than the first has to be faster by this share.
const WORTHWHILE: f64 = 0.05;

/// The best budget for `model` here.
pub(crate) fn measured(
    environment: &Environment,
    model: &LocatedModel,
    placement: &ModelPlacement,
    max_items: usize,
    deps: &Deps,
) -> Result<usize, Error> {
    let candidates = candidates(placement.provider);
    let name = file_name(model, placement);
    let kept = deps.root().map(|root| root.join("cache").join(name));
    if let Some(budget) = kept.as_ref().and_then(read).filter(|it| candidates.contains(it)) {
        return Ok(budget);
    }
    let start = Instant::now();
    let mut session = ModelSession::load(environment, model, placement)?;
    let clock = Clock::of(placement.provider);
    let budget = measure(&mut session, clock, candidates, max_items, model.max_tokens)?;
    let took_ms = start.elapsed().as_millis();
    tracing::info!(budget, took_ms, model = model.name, "measured the token budget");
    if let Some(path) = kept {
        keep(&path, budget);
    }
    Ok(budget)
}

fn read(path: &PathBuf) -> Option<usize> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Keeps the budget. If the folder cannot be written, the next start measures again.
fn keep(path: &PathBuf, budget: usize) {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = folder.and_then(|()| std::fs::write(path, budget.to_string())) {
        tracing::debug!(%error, path = %path.display(), "could not keep the token budget");
    }
}

/// Changes with the model, the runtime library and what it runs on.
fn file_name(model: &LocatedModel, placement: &ModelPlacement) -> String {
    let mut digest = Sha256::new();
    let provider = placement.provider.as_str();
    for part in [&model.version, provider, ort::info(), &placement.hardware()] {
        digest.update(format!("{part}\n"));
    }
    format!("token-budget-{}", &HEXLOWER.encode(&digest.finalize())[..12])
}

/// The fastest of the candidates, for each of which batches are as large as it and
/// `max_items` allow.
fn measure(
    session: &mut ModelSession,
    clock: Clock,
    candidates: &[usize],
    max_items: usize,
    max_tokens: usize,
) -> Result<usize, Error> {
    let mut best = vec![[f64::MAX; LENGTHS.len()]; candidates.len()];
    for _ in 0..TRIES {
        for (best, &budget) in best.iter_mut().zip(candidates) {
            for (best, (length, _)) in best.iter_mut().zip(LENGTHS) {
                let length = length.min(max_tokens);
                let items = (budget / length).clamp(1, max_items);
                *best = best.min(seconds_per_token(session, clock, items, length)?);
            }
        }
    }
    let costs: Vec<f64> = best
        .iter()
        .map(|seconds| seconds.iter().zip(LENGTHS).map(|(time, (_, share))| time * share).sum())
        .collect();
    Ok(candidates[cheapest(&costs)])
}

fn seconds_per_token(
    session: &mut ModelSession,
    clock: Clock,
    items: usize,
    length: usize,
) -> Result<f64, Error> {
    let inputs = vec![Input::new(vec![0; length]); items];
    let batch: Vec<&Input> = inputs.iter().collect();
    let start = clock.now();
    session.run(&batch)?;
    Ok((clock.now() - start).as_secs_f64() / (items * length) as f64)
}

/// The source of a run's time.
#[derive(Clone, Copy)]
enum Clock {
    /// The time that the thread computes: a session on the CPU has one, and others may use the
    /// processor too.
    Thread,
    /// The time that passes, from the given start.
    Wall(Instant),
}

impl Clock {
    fn of(provider: Provider) -> Self {
        match provider {
            Provider::Cpu => Self::Thread,
            Provider::Cuda | Provider::TensorRt => Self::Wall(Instant::now()),
        }
    }

    fn now(self) -> Duration {
        match self {
            Self::Thread => thread_time(),
            Self::Wall(start) => start.elapsed(),
        }
    }
}

/// The place of the lowest cost; one that comes later has to be worthwhile.
fn cheapest(costs: &[f64]) -> usize {
    let mut chosen = 0;
    for place in 1..costs.len() {
        if costs[place] < costs[chosen] * (1.0 - WORTHWHILE) {
            chosen = place;
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_budget_than_the_usual_one_has_to_be_worthwhile() {
        assert_eq!(cheapest(&[1.0, 0.99, 0.96]), 0);
        assert_eq!(cheapest(&[1.0, 0.9, 0.87]), 1);
        assert_eq!(cheapest(&[1.0, 0.9, 0.8]), 2);
        assert_eq!(cheapest(&[1.0, 1.2, 1.4]), 0);
    }

    #[test]
    fn the_shares_are_of_all_tokens() {
        let sum: f64 = LENGTHS.iter().map(|(_, share)| share).sum();
        assert!((sum - 1.0).abs() < 1e-9);
    }
}
