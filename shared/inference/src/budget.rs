//! How many padded tokens a batch may have: measured once per model, runtime
//! library and processor, then kept.
//!
//! On a CPU a batch of unequal lengths is slower than its texts one by one, and
//! a large one falls out of the caches; on a GPU small batches leave it idle. So
//! the machine is asked.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use courant_gpu_utils::device::Provider;
use ort::environment::Environment;

use crate::batch::packed;
use crate::model::Model;
use crate::provider::Placement;
use crate::session::{Input, ModelSession};
use crate::{Deps, Error};

/// What may be chosen on a CPU; 1 is one text per run.
const ON_CPU: [usize; 3] = [1, 512, 1024];
/// The same on a GPU.
const ON_GPU: [usize; 3] = [16_384, 32_768, 65_536];

fn candidates(provider: Provider) -> &'static [usize] {
    match provider {
        Provider::Cpu => &ON_CPU,
        Provider::Cuda | Provider::TensorRt => &ON_GPU,
    }
}

/// Lengths in tokens as news have them: headlines, summaries, paragraphs; as dense
/// as in a queue, so that batches of similar lengths can be formed.
const LENGTHS: [usize; 40] = [
    9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 30, 33, 36, 40, 44, 48, 52, 56, 60, 65, 70, 75,
    80, 85, 88, 90, 104, 110, 118, 126, 136, 146, 158, 170, 186, 204, 224, 250,
];

/// A larger budget has to be faster by this share: it makes others wait longer.
const WORTHWHILE: f64 = 0.03;

/// The best budget for `model` here.
pub(crate) fn measured(
    environment: &Environment,
    model: &Model,
    placement: &Placement,
    deps: &Deps,
) -> Result<usize, Error> {
    let candidates = candidates(placement.provider);
    let name = file_name(model, placement.provider);
    let kept = deps.root().map(|root| root.join("cache").join(name));
    if let Some(budget) = kept.as_ref().and_then(read).filter(|it| candidates.contains(it)) {
        return Ok(budget);
    }
    let start = Instant::now();
    let mut session = ModelSession::load(environment, model, placement)?;
    let budget = measure(&mut session, candidates, model.max_tokens)?;
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

/// Where the folder cannot be written, the next start measures again.
fn keep(path: &PathBuf, budget: usize) {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = folder.and_then(|()| std::fs::write(path, budget.to_string())) {
        tracing::debug!(%error, path = %path.display(), "could not keep the token budget");
    }
}

/// Changes with the model, the runtime library and the processor.
fn file_name(model: &Model, provider: Provider) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find(|line| line.starts_with("model name")).unwrap_or("");
    let name = processor.rsplit(':').next().unwrap_or_default().trim();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("budget-{}-{provider}-{}-{plain}", model.version, ort::MINOR_VERSION)
}

/// The fastest of the candidates, each run twice in turn: the better time counts,
/// since others may use the processor meanwhile.
fn measure(
    session: &mut ModelSession,
    candidates: &[usize],
    max_tokens: usize,
) -> Result<usize, Error> {
    let mut best = vec![Duration::MAX; candidates.len()];
    for _ in 0..2 {
        for (best, &budget) in best.iter_mut().zip(candidates) {
            *best = (*best).min(time(session, budget, max_tokens)?);
        }
    }
    let mut chosen = 0;
    for place in 1..candidates.len() {
        if best[place].as_secs_f64() < best[chosen].as_secs_f64() * (1.0 - WORTHWHILE) {
            chosen = place;
        }
    }
    Ok(candidates[chosen])
}

fn time(session: &mut ModelSession, budget: usize, max_tokens: usize) -> Result<Duration, Error> {
    // Enough texts to fill several batches of a large budget.
    let repeats = (4 * budget).div_ceil(LENGTHS.iter().sum()).max(1);
    let repeats = if budget <= ON_CPU[2] { 1 } else { repeats };
    let length = |&length: &usize| length.min(max_tokens);
    let inputs: Vec<Input> = LENGTHS
        .iter()
        .flat_map(|it| std::iter::repeat_n(Input::new(vec![0; length(it)]), repeats))
        .collect();
    let start = Instant::now();
    for batch in packed(inputs.iter().collect(), budget, |input: &&Input| input.len()) {
        session.run(&batch)?;
    }
    Ok(start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_budget_and_lose_nothing() {
        for budget in ON_CPU.into_iter().chain(ON_GPU) {
            let batches = packed(LENGTHS.to_vec(), budget, |&length| length);
            assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), LENGTHS.len());
            for batch in batches {
                let longest = batch.iter().max().unwrap();
                assert!(batch.len() == 1 || batch.len() * longest <= budget);
            }
        }
        let alone = packed(LENGTHS.to_vec(), 1, |&length| length);
        assert_eq!(alone.len(), LENGTHS.len(), "one text per run");
    }
}
