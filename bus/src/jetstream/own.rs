//! Followers that keep their own position, and get everything in order.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull::{self, Batch};
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use futures::{FutureExt, StreamExt};
use tokio::sync::watch::error::RecvError;
use tokio::time::Instant;

use super::handle::{JetStream, failed};
use crate::error::{BoxError, Error};
use crate::follow::{FollowerFeed, Gap};
use crate::stages::Stream;
use crate::wire;

/// Messages read at a time.
const AHEAD: usize = 64;
/// A read without messages ends after this time, and is made again.
const EXPIRES: Duration = Duration::from_secs(30);
/// While it waits, the server says every so often that it is there.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// The server drops the consumer of a follower that has gone.
const GONE: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Reads until the follower leaves, through lost connections and consumers.
pub(super) async fn run(jetstream: Arc<JetStream>, mut feed: FollowerFeed) {
    let stop = feed.stop.clone();
    let reading = async {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            match read(&jetstream, &mut feed).await {
                Ok(Left) => return,
                Err(error) => tracing::warn!(%error, "following was interrupted and starts again"),
            }
            pause = if started.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { pause };
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    };
    stop.run_until_cancelled(reading).await;
}

/// Nobody takes what is read.
struct Left;

async fn read(jetstream: &JetStream, feed: &mut FollowerFeed) -> Result<Left, BoxError> {
    if !start(jetstream, feed).await? {
        return Ok(Left);
    }
    let mut connections = jetstream.connections.clone();
    connections.mark_unchanged();
    let consumer = jetstream.reader(feed).await?;
    let mut delivered = 0;
    loop {
        let batch = consumer.batch().max_messages(AHEAD).expires(EXPIRES).heartbeat(HEARTBEAT);
        let mut batch = batch.messages().await?;
        loop {
            let group = tokio::select! {
                // Messages on their way over the last connection are lost.
                changed = connections.changed() => return Err(anew(changed)),
                group = arrived(&mut batch) => group?,
            };
            let Some(group) = group else { break };
            if !hand_on(jetstream, feed, group, &mut delivered).await? {
                return Ok(Left);
            }
        }
    }
}

fn anew(changed: Result<(), RecvError>) -> BoxError {
    match changed {
        Ok(()) => "the server was connected anew".into(),
        Err(closed) => closed.into(),
    }
}

/// Finds the place to read from, and tells what is missing before it; false once
/// nobody takes it.
async fn start(jetstream: &JetStream, feed: &mut FollowerFeed) -> Result<bool, Error> {
    let (first, last) = jetstream.bounds(feed.stream).await?;
    let oldest = first - 1;
    let gap = match feed.after {
        // A place beyond the newest is of a stream that was lost.
        Some(after) if after > last => Some((after + 1, after + 1)),
        Some(after) if after < oldest => Some((after + 1, oldest)),
        Some(_) => return Ok(true),
        None => None,
    };
    feed.after = Some(oldest);
    match gap {
        Some((first_missing, last_missing)) => {
            Ok(feed.miss(Gap { first_missing, last_missing }).await)
        }
        None => Ok(true),
    }
}

/// The next message, and what has come with it; `None` at the end of the batch.
async fn arrived(batch: &mut Batch) -> Result<Option<Vec<Message>>, BoxError> {
    let Some(first) = batch.next().await else {
        return Ok(None);
    };
    let mut group = vec![first?];
    while let Some(Some(next)) = batch.next().now_or_never() {
        group.push(next?);
    }
    Ok(Some(group))
}

/// Hands on messages, with the gaps between them; false once nobody takes them.
async fn hand_on(
    jetstream: &JetStream,
    feed: &mut FollowerFeed,
    group: Vec<Message>,
    delivered: &mut u64,
) -> Result<bool, BoxError> {
    let mut messages = Vec::with_capacity(group.len());
    for message in group {
        let (position, number) = {
            let info = message.info()?;
            (info.stream_sequence, info.consumer_sequence)
        };
        *delivered += 1;
        if number != *delivered {
            return Err("a message was lost on the way".into());
        }
        messages.push((position, message.message));
    }
    let mut after = feed.after.unwrap_or(0);
    let is_next =
        |(position, _): &(u64, _)| *position == std::mem::replace(&mut after, *position) + 1;
    // Numbers that are left out were of other subjects, unless the stream has dropped
    // them by now.
    let first =
        if messages.iter().all(is_next) { 0 } else { jetstream.bounds(feed.stream).await?.0 };
    for (position, message) in messages {
        let next = feed.after.unwrap_or(0) + 1;
        let missing_to = position.min(first).saturating_sub(1);
        feed.after = Some(position);
        let gap = Gap { first_missing: next, last_missing: missing_to };
        if missing_to >= next && !feed.miss(gap).await {
            return Ok(false);
        }
        let names = &jetstream.shared.names;
        let subject = names.strip(&message.subject).unwrap_or(&message.subject).to_owned();
        if !feed.put(position, subject, wire::envelope(message)).await {
            return Ok(false);
        }
    }
    Ok(true)
}

impl JetStream {
    async fn reader(&self, feed: &FollowerFeed) -> Result<Consumer<pull::Config>, Error> {
        let (filter_subject, filter_subjects) = self.filters(&feed.subjects);
        let start_sequence = feed.after.unwrap_or(0) + 1;
        let consumer = pull::Config {
            filter_subject,
            filter_subjects,
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence },
            ack_policy: AckPolicy::None,
            inactive_threshold: GONE,
            memory_storage: true,
            num_replicas: 1,
            ..Default::default()
        };
        let stream = self.shared.names.stream(feed.stream);
        let doing = format!("follow {stream}");
        let created = self.context.create_consumer_on_stream(consumer, stream).await;
        created.map_err(|error| failed(doing, error))
    }

    /// The numbers of the first and the last message of `stream`; where it is empty,
    /// the first is the one to come.
    pub(super) async fn bounds(&self, stream: Stream) -> Result<(u64, u64), Error> {
        let name = self.shared.names.stream(stream);
        let found = self.context.get_stream(&name).await;
        let found = found.map_err(|e| failed(format!("look at stream {name}"), e))?;
        let state = &found.cached_info().state;
        let last = state.last_sequence;
        let first = if state.messages == 0 { last + 1 } else { state.first_sequence };
        Ok((first, last))
    }
}
