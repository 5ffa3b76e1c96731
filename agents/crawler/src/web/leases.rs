//! Leases of registered domains: no two crawlers request the same domain at the same time.
//!
//! A crawler takes a lease when it first needs a domain. It renews the lease while the domain is
//! in use, and gives it back afterwards. The store counts a lease's time by its own clock. The
//! crawler counts by a monotonic clock from before its request, so its lease never seems to last
//! longer than it does in the store. Each crawler takes no more than its share of the domains,
//! so that all have work.

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

/// Leases are renewed each time this fraction (1/3) of their lifetime has passed.
const RENEWED_AFTER: u32 = 3;
/// A request starts only while more than this fraction (1/4) of the lease's lifetime is left.
const LEFT_TO_START: u32 = 4;
/// A lease is given back after it was unused for this fraction (1/10) of its lifetime.
const IDLE_AFTER: u32 = 10;
/// The most domains whose last epoch is remembered. At this number all are forgotten: a domain
/// that is taken again then waits for its delay once without need.
const MANY_DOMAINS: usize = 10_000;

/// Leases, each with the delay between two requests to its domain.
type Paced = Vec<(Lease, Duration)>;

/// The domains that this crawler holds.
pub(crate) struct Leases {
    pub(crate) holder: String,
    /// The lifetime of a lease that is not renewed.
    pub(crate) lasts: Duration,
    /// True if this crawler takes no more than its share of the domains.
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
    /// A lock for each domain whose lease is being taken.
    taking: HashMap<String, Arc<tokio::sync::Mutex<()>>>,
    /// The epoch of this crawler's last lease of each domain.
    last_epochs: HashMap<String, i64>,
    /// Domains that were not taken since the last renewal, because the share is full.
    wanted: HashSet<String>,
    /// The most domains to hold; `None` if there is no limit.
    share: Option<usize>,
}

#[derive(Debug)]
struct Held {
    lease: Lease,
    valid_until: Instant,
    users: usize,
    unused_since: Instant,
    /// True if it exceeds the share: nobody may use it any more, and it is given back when unused.
    is_surplus: bool,
    delay: Duration,
}

/// A domain in use. Its lease is renewed until this is dropped.
pub(crate) struct Holding {
    leases: Arc<Leases>,
    lease: Lease,
}

impl Leases {
    /// Returns the time between two renewals.
    pub(crate) fn renewal_interval(&self) -> Duration {
        self.lasts / RENEWED_AFTER
    }

    /// Returns the wait before another try to take a domain that another crawler has.
    pub(crate) fn retry_interval(&self) -> Duration {
        self.lasts / LEFT_TO_START
    }

    /// Holds `domain` for use. Takes its lease if nobody has it.
    ///
    /// # Errors
    /// [`Ended::Elsewhere`] if another crawler has the domain, or this crawler's share is full.
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
                    // The next round of the loop sees whether the renewal or the end came first.
                    let _ = tokio::time::timeout_at(valid_until, renewed).await;
                }
                Use::NotHeld => return self.take(domain).await,
            }
        }
    }

    /// Adds a user to the domain if it is held.
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

    /// Keeps the delay after a former holder's last request, and the pause that a server asked that
    /// holder for. If the new epoch directly follows this crawler's last one, there was no other
    /// holder.
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

    /// Renews the leases in use, gives unused ones back, and computes this crawler's share.
    /// `waiting` is the number of domains that wait for a holder.
    ///
    /// # Errors
    /// [`Failure::Store`] if the store fails or does not answer in time.
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
            tracing::warn!("cannot renew leases: requests stop when they expire");
            return Err(Failure::Store.into());
        };
        self.settle(&renewal, &used, asked + self.lasts, waiting);
        self.renewed.notify_waiters();
        Ok(())
    }

    /// Drops the leases that nobody uses. Returns them first, and then the leases that remain.
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

    /// Returns a line for the status.
    pub(crate) fn summary(&self) -> String {
        let state = self.lock();
        let share = state.share.map_or("all".to_owned(), |share| format!("at most {share}"));
        format!("{} held of {share}, as {}", state.held.len(), self.holder)
    }

    /// Returns the leases that are held now.
    pub(crate) fn held(&self) -> Vec<Lease> {
        self.lock().held.values().map(|held| held.lease.clone()).collect()
    }

    /// Returns the number of domains that may be taken before the share is full, at most `most`.
    pub(crate) fn room(&self, most: usize) -> usize {
        let state = self.lock();
        state.share.map_or(most, |share| share.saturating_sub(state.held.len()).min(most))
    }

    /// Gives all leases back. Call it when nothing more is written.
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
            tracing::warn!(error, "cannot give leases back: they expire by themselves");
        }
        self.metrics.leases(0);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Use {
    Held(Lease),
    /// The renewal is late. The lease ends at this time.
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

    /// Marks the domains beyond the share as surplus, the least used first.
    fn mark_surplus(&mut self) {
        let too_many = self.share.map_or(0, |share| self.held.len().saturating_sub(share));
        let mut held: Vec<_> = self.held.values_mut().collect();
        held.sort_by_key(|held| held.users);
        for (place, held) in held.into_iter().enumerate() {
            held.is_surplus = place < too_many;
        }
    }
}

/// Returns the most `domains` that one of `crawlers` may hold; `None` if there is only one.
fn share(domains: usize, crawlers: usize) -> Option<usize> {
    (crawlers > 1).then(|| domains.div_ceil(crawlers).max(1))
}

impl Holding {
    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Returns true if the domain may still be used: the lease is valid, and the domain is not
    /// beyond the share.
    pub(crate) fn may_go_on(&self) -> bool {
        let state = self.leases.lock();
        self.held(&state).is_some_and(|held| !held.is_surplus && held.valid_until > Instant::now())
    }

    /// Returns true if enough of the lease is left for a request to start.
    pub(crate) fn may_start(&self) -> bool {
        let needed = Instant::now() + self.leases.lasts / LEFT_TO_START;
        self.valid_until().is_some_and(|valid_until| valid_until > needed)
    }

    /// Records the delay between two requests to the domain, if it is longer than before.
    pub(crate) fn keep_delay(&self, delay: Duration) {
        let mut state = self.leases.lock();
        let held = state.held.get_mut(&self.lease.domain);
        if let Some(held) = held.filter(|held| held.lease == self.lease) {
            held.delay = held.delay.max(delay);
        }
    }

    /// Runs `work` only while the lease is valid. The lease is checked before each poll, so that a
    /// process that was suspended and continues sends nothing.
    ///
    /// # Errors
    /// [`Ended::Elsewhere`] if the lease ended before the work.
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
            // The lease may have been renewed meanwhile.
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
