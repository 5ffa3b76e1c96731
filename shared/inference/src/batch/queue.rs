//! The queue between the tokenizer and the sessions. A free session takes its
//! batch at the last moment, so that the batch is as good as it can be and an
//! idle session never waits for one to fill.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout_at;

use crate::Error;
use crate::batch::answer::InputResult;
use crate::batch::input::Input;
use crate::batch::waiting::{BatchLimits, Leave, Priority, Waiting};
use crate::metrics::Metrics;

/// One input, and who waits for its vectors.
pub(crate) struct QueuedInput {
    pub(crate) input: Input,
    pub(crate) reply: oneshot::Sender<Result<InputResult, Error>>,
    /// When nobody has a use for the vectors any more.
    deadline: Option<Instant>,
    /// Its place in the bounded queue, free again when it leaves.
    _place: OwnedSemaphorePermit,
}

impl QueuedInput {
    /// True while its vectors are still worth computing.
    fn is_wanted(&self, now: Instant) -> bool {
        !self.reply.is_closed() && !self.is_late(now)
    }

    fn is_late(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= now)
    }
}

/// The urgency of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Urgency {
    pub(crate) priority: Priority,
    pub(crate) deadline: Option<Instant>,
}

impl From<Priority> for Urgency {
    fn from(priority: Priority) -> Self {
        Self { priority, deadline: None }
    }
}

/// The vectors of an input, when they are there.
pub(crate) type InputAnswer = oneshot::Receiver<Result<InputResult, Error>>;

/// Waits for all answers, in order.
pub(crate) async fn collect(answers: Vec<InputAnswer>) -> Result<Vec<InputResult>, Error> {
    let mut answered = Vec::with_capacity(answers.len());
    for answer in answers {
        answered.push(answer.await.map_err(|_| Error::Stopped)??);
    }
    Ok(answered)
}

pub(crate) struct InputQueue {
    state: Mutex<State>,
    changed: Condvar,
    query_places: Arc<Semaphore>,
    bulk_places: Arc<Semaphore>,
    capacity: usize,
    limits: BatchLimits,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    waiting: Waiting<QueuedInput>,
    /// The number of batches that have left and are not finished.
    running: usize,
    is_closed: bool,
}

impl InputQueue {
    pub(crate) fn new(capacity: usize, limits: BatchLimits, metrics: Metrics) -> Self {
        Self {
            state: Mutex::default(),
            changed: Condvar::new(),
            query_places: Arc::new(Semaphore::new(capacity)),
            bulk_places: Arc::new(Semaphore::new(capacity)),
            capacity,
            limits,
            metrics,
        }
    }

    /// Queues an input, waiting for a place, but not beyond its deadline.
    pub(crate) async fn submit(
        &self,
        input: Input,
        urgency: Urgency,
    ) -> Result<InputAnswer, Error> {
        let place = self.place(urgency).await?;
        self.push(input, urgency, place)
    }

    async fn place(&self, urgency: Urgency) -> Result<OwnedSemaphorePermit, Error> {
        let waiting = Arc::clone(self.places(urgency.priority)).acquire_owned();
        let place = match urgency.deadline {
            None => waiting.await,
            Some(deadline) => timeout_at(deadline.into(), waiting).await.map_err(|_| {
                self.metrics.late(1);
                Error::Late
            })?,
        };
        place.map_err(|_| Error::Stopped)
    }

    /// Queues all inputs or none.
    pub(crate) fn try_submit(
        &self,
        inputs: Vec<Input>,
        urgency: Urgency,
    ) -> Result<Vec<InputAnswer>, Error> {
        let overloaded = || {
            self.metrics.refused(inputs.len());
            Error::Overloaded { capacity: self.capacity }
        };
        let count = u32::try_from(inputs.len()).map_err(|_| overloaded())?;
        let places = Arc::clone(self.places(urgency.priority));
        let mut all = places.try_acquire_many_owned(count).map_err(|_| overloaded())?;
        let one = |input| {
            let place = all.split(1).ok_or(Error::Stopped)?;
            self.push(input, urgency, place)
        };
        inputs.into_iter().map(one).collect()
    }

