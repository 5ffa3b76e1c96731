//! Turns keep a delay between two requests to the same site. Each registered domain has one turn
//! at a time, which pages, robots.txt, feeds and redirects share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// The number of domains at which those with no pending delay are forgotten.
const MANY_DOMAINS: usize = 10_000;
/// The longest pause after a failure, in seconds.
const MAX_PAUSE_S: u64 = 8;
/// A server with this many strikes in a row is left alone for [`DEAD_FOR`].
const DEAD_AFTER: u32 = 20;
const DEAD_FOR: Duration = Duration::from_secs(600);
/// A failed page may be the only one that fails. An unreachable server fails every page, so it
/// gets more strikes.
const FAILED_STRIKES: u32 = 1;
const UNREACHABLE_STRIKES: u32 = 4;

/// The turns of every domain.
#[derive(Debug)]
pub(crate) struct Politeness {
    min_delay: Duration,
    max_wait: Duration,
    started: Instant,
    domains: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Domain>>>>,
}

/// The state of one domain.
#[derive(Debug, Default)]
struct Domain {
    delay: Duration,
    last_turn_ended: Option<Instant>,
    not_before: Option<Instant>,
    /// Failures since the last success. The strikes are counted since then, too.
    failures: u32,
    strikes: u32,
}

/// The domain's pause is longer than the crawler waits.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the site is to be left alone for {} more seconds", .0.as_secs())]
pub(crate) struct LeftAlone(pub(crate) Duration);

impl Politeness {
    /// Creates the turns. At least `min_delay` lies between two turns of a domain. A turn whose
    /// pause is longer than `max_wait` is refused.
    pub(crate) fn new(min_delay: Duration, max_wait: Duration) -> Self {
        Self { min_delay, max_wait, started: Instant::now(), domains: Mutex::default() }
    }

    /// Waits for a turn of `domain`, which lasts until it is dropped. `crawl_delay` is the delay
    /// that the site asks for; the longest one so far counts.
    pub(crate) async fn turn(
        &self,
        domain: &str,
        crawl_delay: Duration,
    ) -> Result<Turn, LeftAlone> {
        let mut state = self.domain(domain).lock_owned().await;
        state.delay = state.delay.max(crawl_delay).max(self.min_delay);
        if let Some(pause) = state.pause(Instant::now()).filter(|pause| *pause > self.max_wait) {
            return Err(LeftAlone(pause));
        }
        if let Some(start) = state.next_turn() {
            tokio::time::sleep_until(start).await;
        }
        Ok(Turn { state })
    }

    /// Sends no request to `domain` for the time of `pause`.
    pub(crate) async fn leave_alone(&self, domain: &str, pause: Duration) {
        let mut state = self.domain(domain).lock_owned().await;
        state.leave_alone(pause);
    }

    /// Starts the delay of `domain` now, because another crawler may have requested it until now.
    /// `delay` is the delay that the other crawler kept.
    pub(crate) async fn taken_over(&self, domain: &str, delay: Duration) {
        let mut state = self.domain(domain).lock_owned().await;
        state.delay = state.delay.max(delay);
        state.last_turn_ended = Some(Instant::now());
    }

    /// Starts the delay of `domain` at the start of this crawler, because a previous one may have
    /// requested it until then.
    pub(crate) fn asked_before(&self, domain: &str) {
        // If the lock is taken, somebody has a turn, and its end counts.
        if let Ok(mut state) = self.domain(domain).try_lock_owned() {
            state.last_turn_ended.get_or_insert(self.started);
        }
    }

    /// Returns the remaining pause of `domain`.
    pub(crate) async fn rest_of(&self, domain: &str) -> Duration {
        let state = self.domain(domain).lock_owned().await;
        state.pause(Instant::now()).unwrap_or_default()
    }

