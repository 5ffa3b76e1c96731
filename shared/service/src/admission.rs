//! A limit on the number of requests in progress.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::{AgentMetrics, RefusalKind};

/// The reasons why a request was not served, whatever its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unserved {
    /// The request carries no texts, or too many.
    #[error("{count} texts in one request, 1 to {most} are allowed")]
    Count {
        /// The number of texts in the request.
        count: usize,
        /// The largest number allowed.
        most: usize,
    },
    /// This many requests are in progress, so the request was not started.
    #[error("{0} requests are in progress already; try again in a second")]
    Overloaded(usize),
    /// The request took longer than this.
    #[error("no answer within {0:?}")]
    Late(Duration),
}

impl Unserved {
    /// Returns the kind of the refusal.
    pub fn refused(&self) -> RefusalKind {
        match self {
            Self::Count { .. } => RefusalKind::Invalid,
            Self::Overloaded(_) => RefusalKind::Overloaded,
            Self::Late(_) => RefusalKind::Late,
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

/// Limits the number of requests in progress. A request beyond the limit is refused at once, so
/// that the earlier ones are answered in time. Clones share the limit.
#[derive(Clone)]
pub struct Admission {
    slots: Arc<Semaphore>,
    requests: usize,
    patience: Duration,
    metrics: AgentMetrics,
}

impl Admission {
    /// `requests`: the most requests in progress. `patience`: the time that each may take.
    /// `metrics` counts the refused ones.
    pub fn new(requests: usize, patience: Duration, metrics: AgentMetrics) -> Self {
        Self { slots: Arc::new(Semaphore::new(requests)), requests, patience, metrics }
    }

    /// Admits a request. It counts as in progress until the returned value is dropped.
    ///
    /// # Errors
    /// [`Unserved::Overloaded`] if too many are in progress.
    pub fn admit(&self) -> Result<AdmittedRequest<'_>, Unserved> {
        let slot = self.slots.try_acquire();
        let slot = slot.map_err(|_| self.counted(Unserved::Overloaded(self.requests)))?;
        Ok(AdmittedRequest {
            _slot: slot,
            deadline: Instant::now() + self.patience,
            admission: self,
        })
    }

    fn counted(&self, why: Unserved) -> Unserved {
        self.metrics.refused(why.refused());
        why
    }
}

/// A request in progress.
pub struct AdmittedRequest<'a> {
    _slot: SemaphorePermit<'a>,
    deadline: Instant,
    admission: &'a Admission,
}

impl AdmittedRequest<'_> {
    /// Returns the time at which the answer is due.
    pub fn deadline(&self) -> std::time::Instant {
        self.deadline.into_std()
    }

    /// Awaits `answering`, at most until the deadline.
    ///
    /// # Errors
    /// [`Unserved::Late`] if the deadline passed.
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
        assert_eq!(refused.refused(), RefusalKind::Overloaded);
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