    /// Runs `inputs` and returns their answers in order. Waits while the queue is full.
    pub(crate) async fn run(
        &self,
        inputs: Vec<Input>,
        urgency: Urgency,
    ) -> Result<Vec<InputResult>, Error> {
        let mut answers = Vec::with_capacity(inputs.len());
        for input in inputs {
            answers.push(self.submit(input, urgency).await?);
        }
        collect(answers).await
    }

    fn places(&self, priority: Priority) -> &Arc<Semaphore> {
        match priority {
            Priority::Query => &self.query_places,
            Priority::Bulk => &self.bulk_places,
        }
    }

    fn push(
        &self,
        input: Input,
        urgency: Urgency,
        place: OwnedSemaphorePermit,
    ) -> Result<InputAnswer, Error> {
        let (reply, answer) = oneshot::channel();
        let tokens = input.len();
        let mut state = self.lock();
        if state.is_closed {
            return Err(Error::Stopped);
        }
        state.waiting.push(
            urgency.priority,
            tokens,
            Instant::now(),
            QueuedInput { input, reply, deadline: urgency.deadline, _place: place },
        );
        drop(state);
        self.changed.notify_one();
        Ok(answer)
    }

    /// The next batch, with the time that each request has waited; blocks until
    /// there is one. `None` once the queue is closed.
    pub(crate) fn next_batch(&self) -> Option<Vec<(QueuedInput, Duration)>> {
        let mut state = self.lock();
        loop {
            if state.is_closed {
                return None;
            }
            self.drop_unwanted(&mut state.waiting);
            let now = Instant::now();
            let until = match state.waiting.leaves_at(&self.limits, state.running > 0) {
                None => None,
                Some(Leave::At(at)) if at > now => Some(at - now),
                Some(_) => {
                    state.running += 1;
                    return Some(state.waiting.next_batch(&self.limits, now));
                }
            };
            state = self.wait(state, until);
        }
    }

    /// Until something has changed, or the time is over.
    fn wait<'a>(
        &self,
        state: MutexGuard<'a, State>,
        until: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let Some(time) = until else {
            return self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// A batch of [`Self::next_batch`] is computed: its session is idle.
    pub(crate) fn finished(&self) {
        let mut state = self.lock();
        state.running = state.running.saturating_sub(1);
        drop(state);
        if self.limits.fill_wait > Duration::ZERO {
            self.changed.notify_one();
        }
    }

    /// Cancelled requests leave, and late ones with [`Error::Late`].
    fn drop_unwanted(&self, waiting: &mut Waiting<QueuedInput>) {
        let now = Instant::now();
        let (mut cancelled, mut late) = (0, 0);
        for request in waiting.drop_unless(|request| request.is_wanted(now)) {
            if request.reply.is_closed() {
                cancelled += 1;
            } else {
                late += 1;
                // Whoever asked may go just now.
                drop(request.reply.send(Err(Error::Late)));
            }
        }
        self.metrics.cancelled(cancelled);
        self.metrics.late(late);
    }

    /// Ends the sessions after their batch; what waits is answered with
    /// [`Error::Stopped`].
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.waiting = Waiting::default();
        drop(state);
        self.query_places.close();
        self.bulk_places.close();
        self.changed.notify_all();
    }

    /// No panic of ours can leave the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;

    use courant_gpu_utils::device::{Provider, Workload};

    use super::*;
    use crate::{Batching, Config, Precision};

    fn queue(capacity: usize) -> InputQueue {
        queue_on(Provider::Cpu, capacity)
    }

    fn queue_on(provider: Provider, capacity: usize) -> InputQueue {
        let meter = SdkMeterProvider::default().meter("test");
        let config = Config { batching: Some(Batching::LowLatency), ..Config::default() };
        let limits = config.limits(Precision::Fp32, provider, Workload::Mixed, 512);
        InputQueue::new(capacity, limits, Metrics::new(&meter))
    }

    fn inputs(count: usize) -> Vec<Input> {
        vec![Input::new(vec![1, 2, 3]); count]
    }

