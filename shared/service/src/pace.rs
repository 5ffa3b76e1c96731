//! Follows the pace at which the pipeline wants articles, from `courant.control.pressure`.

use std::time::Duration;

use courant_proto::v1::Pressure;
use courant_proto::v1::pressure::Level;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

/// The time after which the last pressure is ignored. Pressure comes once a second, so a sender
/// that was silent for this long is gone.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// The longest time between two articles that a suggested rate can cause.
const SLOWEST: Duration = Duration::from_secs(10);

/// The latest demand, and the time of the last article.
#[derive(Debug)]
pub struct Pace {
    latest: watch::Sender<Latest>,
    /// The time of the last article. Under a rate, one article waits for its time and holds this
    /// lock, and the others wait for the lock. No article has a reserved time, so a change of the
    /// demand affects all of them.
    last: Mutex<Option<Instant>>,
}

/// The last demand, and the time at which it was received; `None` before the first.
type Latest = Option<(Demand, Instant)>;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Demand {
    Anything,
    OneIn(Duration),
    Nothing,
}

impl Pace {
    /// Waits for nothing until a demand is heard.
    #[expect(clippy::new_without_default, reason = "nothing asks for a default")]
    pub fn new() -> Self {
        Self { latest: watch::Sender::new(None), last: Mutex::default() }
    }

    /// Records the demand that the gateway states.
    pub fn hear(&self, pressure: &Pressure) {
        self.latest.send_replace(Some((demand(pressure), Instant::now())));
    }

    /// Waits until the next article may be fetched.
    pub async fn ready(&self) {
        let mut news = self.latest.subscribe();
        if fresh(&mut news).is_none() {
            return;
        }
        let mut last = self.last.lock().await;
        // Only a demand that comes after this check wakes the wait below.
        while let Some((demand, stale_at)) = fresh(&mut news) {
            let departs = departure(demand, *last);
            if departs.is_some_and(|departs| departs <= Instant::now()) {
                *last = Some(Instant::now());
                return;
            }
            let until = departs.map_or(stale_at, |departs| departs.min(stale_at));
            // The loop's condition evaluates the new state, whichever end comes first.
            let _ = tokio::time::timeout_at(until, news.changed()).await;
        }
    }
}

/// Returns the demand that holds articles back, and the time until which it counts if
/// nothing more is heard; `None` if nothing holds them back.
fn fresh(news: &mut watch::Receiver<Latest>) -> Option<(Demand, Instant)> {
    let (demand, heard) = (*news.borrow_and_update())?;
    let stale_at = heard + STALE_AFTER;
    let holds = demand != Demand::Anything && Instant::now() < stale_at;
    holds.then_some((demand, stale_at))
}

/// Returns the time at which the next article may go; `None` if this demand allows none.
fn departure(demand: Demand, last: Option<Instant>) -> Option<Instant> {
    match demand {
        Demand::Anything => Some(Instant::now()),
        Demand::OneIn(interval) => Some(last.map_or_else(Instant::now, |last| last + interval)),
        Demand::Nothing => None,
    }
}

fn demand(pressure: &Pressure) -> Demand {
    match pressure.level() {
        Level::Unspecified | Level::None => Demand::Anything,
        Level::Stop => Demand::Nothing,
        Level::Slow => {
            let interval = Duration::try_from_secs_f64(1.0 / pressure.suggested_rate);
            Demand::OneIn(interval.unwrap_or(SLOWEST).min(SLOWEST))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressure(level: Level, suggested_rate: f64) -> Pressure {
        Pressure { level: level.into(), suggested_rate, ..Pressure::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_suggested_rate_spaces_the_articles() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.ready().await;
        pace.hear(&pressure(Level::Slow, 2.0));
        for _ in 0..4 {
            pace.ready().await;
        }
        assert_eq!(start.elapsed(), Duration::from_millis(1_500));
        pace.hear(&pressure(Level::None, 0.0));
        pace.ready().await;
        assert_eq!(start.elapsed(), Duration::from_millis(1_500));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_go_as_soon_as_the_pressure_is_lifted() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.hear(&pressure(Level::Slow, 0.1));
        let waiting = futures::future::join_all((0..20).map(|_| pace.ready()));
        let lifted = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            pace.hear(&pressure(Level::None, 0.0));
        };
        tokio::join!(waiting, lifted);
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        pace.hear(&pressure(Level::Slow, 2.0));
        pace.ready().await;
        assert_eq!(start.elapsed(), Duration::from_secs(1), "no turn of then is waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_rate_counts_for_those_who_wait_already() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.hear(&pressure(Level::Slow, 1.0));
        pace.ready().await;
        let waiting = futures::future::join_all((0..2).map(|_| pace.ready()));
        let changed = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            pace.hear(&pressure(Level::Slow, 0.25));
            tokio::time::sleep(Duration::from_secs(4)).await;
            pace.hear(&pressure(Level::Slow, 10.0));
        };
        tokio::join!(waiting, changed);
        // At 0 s, at 4 s, and then, as of the last change, at 4.5 s.
        assert_eq!(start.elapsed(), Duration::from_millis(4_500));
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_rate_told_again_every_second_changes_nothing() {
        let pace = Pace::new();
        let start = Instant::now();
        let told = async {
            loop {
                pace.hear(&pressure(Level::Slow, 0.4));
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let waiting = async {
            tokio::task::yield_now().await;
            futures::future::join_all((0..5).map(|_| pace.ready())).await;
        };
        tokio::select! {
            () = told => {}
            () = waiting => {}
        }
        assert_eq!(start.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn stop_holds_until_it_is_lifted_or_its_sender_is_gone() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.hear(&pressure(Level::Stop, 0.0));
        let lifted = async {
            tokio::time::sleep(Duration::from_secs(3)).await;
            pace.hear(&pressure(Level::None, 0.0));
        };
        tokio::join!(pace.ready(), lifted);
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        pace.hear(&pressure(Level::Stop, 0.0));
        pace.ready().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3) + STALE_AFTER);
    }

    #[test]
    fn a_senseless_rate_is_the_slowest_one() {
        for rate in [0.0, -1.0, f64::NAN, 1e-9] {
            assert_eq!(demand(&pressure(Level::Slow, rate)), Demand::OneIn(SLOWEST), "{rate}");
        }
    }
}
