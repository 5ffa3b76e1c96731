//! The state of one agent, and the commands by which an operator changes it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use courant_bus::Settled;
use courant_proto::v1;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The stage of an agent's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentState {
    /// The agent is being built.
    Starting,
    /// The agent takes work.
    Running,
    /// The agent takes no work until it is resumed.
    Paused,
    /// The agent finishes its work in flight, then ends.
    Draining,
    /// The agent has ended.
    Stopped,
}

/// The control of one agent. The agent, the probes and the admin service share its state.
#[derive(Clone)]
pub struct Control(Arc<Inner>);

struct Inner {
    agent: &'static str,
    state: watch::Sender<AgentState>,
    drain: CancellationToken,
    started: Instant,
    in_flight: AtomicU64,
    succeeded: AtomicU64,
    retried: AtomicU64,
    discarded: AtomicU64,
    details: Mutex<BTreeMap<&'static str, String>>,
}

impl Control {
    /// Makes the control of `agent`, which drains when `shutdown` is cancelled.
    pub fn new(agent: &'static str, shutdown: &CancellationToken) -> Self {
        Self(Arc::new(Inner {
            agent,
            state: watch::Sender::new(AgentState::Starting),
            drain: shutdown.child_token(),
            started: Instant::now(),
            in_flight: AtomicU64::new(0),
            succeeded: AtomicU64::new(0),
            retried: AtomicU64::new(0),
            discarded: AtomicU64::new(0),
            details: Mutex::default(),
        }))
    }

    /// The agent's name.
    pub fn agent(&self) -> &'static str {
        self.0.agent
    }

    /// Returns the agent's current state.
    pub fn state(&self) -> AgentState {
        let state = *self.0.state.borrow();
        if state < AgentState::Draining && self.0.drain.is_cancelled() {
            AgentState::Draining
        } else {
            state
        }
    }

    /// Waits while the agent is paused, then returns true if it should take more work. The
    /// agent calls this before it takes work. The first call makes it ready.
    pub async fn running(&self) -> bool {
        self.0.state.send_if_modified(|state| {
            let starts = *state == AgentState::Starting;
            if starts {
                *state = AgentState::Running;
            }
            starts
        });
        let mut state = self.0.state.subscribe();
        tokio::select! {
            biased;
            () = self.0.drain.cancelled() => false,
            resumed = state.wait_for(|state| *state != AgentState::Paused) => {
                resumed.is_ok_and(|state| *state == AgentState::Running)
            }
        }
    }

    /// Completes when the agent must end.
    pub async fn stopped(&self) {
        self.0.drain.cancelled().await;
    }

    /// Returns the token that is cancelled when the agent must end.
    pub fn token(&self) -> CancellationToken {
        self.0.drain.clone()
    }

    /// Pauses the agent: it takes no further work.
    pub fn pause(&self) {
        self.turn(AgentState::Running, AgentState::Paused);
    }

    /// Resumes the agent: it takes work again.
    pub fn resume(&self) {
        self.turn(AgentState::Paused, AgentState::Running);
    }

    fn turn(&self, from: AgentState, to: AgentState) {
        self.0.state.send_if_modified(|state| {
            let turns = *state == from;
            if turns {
                *state = to;
            }
            turns
        });
    }

    /// Drains the agent: it finishes its work in flight, then ends.
    pub fn drain(&self) {
        self.0.drain.cancel();
    }

    /// Marks the agent as stopped. Call this when its `run` has returned.
    pub fn finished(&self) {
        self.0.state.send_replace(AgentState::Stopped);
    }

    /// Counts one message as in flight until the guard is dropped.
    pub fn in_flight(&self) -> InFlight {
        self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self.clone())
    }

    /// Counts one settled message.
    pub fn count(&self, settled: Settled) {
        let counter = match settled {
            Settled::Acknowledged => &self.0.succeeded,
            Settled::Retried(_) | Settled::Unconfirmed => &self.0.retried,
            Settled::Dead => &self.0.discarded,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Sets one value of the agent's own in its status.
    pub fn detail(&self, name: &'static str, value: impl Into<String>) {
        let mut details = self.0.details.lock().unwrap_or_else(PoisonError::into_inner);
        details.insert(name, value.into());
    }

    /// Returns the agent's status for the admin service.
    pub fn status(&self) -> v1::AgentStatus {
        let details = self.0.details.lock().unwrap_or_else(PoisonError::into_inner);
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        v1::AgentStatus {
            agent: self.0.agent.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: v1::AgentState::from(self.state()).into(),
            uptime_seconds: self.0.started.elapsed().as_secs_f64(),
            in_flight: count(&self.0.in_flight),
            succeeded: count(&self.0.succeeded),
            retried: count(&self.0.retried),
            discarded: count(&self.0.discarded),
            details: details.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect(),
        }
    }
}

/// A message that is being handled.
pub struct InFlight(Control);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl From<AgentState> for v1::AgentState {
    fn from(state: AgentState) -> Self {
        match state {
            AgentState::Starting => Self::Starting,
            AgentState::Running => Self::Running,
            AgentState::Paused => Self::Paused,
            AgentState::Draining => Self::Draining,
            AgentState::Stopped => Self::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_paused_agent_waits_until_it_is_resumed() {
        let control = Control::new("test", &CancellationToken::new());
        assert!(control.running().await);
        control.pause();
        let waiting = tokio::spawn({
            let control = control.clone();
            async move { control.running().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        control.resume();
        assert!(waiting.await.unwrap());
    }

    #[tokio::test]
    async fn a_drained_agent_takes_no_more_work_even_when_paused() {
        let shutdown = CancellationToken::new();
        let control = Control::new("test", &shutdown);
        assert!(control.running().await);
        control.pause();
        shutdown.cancel();
        assert!(!control.running().await);
        assert_eq!(control.state(), AgentState::Draining);
        control.finished();
        assert_eq!(control.state(), AgentState::Stopped);
    }

    #[test]
    fn work_in_flight_is_counted_while_it_lasts() {
        let control = Control::new("test", &CancellationToken::new());
        let guard = control.in_flight();
        assert_eq!(control.status().in_flight, 1);
        drop(guard);
        assert_eq!(control.status().in_flight, 0);
    }
}