    #[test]
    fn what_nobody_waits_for_never_reaches_a_session() {
        let queue = queue(4);
        let mut answers = queue.try_submit(inputs(3), Priority::Bulk.into()).unwrap();
        drop(answers.remove(1));
        assert_eq!(queue.next_batch().unwrap().len(), 2);
    }

    #[test]
    fn a_batch_fills_while_the_device_is_busy_and_leaves_in_time() {
        let queue = queue_on(Provider::Cuda, 4);
        let _first = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        assert_eq!(queue.next_batch().unwrap().len(), 1, "an idle device takes it at once");
        let _second = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        let waited = queue.next_batch().unwrap()[0].1;
        assert!(waited >= Duration::from_millis(5), "{waited:?}");
    }

    #[test]
    fn a_batch_leaves_early_when_the_device_becomes_idle() {
        let queue = queue_on(Provider::Cuda, 4);
        let _first = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        queue.next_batch().unwrap();
        queue.finished();
        let _second = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        assert_eq!(queue.lock().running, 0);
        assert_eq!(queue.next_batch().unwrap().len(), 1);
    }

    #[test]
    fn a_full_queue_takes_all_or_nothing_and_has_room_again_when_a_batch_left() {
        let queue = queue(2);
        let _first = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        let refused = queue.try_submit(inputs(2), Priority::Bulk.into());
        assert!(matches!(refused, Err(Error::Overloaded { capacity: 2 })));
        assert!(
            queue.try_submit(inputs(2), Priority::Query.into()).is_ok(),
            "queries have their own room"
        );
        while queue.lock().waiting.len() > 0 {
            drop(queue.next_batch());
        }
        assert!(queue.try_submit(inputs(2), Priority::Bulk.into()).is_ok());
    }

    #[test]
    fn what_comes_too_late_is_told_so_and_never_reaches_a_session() {
        let queue = queue(4);
        let past = Urgency { deadline: Some(Instant::now()), ..Priority::Query.into() };
        let mut late = queue.try_submit(inputs(1), past).unwrap().remove(0);
        let _wanted = queue.try_submit(inputs(1), Priority::Bulk.into()).unwrap();
        assert_eq!(queue.next_batch().unwrap().len(), 1);
        assert!(matches!(late.try_recv(), Ok(Err(Error::Late))));
    }

    #[tokio::test]
    async fn bulk_work_waits_for_room() {
        let queue = queue(1);
        let _first = queue.submit(inputs(1).remove(0), Priority::Bulk.into()).await.unwrap();
        let mut second = Box::pin(queue.submit(inputs(1).remove(0), Priority::Bulk.into()));
        tokio::select! {
            biased;
            _ = &mut second => panic!("there was no room"),
            () = std::future::ready(()) => {}
        }
        drop(queue.next_batch());
        assert!(second.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_room_ends_at_the_deadline() {
        let queue = queue(1);
        let _first = queue.submit(inputs(1).remove(0), Priority::Query.into()).await.unwrap();
        let patience = Duration::from_secs(2);
        let start = tokio::time::Instant::now();
        let deadline = Some((start + patience).into_std());
        let urgency = Urgency { deadline, ..Priority::Query.into() };
        let late = queue.submit(inputs(1).remove(0), urgency).await;
        assert!(matches!(late, Err(Error::Late)));
        assert!(start.elapsed() >= patience);
        let unlimited = queue.submit(inputs(1).remove(0), Priority::Query.into());
        let waits = tokio::time::timeout(2 * patience, unlimited).await;
        assert!(waits.is_err(), "without a deadline it waits on");
    }

    #[tokio::test]
    async fn closing_answers_what_waits_and_refuses_what_comes() {
        let queue = queue(4);
        let answer = queue.submit(inputs(1).remove(0), Priority::Query.into()).await.unwrap();
        queue.close();
        assert!(answer.await.is_err());
        assert!(queue.next_batch().is_none());
        let late = queue.submit(inputs(1).remove(0), Priority::Query.into()).await;
        assert!(matches!(late, Err(Error::Stopped)));
    }
}
