//! How many padded tokens a batch may have: measured once per model, runtime
//! library and processor, then kept.
//!
//! On a CPU a batch of unequal lengths is slower than its texts one by one, and
//! a large one falls out of the caches; on a GPU small batches leave it idle. So
//! the machine is asked.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use ort::environment::Environment;

use crate::model::Model;
use crate::session::{EncoderSession, Input};
use crate::{Deps, Error};

/// What may be chosen; 1 is one text per run.
const CANDIDATES: [usize; 3] = [1, 512, 1024];

/// Lengths in tokens as news have them: headlines, summaries, paragraphs.
const LENGTHS: [usize; 12] = [11, 14, 18, 22, 34, 46, 58, 72, 88, 120, 164, 230];

/// A larger budget has to be faster by this share: it makes others wait longer.
const WORTHWHILE: f64 = 0.03;

/// The best budget for `model` here.
pub(crate) fn measured(
    environment: &Environment,
    model: &Model,
    deps: &Deps,
) -> Result<usize, Error> {
    let kept = deps.root().map(|root| root.join("cache").join(file_name(model)));
    if let Some(budget) = kept.as_ref().and_then(read) {
        return Ok(budget);
    }
    let start = Instant::now();
    let budget = measure(&mut EncoderSession::load(environment, model)?, model.max_tokens)?;
    let took_ms = start.elapsed().as_millis();
    tracing::info!(budget, took_ms, model = model.name, "measured the token budget");
    if let Some(path) = kept {
        keep(&path, budget);
    }
    Ok(budget)
}

fn read(path: &PathBuf) -> Option<usize> {
    let budget = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
    CANDIDATES.contains(&budget).then_some(budget)
}

/// Where the folder cannot be written, the next start measures again.
fn keep(path: &PathBuf, budget: usize) {
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    if let Err(error) = folder.and_then(|()| std::fs::write(path, budget.to_string())) {
        tracing::debug!(%error, path = %path.display(), "could not keep the token budget");
    }
}

/// Changes with the model, the runtime library and the processor.
fn file_name(model: &Model) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor.lines().find(|line| line.starts_with("model name")).unwrap_or("");
    let name = processor.rsplit(':').next().unwrap_or_default().trim();
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("budget-{}-{}-{plain}", model.version, ort::MINOR_VERSION)
}

/// The fastest of the candidates, each run twice in turn: the better time counts,
/// since others may use the processor meanwhile.
fn measure(session: &mut EncoderSession, max_tokens: usize) -> Result<usize, Error> {
    let mut best = [Duration::MAX; CANDIDATES.len()];
    for _ in 0..2 {
        for (place, &budget) in CANDIDATES.iter().enumerate() {
            best[place] = best[place].min(time(session, budget, max_tokens)?);
        }
    }
    let mut chosen = 0;
    for place in 1..CANDIDATES.len() {
        if best[place].as_secs_f64() < best[chosen].as_secs_f64() * (1.0 - WORTHWHILE) {
            chosen = place;
        }
    }
    Ok(CANDIDATES[chosen])
}

fn time(session: &mut EncoderSession, budget: usize, max_tokens: usize) -> Result<Duration, Error> {
    let inputs: Vec<Input> =
        LENGTHS.iter().map(|&length| Input::new(vec![0; length.min(max_tokens)])).collect();
    let start = Instant::now();
    for batch in packed(&inputs, budget) {
        session.run(&batch)?;
    }
    Ok(start.elapsed())
}

/// Inputs of rising length in batches within the budget.
fn packed(inputs: &[Input], budget: usize) -> Vec<Vec<&Input>> {
    let mut batches: Vec<Vec<&Input>> = Vec::new();
    for input in inputs {
        match batches.last_mut() {
            Some(batch) if (batch.len() + 1) * input.len() <= budget => batch.push(input),
            _ => batches.push(vec![input]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_budget_and_lose_nothing() {
        let inputs: Vec<Input> =
            LENGTHS.iter().map(|&length| Input::new(vec![0; length])).collect();
        for budget in CANDIDATES {
            let batches = packed(&inputs, budget);
            assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), inputs.len());
            for batch in batches {
                let longest = batch.iter().map(|input| input.len()).max().unwrap();
                assert!(batch.len() == 1 || batch.len() * longest <= budget);
            }
        }
        assert_eq!(packed(&inputs, 1).len(), inputs.len(), "one text per run");
    }
}
