//! The pressure on publishers: computed from the fullness and age of the queues, and published
//! as `courant.control.pressure`.

use std::time::Duration;

use courant_bus::{Bus, QueueStatus, Subject};
use courant_proto::v1;
use courant_proto::v1::pressure::Level;
use courant_service::{Control, Reminder};
use courant_store::Store;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use crate::metrics::Metrics;

/// A silent gateway counts as gone, so it speaks although nothing changes.
const AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// The heights of the queues at which publishers are slowed and stopped.
#[derive(Clone, Copy, Debug)]
pub struct PressureLimits {
    /// The share of a queue's limits at which everyone stops.
    pub stop_at: f64,
    /// The share up to which everyone runs at full speed, and from which those who stopped go on.
    pub resume_at: f64,
    /// The age of a queue's oldest message that counts as a full queue, seconds.
    pub max_queue_age_s: u64,
    /// The suggested rate at which slowing begins, entries per second.
    pub full_rate: f64,
    /// The interval between two looks at the queues.
    pub interval: Duration,
}

/// The state of intake: the pressure, and the reason why nothing can be accepted, if any.
#[derive(Clone, Debug, Default)]
pub struct IntakeStatus {
    /// The request to publishers.
    pub pressure: v1::Pressure,
    /// The reason why nothing can be accepted, if any.
    pub obstacle: Option<String>,
}

/// Turns loads into levels, with hysteresis: stopped at `stop_at`, everyone stays
/// stopped down to `resume_at`, so that the level does not flutter.
#[derive(Debug)]
struct Policy {
    stop_at: f64,
    resume_at: f64,
    max_age_s: f64,
    full_rate: f64,
    stopped: bool,
}

/// The fullest or oldest of the work queues.
#[derive(Clone, Debug, Default, PartialEq)]
struct Load {
    /// 0 to 1 and beyond.
    height: f64,
    reason: String,
}

impl Policy {
    fn new(limits: PressureLimits) -> Self {
        Self {
            stop_at: limits.stop_at,
            resume_at: limits.resume_at,
            max_age_s: limits.max_queue_age_s as f64,
            full_rate: limits.full_rate,
            stopped: false,
        }
    }

    /// Returns what to ask of publishers while the queues are in this state.
    fn judge(&mut self, queues: &[QueueStatus]) -> v1::Pressure {
        let load = self.load(queues);
        self.stopped =
            load.height >= self.stop_at || (self.stopped && load.height > self.resume_at);
        let (level, suggested_rate) = if self.stopped {
            (Level::Stop, 0.0)
        } else if load.height > self.resume_at {
            let room = (self.stop_at - load.height) / (self.stop_at - self.resume_at);
            (Level::Slow, self.full_rate * room)
        } else {
            (Level::None, self.full_rate)
        };
        let reason = if level == Level::None { String::new() } else { load.reason };
        v1::Pressure { level: level.into(), reason, suggested_rate }
    }

    /// Events and dead letters go by themselves and press nobody; nor do queues beside
    /// the path of articles.
    fn load(&self, queues: &[QueueStatus]) -> Load {
        let work = queues.iter().filter(|queue| queue.is_pressing());
        let loads = work.flat_map(|queue| [self.by_size(queue), self.by_age(queue)]);
        loads.max_by(|a, b| a.height.total_cmp(&b.height)).unwrap_or_default()
    }

    fn by_size(&self, queue: &QueueStatus) -> Load {
        let percent = (queue.fullness * 100.0).round();
        Load { height: queue.fullness, reason: format!("{} is {percent} % full", queue.stream) }
    }

    fn by_age(&self, queue: &QueueStatus) -> Load {
        let age_s = queue.oldest_age.unwrap_or_default().as_secs_f64();
        let reason = format!("the oldest message in {} is {age_s:.0} s old", queue.stream);
        Load { height: age_s / self.max_age_s, reason }
    }
}

impl IntakeStatus {
    /// Nothing can be taken in, so everyone is asked to wait.
    fn blocked(reason: String) -> Self {
        let level = Level::Stop.into();
        let pressure = v1::Pressure { level, reason: reason.clone(), suggested_rate: 0.0 };
        Self { pressure, obstacle: Some(reason) }
    }
}

