//! The threads that own the sessions.

use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ort::environment::Environment;

use crate::Error;
use crate::arena::ArenaStats;
use crate::metrics::Metrics;
use crate::model::Model;
use crate::queue::{Queue, Request};
use crate::session::EncoderSession;

/// The session threads; dropping ends them after their batch.
pub(crate) struct Workers {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
    arenas: Arenas,
}

/// What each session's arena held after its last run.
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
        environment: &Environment,
        model: &Arc<Model>,
        queue: &Arc<Queue>,
        metrics: &Metrics,
    ) -> Result<Self, Error> {
        let (ready, loaded) = mpsc::channel();
        let mut workers = Self {
            queue: Arc::clone(queue),
            threads: Vec::with_capacity(count),
            arenas: Arenas::default(),
        };
        for index in 0..count {
            let (environment, model) = (environment.clone(), Arc::clone(model));
            let (queue, metrics, ready) = (Arc::clone(queue), metrics.clone(), ready.clone());
            let arenas = workers.arenas.clone();
            let note = move |stats| arenas.note(index, stats);
            let work = move || match EncoderSession::load(&environment, &model) {
                Ok(session) if ready.send(Ok(())).is_ok() => serve(session, &queue, &metrics, note),
                Ok(_) => {}
                // Whoever loads has gone with another session's error.
                Err(error) => drop(ready.send(Err(error))),
            };
            let thread = thread::Builder::new().name(format!("encoder-{index}")).spawn(work);
            workers.threads.push(thread.map_err(|_| Error::Stopped)?);
        }
        drop(ready);
        for _ in 0..count {
            loaded.recv().map_err(|_| Error::Stopped)??;
        }
        Ok(workers)
    }

    /// What each session's arena held after its last run.
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
struct CloseOnExit<'a>(&'a Queue);

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

fn serve(mut session: EncoderSession, queue: &Queue, metrics: &Metrics, note: impl Fn(ArenaStats)) {
    let _guard = CloseOnExit(queue);
    note(session.arena());
    while let Some(batch) = queue.next_batch() {
        run(&mut session, batch, metrics);
        note(session.arena());
    }
}

/// Runs a batch and answers each of its requests.
fn run(session: &mut EncoderSession, batch: Vec<(Request, Duration)>, metrics: &Metrics) {
    let inputs: Vec<_> = batch.iter().map(|(request, _)| &request.input).collect();
    let start = Instant::now();
    let result = session.run(&inputs);
    let waits = batch.iter().map(|(_, waited)| *waited);
    metrics.batch(waits, start.elapsed(), &result);
    match result {
        Ok(output) => {
            for ((request, _), rows) in batch.into_iter().zip(output.vectors) {
                // Whoever asked may have gone meanwhile.
                drop(request.reply.send(Ok(rows)));
            }
        }
        Err(error) => {
            for (request, _) in batch {
                drop(request.reply.send(Err(error.clone())));
            }
        }
    }
}
