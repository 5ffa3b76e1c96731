//! Leases of registered domains: no domain is asked by two crawlers at a time.
//!
//! A lease is taken when a domain is first needed, renewed while somebody here uses it,
//! and given back when nobody does. The store reckons by its own clock; this side counts
//! from before it asked, by a clock that nobody sets, and so never counts on longer. Each
//! crawler takes its share of the domains and no more, so that all have work.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use courant_store::{Crawl, Lease, NoteKind, Renewal, TakenLease};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::fences::Fences;
use crate::metrics::Metrics;
use crate::notes::Notes;
use crate::outcome::{Ended, Failure};
use crate::patience::Patience;
use crate::web::politeness::Politeness;

/// The parts of a lease's time after which it is renewed.
const RENEWED_AFTER: u32 = 3;
/// The parts of a lease's time that must be left for a request to start.
const LEFT_TO_START: u32 = 4;
/// The parts of a lease's time after which an unused one is given back.
const IDLE_AFTER: u32 = 10;
/// Domains whose last epoch is kept in mind. With more, all are forgotten: those that are
/// taken again wait for their delay once more than they need.
const MANY_DOMAINS: usize = 10_000;

/// Leases, each with the pause that its domain is given between two requests.
type Paced = Vec<(Lease, Duration)>;

/// The domains that this crawler has.
pub(crate) struct Leases {
    pub(crate) holder: String,
    /// The time that a lease lasts unless it is renewed.
    pub(crate) lasts: Duration,
    /// Takes no more than its share of the domains.
    pub(crate) shares: bool,
    pub(crate) store: Crawl,
    pub(crate) patience: Patience,
    pub(crate) fences: Arc<Fences>,
    pub(crate) notes: Arc<Notes>,
    pub(crate) politeness: Arc<Politeness>,
    pub(crate) metrics: Metrics,
    pub(crate) state: Mutex<State>,
    pub(crate) renewed: Notify,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    held: HashMap<String, Held>,
    /// Held while a domain's lease is being taken.
    taking: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    /// The last epoch that this crawler had of each domain.
    last_epochs: HashMap<String, i64>,
    /// Domains that were not taken because the share is full, since the last renewal.
    wanted: HashSet<String>,
    /// The most domains to have; `None`: all.
    share: Option<usize>,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    valid_until: Instant,
    users: usize,
    unused_since: Instant,
    /// It is to be given back as soon as nobody uses it.
    is_surplus: bool,
    delay: Duration,
}

/// A domain in use, which its lease is renewed for.
pub(crate) struct Holding {
    leases: Arc<Leases>,
    lease: Lease,
}

impl Leases {
    /// The time between two renewals.
    pub(crate) fn renewal_interval(&self) -> Duration {
        self.lasts / RENEWED_AFTER
    }

    /// The time to wait for a domain that another crawler has.
    pub(crate) fn retry_interval(&self) -> Duration {
        self.lasts / LEFT_TO_START
    }

    /// Uses `domain`, taking its lease if nobody has it.
    ///
    /// # Errors
    /// [`Ended::Elsewhere`] if another crawler has it, or should have it.
    pub(crate) async fn hold(self: &Arc<Self>, domain: &str) -> Result<Holding, Ended> {
        let taking = Arc::clone(self.lock().taking.entry(domain.to_owned()).or_default());
        let held = {
            let _one_at_a_time = taking.lock().await;
            self.hold_alone(domain).await
        };
        drop(taking);
        let mut state = self.lock();
        if state.taking.get(domain).is_some_and(|taking| Arc::strong_count(taking) == 1) {
            state.taking.remove(domain);
        }
        held
    }

    async fn hold_alone(self: &Arc<Self>, domain: &str) -> Result<Holding, Ended> {
        loop {
            let renewed = self.renewed.notified();
            match self.use_held(domain)? {
                Use::Held(lease) => return Ok(Holding { leases: Arc::clone(self), lease }),
                Use::Late(valid_until) => {
                    // Whichever comes first: the state says which it was.
                    let _ = tokio::time::timeout_at(valid_until, renewed).await;
                }
                Use::NotHeld => return self.take(domain).await,
            }
        }
    }

    /// Counts a user in where the domain is held.
    fn use_held(&self, domain: &str) -> Result<Use, Ended> {
        let mut state = self.lock();
        let State { held, wanted, share, .. } = &mut *state;
        let now = Instant::now();
        let taken = held.len();
        match held.get_mut(domain) {
            Some(held) if held.is_surplus => Err(Ended::Elsewhere),
            Some(held) if held.valid_until > now + self.lasts / LEFT_TO_START => {
                held.users += 1;
                Ok(Use::Held(held.lease.clone()))
            }
            Some(held) if held.valid_until > now => Ok(Use::Late(held.valid_until)),
            Some(_) => Ok(Use::NotHeld),
            None if share.is_some_and(|share| taken >= share) => {
                wanted.insert(domain.to_owned());
                Err(Ended::Elsewhere)
            }
            None => Ok(Use::NotHeld),
        }
    }