/// Looks at the queues until `control` says to drain, keeps `standing` up to date,
/// and tells everyone at each change of level and at least once a second.
///
/// # Errors
/// None today: what fails is an obstacle to intake.
pub async fn watch(
    limits: PressureLimits,
    bus: &Bus,
    store: &Store,
    metrics: &Metrics,
    standing: &watch::Sender<IntakeStatus>,
    control: &Control,
) -> anyhow::Result<()> {
    let mut policy = Policy::new(limits);
    let mut looks = tokio::time::interval(limits.interval);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told: Option<(Level, Instant)> = None;
    let mut reminder = Reminder::default();
    loop {
        tokio::select! {
            () = control.stopped() => {
                let reason = "the gateway drains and will end".to_owned();
                standing.send_replace(IntakeStatus::blocked(reason));
                return Ok(());
            }
            _ = looks.tick() => {}
        }
        let now = match look(bus, store).await {
            Ok(queues) => IntakeStatus { pressure: policy.judge(&queues), obstacle: None },
            Err(error) => IntakeStatus::blocked(format!("{error:#}")),
        };
        note(&mut reminder, now.obstacle.as_deref());
        let pressure = now.pressure.clone();
        standing.send_replace(now);
        let level = pressure.level();
        metrics.pressure(level);
        let is_due = told.is_none_or(|(last, at)| last != level || at.elapsed() >= AT_LEAST_EVERY);
        if is_due {
            announce(bus, &pressure, told.map(|(last, _)| last)).await;
            told = Some((level, Instant::now()));
        }
    }
}

/// The queues, where an article can be taken in now.
async fn look(bus: &Bus, store: &Store) -> anyhow::Result<Vec<QueueStatus>> {
    bus.check_room().await?;
    // Boxed: the Postgres half of this future is large.
    Box::pin(store.ping()).await?;
    Ok(bus.queues().await?)
}

/// Tells in the log of an obstacle.
fn note(reminder: &mut Reminder, obstacle: Option<&str>) {
    match obstacle {
        Some(reason) if reminder.is_due(reason) => {
            tracing::error!(reason, "nothing can be taken in");
        }
        None if reminder.is_over() => tracing::info!("articles are taken in again"),
        _ => {}
    }
}

async fn announce(bus: &Bus, pressure: &v1::Pressure, last: Option<Level>) {
    let level = pressure.level();
    if last.is_some_and(|last| last != level) {
        tracing::info!(level = level.as_str_name(), reason = pressure.reason, "pressure changed");
    }
    // The next one comes within a second.
    if let Err(error) = bus.broadcast(Subject::CONTROL_PRESSURE, pressure).await {
        tracing::debug!(
            error = &error as &dyn std::error::Error,
            "the pressure could not be published"
        );
    }
}

#[cfg(test)]
mod tests {
    use courant_bus::Stage;

    use super::*;

    fn queue(fullness: f64, age_s: u64) -> QueueStatus {
        QueueStatus {
            stream: "COURANT_ACCEPTED".into(),
            stages: vec![Stage::EMBEDDER],
            depth: 1,
            in_flight: 0,
            redelivered: 0,
            oldest_age: Some(Duration::from_secs(age_s)),
            fullness,
        }
    }

    fn policy() -> Policy {
        let interval = Duration::from_millis(500);
        Policy::new(PressureLimits {
            stop_at: 0.8,
            resume_at: 0.5,
            max_queue_age_s: 100,
            full_rate: 30.0,
            interval,
        })
    }

    #[test]
    fn what_is_stopped_at_80_percent_starts_again_at_50() {
        let mut policy = policy();
        let fills = [0.4, 0.7, 0.8, 0.7, 0.51, 0.5, 0.7];
        let levels = fills.map(|fill| policy.judge(&[queue(fill, 0)]).level());
        use Level::{None, Slow, Stop};
        assert_eq!(levels, [None, Slow, Stop, Stop, Stop, None, Slow]);
    }

    #[test]
    fn the_suggested_rate_falls_as_the_queues_fill() {
        let mut policy = policy();
        let rates = [0.5, 0.6, 0.7, 0.9].map(|fill| policy.judge(&[queue(fill, 0)]).suggested_rate);
        for (rate, expected) in rates.iter().zip([30.0, 20.0, 10.0, 0.0]) {
            assert!((rate - expected).abs() < 1e-9, "{rates:?}");
        }
    }

    #[test]
    fn an_old_message_presses_like_a_full_queue_and_the_reason_says_so() {
        let pressure = policy().judge(&[queue(0.1, 10), queue(0.01, 90)]);
        assert_eq!(pressure.level(), Level::Stop);
        assert_eq!(pressure.reason, "the oldest message in COURANT_ACCEPTED is 90 s old");
    }

    #[test]
    fn full_events_and_dead_letters_press_nobody() {
        let events = QueueStatus { stages: Vec::new(), ..queue(1.0, 1_000_000) };
        assert_eq!(policy().judge(&[events]).level(), Level::None);
    }

    #[test]
    fn commands_that_wait_press_nobody() {
        let commands = QueueStatus { stages: vec![Stage::STORAGE_COMMANDS], ..queue(1.0, 1_000) };
        assert_eq!(policy().judge(&[commands]).level(), Level::None);
    }
}
