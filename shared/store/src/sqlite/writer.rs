//! The one thread that writes.
//!
//! Jobs that wait together share a transaction, and so one synchronization with
//! the disk; each stands in a savepoint of its own, so that one that fails
//! takes nothing of the others with it. A job is answered after the commit.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::error::Error;

/// Jobs that may wait; further callers wait for a place.
const QUEUE: usize = 256;
/// Jobs per commit.
const GROUP: usize = 64;

/// Why nothing of a job's transaction was kept.
type CommitResult = Result<(), Error>;
/// Tells a caller how its job ended, once the commit is known.
type JobReply = Box<dyn FnOnce(CommitResult) + Send>;
/// Gets the connection, or why there is no transaction.
type Job = Box<dyn FnOnce(Result<&Connection, Error>) -> Ran + Send>;

struct Ran {
    error: Option<Error>,
    answer: JobReply,
}

enum Message {
    Job(Job),
    Stop,
}

/// The way to the thread. Dropping it waits until the thread has ended.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Message>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(&connection, queue))
            .map_err(|source| Error::Open { path: "a thread".into(), source: Arc::new(source) })?;
        Ok(Self { jobs: Some(jobs), thread: Mutex::new(Some(thread)) })
    }

    /// Runs `work` in a transaction, then `committed` with its result once that
    /// is on the disk, then returns the result.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
        committed: impl FnOnce(&T) + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, receiver) = oneshot::channel();
        let job = move |connection: Result<&Connection, Error>| {
            let result = connection.and_then(work);
            let error = result.as_ref().err().cloned();
            let answer = move |commit: CommitResult| {
                let result = result.and_then(|value| commit.map(|()| value)).inspect(committed);
                // A caller that has gone does not need the answer.
                let _ = sender.send(result);
            };
            Ran { error, answer: Box::new(answer) }
        };
        let jobs = self.jobs.as_ref().ok_or(Error::Closed)?;
        jobs.send(Message::Job(Box::new(job))).await.map_err(|_| Error::Closed)?;
        receiver.await.map_err(|_| Error::Closed)?
    }

    /// Lets the thread finish what waits, and waits for its end. Blocks.
    pub(super) fn stop(&self) -> Result<(), Error> {
        if let Some(jobs) = &self.jobs {
            // An error says that the thread has ended already.
            let _ = jobs.blocking_send(Message::Stop);
        }
        self.join()
    }

    fn join(&self) -> Result<(), Error> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        match thread.map(JoinHandle::join) {
            Some(Err(_)) => Err(Error::Corrupt("the writer's thread panicked".into())),
            Some(Ok(())) | None => Ok(()),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Err(error) = self.join() {
            tracing::error!(%error, "the store was not closed in order");
        }
    }
}

fn serve(connection: &Connection, mut queue: mpsc::Receiver<Message>) {
    let mut stopping = false;
    while !stopping {
        let Some(first) = queue.blocking_recv() else {
            break;
        };
        let mut jobs = Vec::new();
        let mut next = Some(first);
        while let Some(message) = next {
            match message {
                Message::Job(job) => jobs.push(job),
                Message::Stop => stopping = true,
            }
            next = if jobs.len() < GROUP && !stopping { queue.try_recv().ok() } else { None };
        }
        commit_group(connection, jobs);
    }
    if let Err(error) = connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
        tracing::info!(%error, "the store's log stays beside its file");
    }
}

fn commit_group(connection: &Connection, jobs: Vec<Job>) {
    let mut waiting: Vec<JobReply> = Vec::new();
    for job in jobs {
        let ran = match begin(connection) {
            Ok(()) => in_savepoint(connection, job),
            Err(error) => job(Err(error)),
        };
        waiting.push(ran.answer);
        // A full disk may roll back the whole transaction, not the job alone.
        if let Some(error) = ran.error
            && connection.is_autocommit()
        {
            waiting.drain(..).for_each(|answer| answer(Err(error.clone())));
        }
    }
    if !waiting.is_empty() {
        let commit = end(connection);
        waiting.into_iter().for_each(|answer| answer(commit.clone()));
    }
}

fn begin(connection: &Connection) -> Result<(), Error> {
    if connection.is_autocommit() {
        connection.execute_batch("BEGIN IMMEDIATE")?;
    }
    Ok(())
}

fn end(connection: &Connection) -> CommitResult {
    let committed = connection.execute_batch("COMMIT");
    if committed.is_err()
        && !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "cannot roll back");
    }
    Ok(committed?)
}

fn in_savepoint(connection: &Connection, job: Job) -> Ran {
    if let Err(error) = connection.execute_batch("SAVEPOINT job") {
        return job(Err(error.into()));
    }
    let ran = job(Ok(connection));
    if connection.is_autocommit() {
        return ran;
    }
    let finish = if ran.error.is_none() { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match connection.execute_batch(finish) {
        Ok(()) => ran,
        Err(error) => Ran { error: Some(error.into()), answer: ran.answer },
    }
}
