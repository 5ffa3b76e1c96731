//! Steps of the wall clock back, as a wrong time server makes them. Nothing is lost by one, but
//! times that people read are wrong until somebody mends the clock.

use std::time::Duration;

use courant_telemetry::Clock;
use opentelemetry::metrics::Meter;
use tokio::time::Instant;

/// The interval between two looks.
const INTERVAL: Duration = Duration::from_secs(1);
/// Smaller steps are the usual care of a time server.
const LEAST_MS: i64 = 2_000;

/// Compares the wall clock with the one that never steps, for ever.
pub(crate) async fn watch(meter: Meter) {
    let steps = meter
        .u64_counter("courant_clock_steps_back")
        .with_description("Times that the wall clock stepped back by more than 2 s")
        .build();
    steps.add(0, &[]);
    let mut watch = Watch::new(Clock::system());
    loop {
        tokio::time::sleep(INTERVAL).await;
        if let Some(back_ms) = watch.look() {
            steps.add(1, &[]);
            tracing::warn!(back_ms, "the clock stepped back");
        }
    }
}

/// The last look at both clocks.
struct Watch {
    clock: Clock,
    at: Instant,
    wall_ms: i64,
}

impl Watch {
    fn new(clock: Clock) -> Self {
        let wall_ms = clock.unix_ms();
        Self { clock, at: Instant::now(), wall_ms }
    }

    /// The milliseconds by which the wall clock stepped back since the last look.
    fn look(&mut self) -> Option<i64> {
        let (at, wall_ms) = (Instant::now(), self.clock.unix_ms());
        let passed = i64::try_from((at - self.at).as_millis()).unwrap_or(i64::MAX);
        let back_ms = self.wall_ms.saturating_add(passed).saturating_sub(wall_ms);
        (self.at, self.wall_ms) = (at, wall_ms);
        (back_ms > LEAST_MS).then_some(back_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_large_step_back_is_told() {
        let clock = Clock::fixed(1_700_000_000_000);
        let mut watch = Watch::new(clock.clone());
        let mut after = async |moved_ms: i64| {
            tokio::time::advance(INTERVAL).await;
            clock.set(clock.unix_ms() + moved_ms);
            watch.look()
        };
        assert_eq!(after(1_000).await, None, "as time passes");
        assert_eq!(after(-1_000).await, None, "2 s");
        assert_eq!(after(3_600_000).await, None, "ahead");
        assert_eq!(after(-1_001).await, Some(2_001));
        assert_eq!(after(1_000).await, None, "told once");
    }
}
