//! How fast the pipeline wants articles: `courant.control.pressure`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use courant_proto::v1::Pressure;
use courant_proto::v1::pressure::Level;
use tokio::sync::watch;
use tokio::time::Instant;

/// Pressure comes once a second; a sender silent for so long is gone, and what it
/// said last counts no more.
const STALE_AFTER: Duration = Duration::from_secs(10);
/// One article in this time is as slow as a suggested rate makes it.
const SLOWEST: Duration = Duration::from_secs(10);

/// The latest demand, and when the next article may go.
#[derive(Debug)]
pub(crate) struct Pace {
    latest: watch::Sender<Option<(Demand, Instant)>>,
    next: Mutex<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Demand {
    Anything,
    OneIn(Duration),
    Nothing,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self { latest: watch::Sender::new(None), next: Mutex::new(Instant::now()) }
    }

    /// Takes note of what the gateway says.
    pub(crate) fn hear(&self, pressure: &Pressure) {
        self.latest.send_replace(Some((demand(pressure), Instant::now())));
    }

    /// Waits until the next article may be fetched.
    pub(crate) async fn ready(&self) {
        let mut news = self.latest.subscribe();
        loop {
            let latest = *news.borrow_and_update();
            let fresh = latest.filter(|(_, heard)| heard.elapsed() < STALE_AFTER);
            match fresh {
                None | Some((Demand::Anything, _)) => return,
                Some((Demand::OneIn(interval), _)) => {
                    return tokio::time::sleep_until(self.reserve(interval)).await;
                }
                Some((Demand::Nothing, heard)) => {
                    // Whichever comes first; what it means is seen above.
                    let _ = tokio::time::timeout_at(heard + STALE_AFTER, news.changed()).await;
                }
            }
        }
    }

    fn reserve(&self, interval: Duration) -> Instant {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        let start = Instant::now().max(*next);
        *next = start + interval;
        start
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
