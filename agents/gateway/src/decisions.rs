//! Keeps the index of decisions in step with the events of the bus.

use std::time::Duration;

use courant_article::{ArticleId, Decision};
use courant_bus::{Bus, Event, Failure, FollowedItem, OwnFollower, Subject};
use courant_dedup::canonicalize;
use courant_proto::v1;
use courant_search::{DecidedEntry, Decisions};
use courant_service::Control;
use courant_telemetry::Clock;
use tokio::time::timeout;

/// Decisions, and deletions, with which the decisions on an article go.
const FOLLOWED: [Subject; 2] = [Subject::ENTRY_DECIDED, Subject::ARTICLE_DELETED];
/// The most events that are written at a time.
const BATCH: usize = 1_000;
/// The time that events are gathered after the first one: each writing waits for the disk.
const GATHERING: Duration = Duration::from_secs(1);
/// The wait after a failure.
const RETRY: Duration = Duration::from_secs(5);

/// Takes in every event that the index lacks, until `control` drains.
///
/// # Errors
/// If the bus cannot be followed.
pub(crate) async fn follow(
    bus: &Bus,
    decisions: &Decisions,
    clock: &Clock,
    control: &Control,
) -> anyhow::Result<()> {
    let kept = bus.max_age(Subject::ENTRY_DECIDED).unwrap_or_default();
    let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    let taking = async {
        if let Err(error) = decisions.check().await {
            tracing::warn!(%error, "the index of decisions cannot be checked");
        }
        let mut is_failing = false;
        loop {
            let mut events = bus.follow_own(&FOLLOWED, decisions.position())?;
            while let Some((gathered, position)) = gather(&mut events).await {
                let oldest_ms = clock.unix_ms().saturating_sub(kept_ms);
                let Gathered { decided, deleted } = gathered;
                if let Err(error) = decisions.add(decided, deleted, position, oldest_ms).await {
                    if !is_failing {
                        tracing::warn!(%error, "decisions cannot be written");
                    }
                    is_failing = true;
                    break;
                }
                is_failing = false;
            }
            // Again from the last position that was written.
            tokio::time::sleep(RETRY).await;
        }
    };
    let draining = control.token();
    tokio::select! {
        () = draining.cancelled() => Ok(()),
        failed = taking => failed,
    }
}

/// Events that are written together.
#[derive(Default)]
struct Gathered {
    decided: Vec<DecidedEntry>,
    deleted: Vec<ArticleId>,
}

impl Gathered {
    fn take(&mut self, event: &Event) -> Result<(), Failure> {
        if event.subject() == Subject::ARTICLE_DELETED.as_str() {
            let event: v1::ArticleDeleted = event.decode()?;
            self.deleted.extend(event.id.parse::<ArticleId>().ok());
        } else {
            self.decided.push(decision(event.decode()?));
        }
        Ok(())
    }
}

/// The next events with the position of the last one. `None` after the bus was closed.
async fn gather(events: &mut OwnFollower) -> Option<(Gathered, u64)> {
    let (mut gathered, mut position) = (Gathered::default(), None);
    let mut take = |item: FollowedItem<Event>| match item {
        FollowedItem::Gap(gap) => position = Some(gap.last_missing),
        FollowedItem::Message(event) => {
            position = Some(event.position());
            if let Err(error) = gathered.take(&event) {
                tracing::warn!(?error, "an event cannot be read");
            }
        }
    };
    take(events.next().await?);
    let mut count = 1;
    let gathering = async {
        while count < BATCH {
            let Some(item) = events.next().await else { return };
            take(item);
            count += 1;
        }
    };
    // The rest comes with the next ones.
    let _is_full = timeout(GATHERING, gathering).await;
    Some((gathered, position?))
}

/// Reads the event of a decision. A refused entry belongs to the article of its address, too.
pub(crate) fn decision(event: v1::EntryDecided) -> DecidedEntry {
    let decision = Decision::try_from(event.decision()).ok();
    let id = |text: &str| text.parse::<ArticleId>().ok();
    DecidedEntry {
        decision: decision.map_or("", Decision::as_str).to_owned(),
        own_id: id(&event.own_id)
            .or_else(|| canonicalize(&event.url).ok().map(|url| ArticleId::of(&url))),
        article_id: id(&event.article_id),
        of: id(&event.of),
        containment: (event.containment > 0.0).then_some(event.containment),
        reason: (!event.reason.is_empty()).then_some(event.reason),
        submission_id: event.submission_id,
        url: event.url,
        decided_at_ms: event.decided_at_ms,
        rule: event.rule,
    }
}