    async fn take(self: &Arc<Self>, domain: &str) -> Result<Holding, Ended> {
        let take = || async {
            let asked = Instant::now();
            let taken = self.store.take_lease(domain, &self.holder, self.lasts).await?;
            Ok(taken.map(|taken| (taken, asked + self.lasts)))
        };
        let Some((taken, valid_until)) = self.patience.keep_asking(take).await? else {
            return Err(Ended::Elsewhere);
        };
        self.rest(&taken).await?;
        let lease = taken.lease;
        let mut state = self.lock();
        let held = Held {
            lease: lease.clone(),
            valid_until,
            users: 1,
            unused_since: Instant::now(),
            is_surplus: false,
            delay: taken.delay,
        };
        state.held.insert(domain.to_owned(), held);
        state.keep_epoch(&lease);
        self.fences.put(lease.clone());
        self.metrics.leases(state.held.len());
        drop(state);
        Ok(Holding { leases: Arc::clone(self), lease })
    }

    /// Keeps the distance to the last request of a former holder, and a pause that the
    /// server asked it for. Where one epoch follows the other, nobody was in between.
    async fn rest(&self, taken: &TakenLease) -> Result<(), Ended> {
        let TakenLease { lease, delay } = taken;
        let domain = &lease.domain;
        if lease.epoch == self.lock().last_epochs.get(domain).copied().unwrap_or_default() + 1 {
            return Ok(());
        }
        self.politeness.taken_over(domain, *delay).await;
        let note = || self.store.note(NoteKind::Pause, domain);
        let note = self.patience.keep_asking(note).await?;
        if let Some(rest) = note.and_then(|note| self.notes.rest_of(&note)) {
            self.politeness.leave_alone(domain, rest).await;
        }
        Ok(())
    }

    /// Renews the leases in use, gives the others back, and settles this crawler's share.
    /// `waiting`: domains that wait for a holder.
    ///
    /// # Errors
    /// If the store does not answer, or the crawl is being stopped.
    pub(crate) async fn renew(&self, waiting: usize) -> Result<(), Ended> {
        let (unused, used) = self.sort_out();
        let asked = Instant::now();
        let renew = async {
            if !unused.is_empty() {
                self.store.release_leases(&self.holder, &unused).await?;
            }
            self.store.renew_leases(&self.holder, &used, self.lasts).await
        };
        let renewal = tokio::time::timeout(self.renewal_interval(), renew).await;
        let Ok(Ok(renewal)) = renewal else {
            tracing::warn!("the store does not renew leases: no request starts without");
            return Err(Failure::Store.into());
        };
        self.settle(&renewal, &used, asked + self.lasts, waiting);
        self.renewed.notify_waiters();
        Ok(())
    }

    /// Splits the leases into those that nobody uses, which are held no more, and the
    /// others.
    fn sort_out(&self) -> (Paced, Paced) {
        let mut state = self.lock();
        let now = Instant::now();
        let is_unused =
            |held: &Held| held.users == 0 && now >= held.unused_since + self.lasts / IDLE_AFTER;
        let unused: Vec<_> =
            state.held.extract_if(|_, held| is_unused(held)).map(|(_, held)| held).collect();
        unused.iter().for_each(|held| self.fences.remove(&held.lease));
        self.metrics.leases(state.held.len());
        let pair = |held: &Held| (held.lease.clone(), held.delay);
        (unused.iter().map(pair).collect(), state.held.values().map(pair).collect())
    }

    fn settle(
        &self,
        renewal: &Renewal,
        asked: &[(Lease, Duration)],
        valid_until: Instant,
        waiting: usize,
    ) {
        let kept: HashSet<&str> = renewal.kept.iter().map(String::as_str).collect();
        let mut state = self.lock();
        for (lease, _) in asked {
            let held = state.held.get_mut(&lease.domain).filter(|held| held.lease == *lease);
            match held {
                Some(held) if kept.contains(lease.domain.as_str()) => {
                    held.valid_until = valid_until;
                }
                Some(_) => {
                    tracing::warn!(lease.domain, "another crawler has taken over a domain");
                    state.held.remove(&lease.domain);
                    self.fences.remove(lease);
                    self.metrics.lost_lease();
                }
                None => {}
            }
        }
        let domains = renewal.domains + waiting + state.wanted.len();
        state.wanted.clear();
        state.share = if self.shares { share(domains, renewal.crawlers) } else { None };
        state.mark_surplus();
        self.metrics.leases(state.held.len());
    }

