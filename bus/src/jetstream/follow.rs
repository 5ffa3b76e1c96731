//! Shared followers: their consumers, and what these will not get.

use std::sync::Arc;

use async_nats::jetstream::consumer::{AckPolicy, Consumer as Durable, DeliverPolicy, pull};
use tokio::sync::mpsc;

use super::handle::{JetStream, failed};
use crate::consumer::{Follower, UNUSED};
use crate::error::Error;
use crate::follow::{Gap, Missed};
use crate::outlet::Outlet;

/// The key under which a consumer notes the last message before its first.
const START: &str = "courant-start";

impl JetStream {
    /// Takes what `follower` follows, and tells of its gaps.
    pub(crate) async fn follow(
        self: &Arc<Self>,
        follower: Arc<Follower>,
        outlet: Outlet,
        gaps: mpsc::Sender<Missed>,
    ) -> Result<(), Error> {
        let consumer = self.durable(&outlet.consumer).await?;
        let mut watch = Watch::new(&consumer, follower);
        // Before anything is acknowledged: that would hide what lies before it.
        watch.look(self, &gaps).await?;
        let stop = outlet.stop.clone();
        let watching = watch.run(Arc::clone(self), gaps);
        tokio::spawn(async move { stop.run_until_cancelled(watching).await });
        self.pull(consumer, outlet);
        Ok(())
    }

    /// Creates the consumer of a follower, or brings its subjects up to date.
    pub(super) async fn ensure_follower(
        &self,
        follower: &Follower,
    ) -> Result<Durable<pull::Config>, Error> {
        let stream = self.shared.names.stream(follower.stream);
        let known = self.context.get_consumer_from_stream(&*follower.name, &stream).await;
        let start = match known {
            Ok(known) => start(&known),
            Err(_missing) => self.first_of(follower).await?.saturating_sub(1),
        };
        let config = &self.shared.config;
        let (filter_subject, filter_subjects) = self.filters(&follower.subjects);
        let consumer = pull::Config {
            durable_name: Some(follower.name.to_string()),
            filter_subject,
            filter_subjects,
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: config.ack_wait(),
            max_deliver: -1,
            max_ack_pending: i64::from(config.max_ack_pending),
            inactive_threshold: UNUSED,
            metadata: [(START.to_owned(), start.to_string())].into(),
            ..Default::default()
        };
        let created = self.context.create_consumer_on_stream(consumer, stream).await;
        created.map_err(|e| failed(format!("create or update follower {}", follower.name), e))
    }

    async fn first_of(&self, follower: &Follower) -> Result<u64, Error> {
        Ok(self.bounds(follower.stream).await?.0)
    }
}

fn start(consumer: &Durable<pull::Config>) -> u64 {
    let noted = consumer.cached_info().config.metadata.get(START);
    noted.and_then(|noted| noted.parse().ok()).unwrap_or(0)
}

/// Looks out for messages that the stream dropped before they were acknowledged.
struct Watch {
    follower: Arc<Follower>,
    /// Everything up to here was acknowledged, is of no interest, or was told as a gap.
    known: u64,
}

impl Watch {
    fn new(consumer: &Durable<pull::Config>, follower: Arc<Follower>) -> Self {
        let floor = consumer.cached_info().ack_floor.stream_sequence;
        Self { follower, known: floor.max(start(consumer)) }
    }

    /// Looks every `look_interval_s`.
    async fn run(mut self, jetstream: Arc<JetStream>, gaps: mpsc::Sender<Missed>) {
        while !gaps.is_closed() {
            tokio::time::sleep(jetstream.shared.config.look_interval()).await;
            if let Err(error) = self.look(&jetstream, &gaps).await {
                tracing::warn!(
                    follower = &*self.follower.name,
                    error = &error as &dyn std::error::Error,
                    "cannot look for gaps"
                );
            }
        }
    }

    /// Tells of a gap if there is a new one.
    async fn look(
        &mut self,
        jetstream: &JetStream,
        gaps: &mpsc::Sender<Missed>,
    ) -> Result<(), Error> {
        let (first, last) = jetstream.bounds(self.follower.stream).await?;
        // After the bounds: whatever has no message pending by now had none of them.
        let stream = jetstream.shared.names.stream(self.follower.stream);
        let consumer: Result<Durable<pull::Config>, _> =
            jetstream.context.get_consumer_from_stream(&*self.follower.name, stream).await;
        let doing = || format!("look at follower {}", self.follower.name);
        let consumer = consumer.map_err(|e| failed(doing(), e))?;
        let info = consumer.cached_info();
        if first > self.known + 1 {
            let gap = Gap { first_missing: self.known + 1, last_missing: first - 1 };
            jetstream.shared.metrics.gap(self.follower.stream);
            // It fails where the follower has left: then it is told when it comes back.
            let _left = gaps.send(Missed { gap, receipt: None }).await;
            self.known = first - 1;
        }
        let is_idle = info.num_pending == 0 && info.num_ack_pending == 0;
        let seen = if is_idle { last } else { info.ack_floor.stream_sequence };
        self.known = self.known.max(seen);
        Ok(())
    }
}