    fn domain(&self, name: &str) -> Arc<tokio::sync::Mutex<Domain>> {
        let mut domains = self.domains.lock().unwrap_or_else(PoisonError::into_inner);
        if domains.len() >= MANY_DOMAINS && !domains.contains_key(name) {
            domains.retain(|_, domain| is_needed(domain));
        }
        domains.entry(name.to_owned()).or_default().clone()
    }
}

/// Returns true if somebody holds or awaits a turn, or the next turn lies in the future.
fn is_needed(domain: &Arc<tokio::sync::Mutex<Domain>>) -> bool {
    let waits = |state: &Domain| state.next_turn().is_some_and(|start| start > Instant::now());
    Arc::strong_count(domain) > 1 || domain.try_lock().is_ok_and(|state| waits(&state))
}

impl Domain {
    fn leave_alone(&mut self, pause: Duration) {
        // A pause of a year is long enough, and adding it cannot overflow.
        let pause = pause.min(Duration::from_secs(365 * 86_400));
        self.not_before = self.not_before.max(Some(Instant::now() + pause));
    }

    fn next_turn(&self) -> Option<Instant> {
        let rested = self.last_turn_ended.map(|end| end + self.delay);
        rested.max(self.not_before)
    }

    fn pause(&self, now: Instant) -> Option<Duration> {
        self.not_before.map(|start| start.saturating_duration_since(now))
    }
}

/// The right to send one request.
#[derive(Debug)]
pub(crate) struct Turn {
    state: OwnedMutexGuard<Domain>,
}

impl Turn {
    /// Records that the server answered well.
    pub(crate) fn succeeded(&mut self) {
        self.state.failures = 0;
        self.state.strikes = 0;
    }

    /// Records that the server asked for a `pause`.
    pub(crate) fn told_to_wait(&mut self, pause: Duration) {
        self.state.leave_alone(pause);
    }

    /// Returns the delay between two requests to the site.
    pub(crate) fn delay(&self) -> Duration {
        self.state.delay
    }

    /// Returns the time from the end of this turn to the next one.
    pub(crate) fn rest(&self) -> Duration {
        self.state.pause(Instant::now()).unwrap_or_default().max(self.state.delay)
    }

    /// Records that the server failed on this page.
    pub(crate) fn failed(&mut self) {
        self.strike(FAILED_STRIKES);
    }

    /// Records that the server could not be reached.
    pub(crate) fn unreachable(&mut self) {
        self.strike(UNREACHABLE_STRIKES);
    }

    /// Pauses the server for 1 s, and twice as long after each further failure, up to
    /// [`MAX_PAUSE_S`]. At [`DEAD_AFTER`] strikes the pause is [`DEAD_FOR`].
    fn strike(&mut self, strikes: u32) {
        self.state.failures += 1;
        self.state.strikes += strikes;
        let doubled = 1 << (self.state.failures - 1).min(16);
        let pause = Duration::from_secs(MAX_PAUSE_S.min(doubled));
        self.told_to_wait(if self.state.strikes >= DEAD_AFTER { DEAD_FOR } else { pause });
    }
}