    /// A line for the status.
    pub(crate) fn summary(&self) -> String {
        let state = self.lock();
        let share = state.share.map_or("all".to_owned(), |share| format!("at most {share}"));
        format!("{} held of {share}, as {}", state.held.len(), self.holder)
    }

    /// The leases that are held now.
    pub(crate) fn held(&self) -> Vec<Lease> {
        self.lock().held.values().map(|held| held.lease.clone()).collect()
    }

    /// The domains that may be taken before the share is full, `most` at most.
    pub(crate) fn room(&self, most: usize) -> usize {
        let state = self.lock();
        state.share.map_or(most, |share| share.saturating_sub(state.held.len()).min(most))
    }

    /// Gives everything back. To be called when nothing more is written.
    pub(crate) async fn leave(&self) {
        let all: Vec<_> = {
            let mut state = self.lock();
            state.held.drain().map(|(_, held)| (held.lease, held.delay)).collect()
        };
        let leave = || async {
            self.store.release_leases(&self.holder, &all).await?;
            self.store.leave(&self.holder).await
        };
        if let Err(error) = self.patience.keep_trying(leave).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "leases are not given back: they end by themselves");
        }
        self.metrics.leases(0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Use {
    Held(Lease),
    /// Its renewal is late; it ends then.
    Late(Instant),
    NotHeld,
}

impl State {
    fn keep_epoch(&mut self, lease: &Lease) {
        if self.last_epochs.len() >= MANY_DOMAINS {
            self.last_epochs.clear();
        }
        self.last_epochs.insert(lease.domain.clone(), lease.epoch);
    }

    /// Marks as many domains as this crawler has too many, those first that nobody uses.
    fn mark_surplus(&mut self) {
        let too_many = self.share.map_or(0, |share| self.held.len().saturating_sub(share));
        let mut held: Vec<_> = self.held.values_mut().collect();
        held.sort_by_key(|held| held.users);
        for (place, held) in held.into_iter().enumerate() {
            held.is_surplus = place < too_many;
        }
    }
}

/// The most that one of `crawlers` is to have of `domains`.
fn share(domains: usize, crawlers: usize) -> Option<usize> {
    (crawlers > 1).then(|| domains.div_ceil(crawlers).max(1))
}

impl Holding {
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Says if the domain may be used on: the lease is valid, and no other crawler is to
    /// have it.
    pub(crate) fn may_go_on(&self) -> bool {
        let state = self.leases.lock();
        self.held(&state).is_some_and(|held| !held.is_surplus && held.valid_until > Instant::now())
    }

    /// Says if there is time enough for a request to start.
    pub(crate) fn may_start(&self) -> bool {
        let needed = Instant::now() + self.leases.lasts / LEFT_TO_START;
        self.valid_until().is_some_and(|valid_until| valid_until > needed)
    }

    /// Keeps in mind the pause that the domain is given between two requests.
    pub(crate) fn keep_delay(&self, delay: Duration) {
        let mut state = self.leases.lock();
        let held = state.held.get_mut(&self.lease.domain);
        if let Some(held) = held.filter(|held| held.lease == self.lease) {
            held.delay = held.delay.max(delay);
        }
    }

    /// Does `work` no longer than the lease is valid. The check comes before each step of
    /// the work: a process that was stopped and goes on sends nothing.
    ///
    /// # Errors
    /// [`Ended::Elsewhere`] if the lease ended.
    pub(crate) async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, Ended>>,
    ) -> Result<T, Ended> {
        let mut work = pin!(work);
        let mut checked = pin!(poll_fn(|context| match self.valid_until() {
            Some(valid_until) if Instant::now() < valid_until => work.as_mut().poll(context),
            _ => Poll::Ready(Err(Ended::Elsewhere)),
        }));
        loop {
            let valid_until = self.valid_until().ok_or(Ended::Elsewhere)?;
            // It may have been renewed until then.
            if let Ok(done) = tokio::time::timeout_at(valid_until, checked.as_mut()).await {
                return done;
            }
            if self.valid_until().is_none_or(|renewed| renewed <= valid_until) {
                return Err(Ended::Elsewhere);
            }
        }
    }

    fn valid_until(&self) -> Option<Instant> {
        let state = self.leases.lock();
        self.held(&state).map(|held| held.valid_until)
    }

    fn held<'a>(&self, state: &'a State) -> Option<&'a Held> {
        state.held.get(&self.lease.domain).filter(|held| held.lease == self.lease)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut state = self.leases.lock();
        let held = state.held.get_mut(&self.lease.domain);
        if let Some(held) = held.filter(|held| held.lease == self.lease) {
            held.users -= 1;
            held.unused_since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests;
