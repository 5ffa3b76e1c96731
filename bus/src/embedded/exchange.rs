//! Messages that only pass: broadcasts, events for those who listen, requests.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, mpsc, oneshot};

use crate::error::RequestError;
use crate::message::Envelope;
use crate::request::PendingRequest;
use crate::subject::Subject;

/// Messages kept for a slow listener; it loses the oldest.
const LISTENER_BUFFER: usize = 1024;
/// Requests that wait for one server of a subject.
const SERVER_BUFFER: usize = 256;

/// Who listens to what, and who answers what.
#[derive(Default)]
pub(super) struct Exchange {
    members: Mutex<Members>,
}

#[derive(Default)]
struct Members {
    closed: bool,
    listeners: HashMap<Subject, broadcast::Sender<Envelope>>,
    servers: HashMap<Subject, Vec<mpsc::Sender<PendingRequest>>>,
}

impl Exchange {
    pub(super) fn pass(&self, subject: Subject, envelope: &Envelope) {
        if let Some(listeners) = self.members().listeners.get(&subject) {
            // It fails where everyone has left.
            let _nobody_listens = listeners.send(envelope.clone());
        }
    }

    pub(super) fn listen(&self, subject: Subject) -> broadcast::Receiver<Envelope> {
        let mut members = self.members();
        if members.closed {
            return broadcast::channel(1).1;
        }
        let new = || broadcast::channel(LISTENER_BUFFER).0;
        members.listeners.entry(subject).or_insert_with(new).subscribe()
    }

    pub(super) fn serve(&self, subject: Subject) -> mpsc::Receiver<PendingRequest> {
        let (server, asked) = mpsc::channel(SERVER_BUFFER);
        let mut members = self.members();
        if !members.closed {
            members.servers.entry(subject).or_default().push(server);
        }
        asked
    }

    /// One of the servers answers.
    pub(super) async fn ask(
        &self,
        subject: Subject,
        question: Envelope,
    ) -> Result<Envelope, RequestError> {
        let server = self.next_server(subject).ok_or(RequestError::NoResponder(subject))?;
        let (reply, answer) = oneshot::channel();
        if server.send(PendingRequest { question, reply }).await.is_err() {
            return Err(RequestError::NoResponder(subject));
        }
        match answer.await {
            Ok(envelope) => Ok(envelope),
            // It took the request and will not reply: as over a network, one waits.
            Err(_dropped) => std::future::pending().await,
        }
    }

    /// In turn, leaving out those that have gone.
    fn next_server(&self, subject: Subject) -> Option<mpsc::Sender<PendingRequest>> {
        let mut members = self.members();
        let servers = members.servers.get_mut(&subject)?;
        servers.retain(|server| !server.is_closed());
        let next = servers.first()?.clone();
        servers.rotate_left(1);
        Some(next)
    }

    /// Everyone's next message is the end.
    pub(super) fn close(&self) {
        *self.members() = Members { closed: true, ..Members::default() };
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
