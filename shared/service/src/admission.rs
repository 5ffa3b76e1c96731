//! A bound on the requests in hand.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::{AgentMetrics, Refused};

/// Why a request was not served, whatever it asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// It carries no texts, or too many.
    #[error("{count} texts in one request, 1 to {most} are allowed")]
    Count {
        /// The number of texts in the request.
        count: usize,
        /// The largest number allowed.
        most: usize,
    },
    /// So many requests are in hand that it was not begun.
    #[error("{0} requests are in hand already; try again in a second")]
    Overloaded(usize),
    /// It took longer than this.
    #[error("no answer within {0:?}")]
    Late(Duration),
}

impl Unserved {
    /// Returns the kind of the refusal.
    pub fn refused(&self) -> Refused {
        match self {
            Self::Count { .. } => Refused::Invalid,
            Self::Overloaded(_) => Refused::Overloaded,
            Self::Late(_) => Refused::Late,
        }
    }
}

/// Checks that a request carries 1 to `most` texts.
///
/// # Errors
/// [`Unserved::Count`] if it does not.
pub fn check_count(texts: &[String], most: usize) -> Result<(), Unserved> {
    match texts.len() {
        count if (1..=most).contains(&count) => Ok(()),
        count => Err(Unserved::Count { count, most }),
    }
}

/// Lets in a bounded number of requests at a time: a client that comes when it is
/// reached is told so at once, and those before it are answered in time. Clones
/// share the bound.
#[derive(Clone)]
pub struct Admission {
    slots: Arc<Semaphore>,
    requests: usize,
    patience: Duration,
    metrics: AgentMetrics,
}

impl Admission {
    /// `requests`: how many may be in hand. `patience`: how long each may take.
    /// `metrics`: count what is refused.
    pub fn new(requests: usize, patience: Duration, metrics: AgentMetrics) -> Self {
        Self { slots: Arc::new(Semaphore::new(requests)), requests, patience, metrics }
    }

    /// Takes a request in hand until what this returns is dropped.
    ///
    /// # Errors
    /// [`Unserved::Overloaded`] if too many are.
    pub fn admit(&self) -> Result<Admitted<'_>, Unserved> {
        let slot = self.slots.try_acquire();
        let slot = slot.map_err(|_| self.counted(Unserved::Overloaded(self.requests)))?;
        Ok(Admitted { _slot: slot, deadline: Instant::now() + self.patience, admission: self })
    }

    fn counted(&self, why: Unserved) -> Unserved {
        self.metrics.refused(why.refused());
        why
    }
}

/// A request in hand.
pub struct Admitted<'a> {
    _slot: SemaphorePermit<'a>,
    deadline: Instant,
    admission: &'a Admission,
}

impl Admitted<'_> {
    /// When its answer is due.
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }

    /// Gives `answering` up at the deadline.
    ///
    /// # Errors
    /// [`Unserved::Late`] if it was.
    pub async fn in_time<T>(&self, answering: impl Future<Output = T>) -> Result<T, Unserved> {
        let Self { admission, deadline, .. } = self;
        let answered = timeout_at(*deadline, answering).await;
        answered.map_err(|_| admission.counted(Unserved::Late(admission.patience)))
    }
}

#[cfg(test)]
mod tests {
    use courant_telemetry::Meters;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn one_request() -> (Admission, Meters) {
        let meters = Meters::new("test").unwrap();
        let metrics = AgentMetrics::new("embedder", &meters.meter());
        (Admission::new(1, PATIENCE, metrics), meters)
    }

    fn refusals(meters: &Meters, reason: &str) -> bool {
        let counted = format!(r#"{{agent="embedder",reason="{reason}"}} 1"#);
        meters.render().unwrap().contains(&format!("courant_requests_refused_total{counted}"))
    }

    #[tokio::test]
    async fn a_request_beyond_the_bound_is_refused_until_one_is_done() {
        let (admission, meters) = one_request();
        let first = admission.admit().unwrap();
        let refused = admission.clone().admit().map(drop).unwrap_err();
        assert_eq!(refused, Unserved::Overloaded(1));
        assert_eq!(refused.refused(), Refused::Overloaded);
        assert!(refusals(&meters, "overloaded"));
        drop(first);
        assert!(admission.admit().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_come_is_given_up_at_the_deadline() {
        let (admission, meters) = one_request();
        let admitted = admission.admit().unwrap();
        tokio::time::advance(PATIENCE / 2).await;
        assert_eq!(admitted.in_time(async { 1 }).await, Ok(1));
        let late = admitted.in_time(std::future::pending::<()>()).await;
        assert_eq!(late, Err(Unserved::Late(PATIENCE)));
        assert!(refusals(&meters, "late"));
        assert_eq!(Instant::now().into_std(), admitted.deadline());
    }

    #[test]
    fn a_request_carries_a_text_and_no_more_than_are_allowed() {
        let texts = vec![String::new(); 3];
        assert!(check_count(&texts, 3).is_ok());
        assert_eq!(check_count(&texts, 2), Err(Unserved::Count { count: 3, most: 2 }));
        assert_eq!(check_count(&[], 3), Err(Unserved::Count { count: 0, most: 3 }));
    }
}
