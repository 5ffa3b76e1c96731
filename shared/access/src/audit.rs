//! The entries of the audit, and the way of them to whoever keeps them.

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Entries that may wait for the disk.
const WAITING: usize = 4096;

/// One change: who asked for what, and what came of it. Without bodies and secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// When it was answered, Unix milliseconds.
    pub at_ms: i64,
    /// The principal: `person:ann`, `token:ID`, `service:…`, `anyone`.
    pub who: String,
    /// The operation: method and route, the method of gRPC, or the tool of MCP.
    pub what: String,
    /// The path of the request, which names what was changed.
    pub target: String,
    /// `done`, or the code of the refusal or failure.
    pub result: String,
    /// The id of the request.
    pub request: String,
    /// The address of the client.
    pub address: String,
}

/// Takes entries. Clones share one way.
#[derive(Clone, Default)]
pub struct AuditLog(Option<mpsc::Sender<AuditEntry>>);

impl AuditLog {
    /// Makes a log, and the queue from which its entries are kept.
    pub fn new() -> (Self, mpsc::Receiver<AuditEntry>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(Some(sender)), receiver)
    }

    /// Notes an entry for the table. Without a table, or where it does not keep up, the entry becomes
    /// a line of the log.
    pub fn note(&self, entry: AuditEntry) {
        let left = match &self.0 {
            Some(sender) => sender.try_send(entry).map_err(TrySendError::into_inner).err(),
            None => Some(entry),
        };
        if let Some(AuditEntry { who, what, target, result, request, address, .. }) = left {
            let in_table = self.0.is_some();
            tracing::info!(
                target: "courant::audit",
                who, what, on = target, result, request, address,
                "{}", if in_table { "a change that the table lacks" } else { "a change" }
            );
        }
    }
}
