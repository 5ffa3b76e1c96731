//! The credentials of a process: in step with the records, and the audit on its way to them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use courant_access::{AuditEntry, AuditLog, Config, Gate, Keyring, Passwords};
use courant_telemetry::Clock;
use tokio::sync::Mutex;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::records::Records;

/// The time between two looks at the records: a revoked token ends within it.
const LOOK: Duration = Duration::from_millis(400);
/// Looks between two rounds of writing down uses and forgetting what has ended.
const LOOKS_PER_ROUND: u32 = 75;
/// Entries of the audit in one transaction.
const GROUP: usize = 256;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// The credentials of a process. Clones share everything.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    records: Records,
    keyring: Keyring,
    passwords: Passwords,
    config: Config,
    clock: Clock,
    /// The number of the change that the keyring has.
    seen: AtomicI64,
    audit: AuditLog,
    entries: Mutex<Receiver<AuditEntry>>,
}

impl Credentials {
    /// Reads the records.
    ///
    /// # Errors
    /// A failure of the records.
    pub async fn open(records: Records, config: &Config, clock: Clock) -> Result<Self, Error> {
        let (audit, entries) = AuditLog::new();
        let credentials = Self(Arc::new(Inner {
            records,
            keyring: Keyring::default(),
            passwords: Passwords::new(config.password_checks),
            config: config.clone(),
            clock,
            seen: AtomicI64::new(-1),
            audit,
            entries: Mutex::new(entries),
        }));
        credentials.reload().await?;
        Ok(credentials)
    }

    /// Returns the gate that knows these credentials, and `local_token` of users of this machine.
    ///
    /// # Errors
    /// If the file of the service token cannot be read.
    pub fn gate(&self, local_token: Option<String>) -> io::Result<Gate> {
        let Inner { config, keyring, clock, audit, .. } = &*self.0;
        let gate = Gate::new(config, keyring.clone(), clock.clone())?;
        Ok(gate.with(local_token, audit.clone()))
    }

    /// Keeps the keyring in step, and writes the audit, until it is [ended](Following::end).
    pub fn follow(&self) -> Following {
        let ending = CancellationToken::new();
        let (this, until) = (self.clone(), ending.clone());
        Following { ending, task: tokio::spawn(async move { this.work(until).await }) }
    }

    pub(crate) fn records(&self) -> &Records {
        &self.0.records
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.0.clock.unix_ms()
    }

    /// Brings the keyring in step with the records, so that a change counts at once here.
    pub(crate) async fn reload(&self) -> Result<(), Error> {
        let change = self.0.records.change().await?;
        self.0.keyring.replace(self.0.records.content().await?);
        self.0.seen.store(change, Ordering::Relaxed);
        Ok(())
    }

    async fn work(self, until: CancellationToken) {
        let mut entries = self.0.entries.lock().await;
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut group, mut number) = (Vec::with_capacity(GROUP), 0_u32);
        loop {
            tokio::select! {
                biased;
                _ = looks.tick() => {
                    told("cannot read the credentials", self.look().await);
                    if number.is_multiple_of(LOOKS_PER_ROUND) {
                        told("cannot keep the credentials in order", self.round().await);
                    }
                    number = number.wrapping_add(1);
                }
                _count = entries.recv_many(&mut group, GROUP) => self.keep(&mut group).await,
                () = until.cancelled() => break,
            }
        }
        while let Ok(entry) = entries.try_recv() {
            group.push(entry);
        }
        self.keep(&mut group).await;
        told("cannot write down the uses of tokens", self.record_uses().await);
    }

    async fn look(&self) -> Result<(), Error> {
        if self.0.records.change().await? != self.0.seen.load(Ordering::Relaxed) {
            self.reload().await?;
        }
        Ok(())
    }

    async fn round(&self) -> Result<(), Error> {
        self.record_uses().await?;
        let (now_ms, config) = (self.now_ms(), &self.0.config);
        let audit_from_ms = now_ms - i64::from(config.audit_days) * DAY_MS;
        self.0.records.forget(now_ms, audit_from_ms, config.audit_entries.into()).await
    }

    /// Writes entries into the table; where that fails, into the log.
    async fn keep(&self, group: &mut Vec<AuditEntry>) {
        let entries = std::mem::take(group);
        if entries.is_empty() {
            return;
        }
        let kept = self.0.records.note(entries.clone()).await;
        if kept.is_err() {
            let to_log = AuditLog::default();
            entries.into_iter().for_each(|entry| to_log.note(entry));
        }
        told("cannot write the audit", kept);
    }
}

fn told(failure: &str, result: Result<(), Error>) {
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn std::error::Error, "{failure}");
    }
}

/// The work of [`Credentials::follow`].
pub struct Following {
    ending: CancellationToken,
    task: JoinHandle<()>,
}

impl Following {
    /// Writes what waits, and ends.
    pub async fn end(self) {
        self.ending.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the work on credentials panicked");
        }
    }
}
