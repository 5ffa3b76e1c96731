//! The threads that own the sessions.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use courant_gpu_utils::device::Provider;
use courant_gpu_utils::operation::{LadderStep, MemoryLadder, RunDevice, safe_gpu_operation};
use ort::environment::Environment;

use crate::Error;
use crate::batch::answer::{InputResult, TokenCounts};
use crate::batch::input::Input;
use crate::batch::queue::{InputQueue, QueuedInput};
use crate::device::arena::ArenaStats;
use crate::device::placement::ModelPlacement;
use crate::device::watch::Watch;
use crate::metrics::Metrics;
use crate::model::LocatedModel;
use crate::session::device::SessionDevice;
use crate::session::{ModelSession, Output};

/// The parts that every session is loaded with.
#[derive(Clone)]
pub(crate) struct SessionSetup {
    pub(crate) environment: Environment,
    pub(crate) model: Arc<LocatedModel>,
    pub(crate) placement: ModelPlacement,
    /// The steps against a lack of memory.
    pub(crate) ladder: MemoryLadder,
    /// `gpu.telemetry_enabled`.
    pub(crate) telemetry: bool,
}

/// The session threads; dropping ends them after their batch.
pub(crate) struct Workers {
    queue: Arc<InputQueue>,
    threads: Vec<JoinHandle<()>>,
    arenas: Arenas,
}

/// The figures of each session's arena after its last run.
#[derive(Clone, Default)]
struct Arenas(Arc<Mutex<Vec<ArenaStats>>>);

impl Arenas {
    fn note(&self, session: usize, stats: ArenaStats) {
        let mut arenas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let length = arenas.len().max(session + 1);
        arenas.resize(length, ArenaStats::default());
        arenas[session] = stats;
    }
}

impl Workers {
    /// Starts `count` threads, each loading a session of its own, all at a time,
    /// and waits until every one is ready.
    pub(crate) fn spawn(
        count: usize,
        recipe: &SessionSetup,
        queue: &Arc<InputQueue>,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let (ready, loaded) = mpsc::channel();
        let mut workers = Self {
            queue: Arc::clone(queue),
            threads: Vec::with_capacity(count),
            arenas: Arenas::default(),
        };
        let thread = recipe.model.pooling.operation();
        for index in 0..count {
            let (recipe, queue, metrics) = (recipe.clone(), Arc::clone(queue), metrics.clone());
            let (arenas, ready) = (workers.arenas.clone(), ready.clone());
            let work = move || match Worker::load(index, recipe, metrics) {
                Ok(mut worker) if ready.send(Ok(())).is_ok() => {
                    worker.serve(&queue, |stats| arenas.note(index, stats));
                }
                Ok(_) => {}
                // Whoever loads has gone with another session's error.
                Err(error) => drop(ready.send(Err(error))),
            };
            let started = thread::Builder::new().name(format!("{thread}-{index}")).spawn(work);
            workers.threads.push(started.map_err(|_| Error::Stopped)?);
        }
        drop(ready);
        for _ in 0..count {
            loaded.recv().map_err(|_| Error::Stopped)??;
        }
        Ok(workers)
    }

    /// The figures of each session's arena after its last run.
    pub(crate) fn arenas(&self) -> Vec<ArenaStats> {
        self.arenas.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A thread that panicked has closed the queue and said so.
            drop(thread.join());
        }
    }
}

/// Closes the queue when a session's thread ends, were it by a panic: callers
/// get an error rather than an answer that never comes.
struct CloseOnExit<'a>(&'a InputQueue);

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// One thread's session, and one on the CPU for what its device has no memory for.
struct Worker {
    session: ModelSession,
    device: SessionDevice,
    on_cpu: Option<ModelSession>,
    recipe: SessionSetup,
    metrics: Metrics,
    watch: Watch,
}

impl Worker {
    fn load(index: usize, recipe: SessionSetup, metrics: Metrics) -> Result<Self, Error> {
        let SessionSetup { environment, model, placement, telemetry, .. } = &recipe;
        let session = ModelSession::load(environment, model, placement)?;
        let device = SessionDevice::of(&session, placement)?;
        let shown = metrics.session(placement.provider, *telemetry, &model.name, index);
        let name = format!("session {index} of {}", model.name);
        let watch = Watch::new(name, shown, placement.budget().cloned(), &device.snapshot());
        Ok(Self { session, device, on_cpu: None, recipe, metrics, watch })
    }

    fn serve(&mut self, queue: &InputQueue, note: impl Fn(ArenaStats)) {
        let _guard = CloseOnExit(queue);
        let told = |device: &SessionDevice| device.arena().into_iter().for_each(&note);
        told(&self.device);
        while let Some(batch) = queue.next_batch() {
            let Self { session, device, on_cpu, recipe, metrics, watch } = self;
            let SessionSetup { environment, model, placement, ladder, telemetry } = recipe;
            let on_gpu = metrics.on_gpu(placement.provider, *telemetry);
            let name = model.pooling.operation();
            run(ladder, batch, metrics, placement.provider, |step, inputs| match step {
                LadderStep::Cpu => loaded(on_cpu, environment, model)?.run(inputs),
                step => safe_gpu_operation(name, device, on_gpu, || {
                    if step.frees_first() {
                        session.shrink_and_run(inputs)
                    } else {
                        session.run(inputs)
                    }
                })
                .inspect_err(|error| watch.ran_into(error)),
            });
            queue.finished();
            told(device);
            watch.batch(|| device.snapshot());
        }
    }
}

/// The session on the CPU, loaded when it is first needed.
fn loaded<'a>(
    session: &'a mut Option<ModelSession>,
    environment: &Environment,
    model: &LocatedModel,
) -> Result<&'a mut ModelSession, Error> {
    if session.is_none() {
        tracing::warn!(model = model.name, "loads a CPU session: its device has too little memory");
        *session = Some(ModelSession::load(environment, model, &ModelPlacement::cpu(model))?);
    }
    session.as_mut().ok_or(Error::Stopped)
}

/// Runs a batch down the ladder and answers each of its requests.
fn run(
    ladder: &mut MemoryLadder,
    batch: Vec<(QueuedInput, Duration)>,
    metrics: &Metrics,
    device: Provider,
    mut session: impl FnMut(LadderStep, &[&Input]) -> Result<Output, Error>,
) {
    let inputs: Vec<&Input> = batch.iter().map(|(request, _)| &request.input).collect();
    let mut tokens = TokenCounts::default();
    let start = Instant::now();
    let results = ladder.run(&inputs, padded, |step, chunk| {
        let output = session(step, chunk)?;
        tokens.real += output.real_tokens;
        tokens.padded += output.padded_tokens;
        let provider = if step == LadderStep::Cpu { Provider::Cpu } else { device };
        let answers = output.vectors.into_iter().zip(output.words);
        Ok(answers.map(|(rows, words)| InputResult { rows, words, provider }).collect())
    });
    let results: Vec<Result<InputResult, Error>> =
        results.into_iter().map(|result| result.map_err(Error::from)).collect();
    let waits = batch.iter().map(|(_, waited)| *waited);
    metrics.batch(waits, start.elapsed(), &results, tokens);
    for ((request, _), result) in batch.into_iter().zip(results) {
        // Whoever asked may have gone meanwhile.
        drop(request.reply.send(result));
    }
}

/// The padded tokens of a batch.
fn padded(inputs: &[&Input]) -> usize {
    inputs.len() * inputs.iter().map(|input| input.len()).max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