/// The delay counts from the end of a request, so that two requests are never closer together
/// than the delay, however long the first one takes.
impl Drop for Turn {
    fn drop(&mut self) {
        self.state.last_turn_ended = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Duration = Duration::ZERO;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[tokio::test(start_paused = true)]
    async fn requests_to_one_domain_keep_the_greatest_delay_asked_for() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        let start = Instant::now();
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), NONE, "the first turn comes at once");
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), seconds(1));
        drop(politeness.turn("a.example", seconds(10)).await.unwrap());
        assert_eq!(start.elapsed(), seconds(11));
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), seconds(21));
        drop(politeness.turn("b.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), seconds(21), "another domain waits for nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_answer_counts_before_the_delay_not_into_it() {
        let politeness = Arc::new(Politeness::new(seconds(2), seconds(60)));
        let start = Instant::now();
        let turn = politeness.turn("a.example", NONE).await.unwrap();
        let next = tokio::spawn({
            let politeness = politeness.clone();
            async move { politeness.turn("a.example", NONE).await.map(|_| Instant::now()) }
        });
        tokio::time::sleep(seconds(5)).await;
        drop(turn);
        assert_eq!(next.await.unwrap().unwrap() - start, seconds(7));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_is_honoured_and_too_long_a_pause_is_not_waited_for() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        let start = Instant::now();
        politeness.turn("a.example", NONE).await.unwrap().told_to_wait(seconds(30));
        let mut turn = politeness.turn("a.example", NONE).await.unwrap();
        assert_eq!(start.elapsed(), seconds(30));
        turn.told_to_wait(Duration::MAX);
        drop(turn);
        let refused = politeness.turn("a.example", NONE).await.unwrap_err();
        assert!(refused.0 > seconds(86_400));
        assert_eq!(start.elapsed(), seconds(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_keeps_failing_is_asked_less_and_then_not_at_all() {
        let politeness = Politeness::new(NONE, seconds(60));
        let mut waits = Vec::new();
        for _ in 0..DEAD_AFTER {
            let before = Instant::now();
            politeness.turn("a.example", NONE).await.unwrap().failed();
            waits.push(before.elapsed().as_secs());
        }
        assert_eq!(waits[..7], [0, 1, 2, 4, 8, 8, 8]);
        assert!(politeness.turn("a.example", NONE).await.is_err());
        tokio::time::advance(DEAD_FOR).await;
        politeness.turn("a.example", NONE).await.unwrap().succeeded();
        let before = Instant::now();
        politeness.turn("a.example", NONE).await.unwrap().failed();
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(before.elapsed(), seconds(1), "a success begins the count anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_not_there_is_given_up_sooner() {
        let politeness = Politeness::new(NONE, seconds(60));
        for _ in 0..DEAD_AFTER / UNREACHABLE_STRIKES {
            politeness.turn("a.example", NONE).await.unwrap().unreachable();
        }
        assert!(politeness.turn("a.example", NONE).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_of_before_is_kept() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        politeness.leave_alone("a.example", seconds(40)).await;
        politeness.leave_alone("b.example", seconds(200)).await;
        let start = Instant::now();
        let mut turn = politeness.turn("a.example", seconds(5)).await.unwrap();
        assert_eq!(start.elapsed(), seconds(40));
        assert_eq!(turn.rest(), seconds(5));
        turn.told_to_wait(seconds(30));
        assert_eq!(turn.rest(), seconds(30));
        assert!(politeness.turn("b.example", NONE).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_asked_before_has_its_delay_from_the_start() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        tokio::time::advance(seconds(2)).await;
        let start = Instant::now();
        politeness.asked_before("a.example");
        drop(politeness.turn("a.example", seconds(5)).await.unwrap());
        assert_eq!(start.elapsed(), seconds(3));
        politeness.asked_before("a.example");
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), seconds(8), "what is known counts");
    }

    #[tokio::test(start_paused = true)]
    async fn a_domain_taken_over_has_its_delay_from_then() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        drop(politeness.turn("a.example", NONE).await.unwrap());
        tokio::time::advance(seconds(9)).await;
        let start = Instant::now();
        politeness.taken_over("a.example", seconds(5)).await;
        drop(politeness.turn("a.example", NONE).await.unwrap());
        assert_eq!(start.elapsed(), seconds(5));
    }

    #[tokio::test(start_paused = true)]
    async fn domains_that_wait_for_nothing_are_forgotten() {
        let politeness = Politeness::new(seconds(1), seconds(60));
        for index in 0..MANY_DOMAINS {
            drop(politeness.turn(&format!("{index}.example"), NONE).await.unwrap());
        }
        tokio::time::advance(seconds(2)).await;
        politeness.turn("kept.example", NONE).await.unwrap().told_to_wait(seconds(50));
        assert_eq!(politeness.domains.lock().unwrap().len(), 1);
    }
}
