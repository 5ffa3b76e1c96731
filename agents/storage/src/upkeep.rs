//! The upkeep of the store's partitions, beside the work.

use std::time::Duration;

use courant_service::Control;
use courant_store::Articles;

/// The pause before the next look, where nothing was to do or a step failed.
const PAUSE: Duration = Duration::from_secs(60);

/// Keeps the partitions of `articles` in order. The agent's status tells of it under `partitions`.
pub(crate) async fn keep(articles: Articles, control: Control) {
    loop {
        let pause = step(&articles, &control).await;
        tokio::time::sleep(pause).await;
    }
}

/// Does one step, and returns the pause behind it.
async fn step(articles: &Articles, control: &Control) -> Duration {
    match articles.upkeep().await {
        Ok(None) => PAUSE,
        Ok(Some(upkeep)) => {
            let partitions = upkeep.partitions;
            let Some(step) = upkeep.step else {
                control.detail("partitions", format!("{partitions}"));
                return PAUSE;
            };
            tracing::info!(partitions, "{step}");
            control.detail("partitions", format!("{partitions}; {step}"));
            Duration::ZERO
        }
        Err(error) => {
            let cause = &error as &dyn std::error::Error;
            tracing::warn!(error = cause, "the upkeep of the store's partitions failed");
            control.detail("partitions", format!("the upkeep failed: {error}"));
            PAUSE
        }
    }
}
