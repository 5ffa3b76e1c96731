//! The open connections of a process, of which there is a limit. Beyond it the connection that has
//! been idle longest is closed. If all are busy, a few more are accepted, for probes alone.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter, UpDownCounter};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// The time that a client may take for its first request, and for the header of each.
pub(super) const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a connection may be idle after a request. HTTP/1 waits for the next header only
/// as long as for every one.
const IDLE_TIMEOUT: Duration = Duration::from_secs(300);
/// Connections beyond the limit, on which probes alone are answered.
const RESERVE: usize = 8;

/// The open connections. Clones share them.
#[derive(Clone)]
pub(crate) struct Connections(Arc<Shared>);

struct Shared {
    most: usize,
    open: Mutex<Open>,
    gauge: UpDownCounter<i64>,
    ended: Counter<u64>,
}

#[derive(Default)]
struct Open {
    last_id: u64,
    connections: HashMap<u64, Activity>,
}

struct Activity {
    requests: usize,
    had_request: bool,
    idle_since: Instant,
    is_reserve: bool,
    shed: CancellationToken,
}

impl Activity {
    fn may_be_shed(&self) -> bool {
        self.requests == 0 && !self.shed.is_cancelled()
    }

    /// Returns the time at which it has been idle too long; `None` while it is busy.
    fn expires(&self) -> Option<Instant> {
        let patience = if self.had_request { IDLE_TIMEOUT } else { HEADER_TIMEOUT };
        (self.requests == 0).then(|| self.idle_since + patience)
    }
}

impl Connections {
    /// Limits the connections to `most`, and a few for probes.
    pub(crate) fn new(most: usize, meter: &Meter) -> Self {
        let gauge = meter
            .i64_up_down_counter("courant_connections_open")
            .with_description("Open connections of clients, over HTTP and gRPC")
            .build();
        let ended = meter
            .u64_counter("courant_connections_ended")
            .with_description("Connections that the service ended early, by reason")
            .build();
        Self(Arc::new(Shared { most, open: Mutex::default(), gauge, ended }))
    }

    /// Admits a connection; `None` if even those for probes are busy.
    pub(super) fn admit(&self) -> Option<Connection> {
        let mut open = self.open();
        let lasting = open.connections.values().filter(|one| !one.shed.is_cancelled());
        let is_full = lasting.count() >= self.0.most;
        let is_reserve = is_full && self.shed_oldest(&mut open).unwrap_or(true);
        let reserved = open.connections.values().filter(|one| one.is_reserve && one.requests > 0);
        if is_reserve && reserved.count() >= RESERVE {
            self.count_ended("refused");
            return None;
        }
        open.last_id += 1;
        let (id, shed) = (open.last_id, CancellationToken::new());
        let activity = Activity {
            requests: 0,
            had_request: false,
            idle_since: Instant::now(),
            is_reserve,
            shed: shed.clone(),
        };
        open.connections.insert(id, activity);
        self.0.gauge.add(1, &[]);
        Some(Connection { connections: self.clone(), id, shed, is_reserve })
    }

    /// Closes the connection that has been idle longest. Returns whether it was for probes; `None`
    /// if all are busy.
    fn shed_oldest(&self, open: &mut Open) -> Option<bool> {
        let idle = open.connections.values_mut().filter(|one| one.may_be_shed());
        let oldest = idle.min_by_key(|one| one.idle_since)?;
        oldest.shed.cancel();
        self.count_ended("shed");
        Some(oldest.is_reserve)
    }

    fn count_ended(&self, reason: &'static str) {
        self.0.ended.add(1, &[KeyValue::new("reason", reason)]);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection, until this is dropped.
pub(super) struct Connection {
    connections: Connections,
    id: u64,
    shed: CancellationToken,
    is_reserve: bool,
}

impl Connection {
    /// Returns true if probes alone are answered on it.
    pub(super) fn is_reserve(&self) -> bool {
        self.is_reserve
    }

    /// Counts a request as in progress until the returned value is dropped.
    pub(super) fn request(&self) -> RequestInProgress {
        if let Some(activity) = self.connections.open().connections.get_mut(&self.id) {
            activity.requests += 1;
            activity.had_request = true;
        }
        RequestInProgress { connections: self.connections.clone(), id: self.id }
    }

    /// Returns once another connection needs the room.
    pub(super) async fn shed(&self) {
        self.shed.cancelled().await;
    }

    /// Returns once the connection has been idle too long.
    pub(super) async fn expired(&self) {
        loop {
            let expires = self.connections.open().connections.get(&self.id).map(Activity::expires);
            match expires {
                None => return,
                Some(Some(at)) if at <= Instant::now() => break,
                Some(Some(at)) => sleep_until(at).await,
                Some(None) => tokio::time::sleep(HEADER_TIMEOUT).await,
            }
        }
        self.connections.count_ended("idle");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.open().connections.remove(&self.id);
        self.connections.0.gauge.add(-1, &[]);
    }
}

/// A request in progress, until this is dropped.
pub(super) struct RequestInProgress {
    connections: Connections,
    id: u64,
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        if let Some(activity) = self.connections.open().connections.get_mut(&self.id) {
            activity.requests -= 1;
            activity.idle_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use courant_telemetry::Meters;

    use super::*;

    fn connections(most: usize) -> (Connections, Meters) {
        let meters = Meters::new("test").unwrap();
        (Connections::new(most, &meters.meter()), meters)
    }

    #[tokio::test(start_paused = true)]
    async fn beyond_the_limit_the_connection_that_was_idle_longest_is_closed() {
        let (connections, meters) = connections(2);
        let first = connections.admit().unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        let second = connections.admit().unwrap();
        let busy = first.request();
        let third = connections.admit().unwrap();
        assert!(second.shed.is_cancelled() && !first.shed.is_cancelled());
        assert!(!third.is_reserve());
        drop((busy, second));
        assert!(
            meters
                .render()
                .unwrap()
                .contains(r#"courant_connections_ended_total{reason="shed"} 1"#)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn if_all_are_busy_a_few_more_are_accepted_for_probes() {
        let (connections, _meters) = connections(1);
        let first = connections.admit().unwrap();
        let _busy = first.request();
        let busy_reserve = || {
            let connection = connections.admit().unwrap();
            assert!(connection.is_reserve());
            (connection.request(), connection)
        };
        let reserve: Vec<_> = (0..RESERVE).map(|_| busy_reserve()).collect();
        assert!(connections.admit().is_none());
        drop(reserve);
        assert!(connections.admit().unwrap().is_reserve());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_without_a_request_expires_soon_and_a_busy_one_does_not() {
        let (connections, _meters) = connections(4);
        let started = Instant::now();
        let connection = connections.admit().unwrap();
        connection.expired().await;
        assert_eq!(started.elapsed(), HEADER_TIMEOUT);
        let busy = connection.request();
        let while_busy = tokio::time::timeout(IDLE_TIMEOUT * 2, connection.expired()).await;
        assert!(while_busy.is_err());
        drop(busy);
        let idle = tokio::time::timeout(IDLE_TIMEOUT - HEADER_TIMEOUT, connection.expired()).await;
        assert!(idle.is_err());
        connection.expired().await;
    }
}
