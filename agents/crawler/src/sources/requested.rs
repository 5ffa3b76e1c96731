//! Follows the sources that requests added to the store, and records there those of the
//! configuration, so that people see both.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use courant_bus::Subscription;
use courant_proto::v1;
use courant_sources::FollowedSource;
use tokio::time::Instant;
use url::Url;

use crate::crawl::Crawl;
use crate::outcome::Ended;
use crate::sources::look::Looks;
use crate::sources::remote::go_on;
use crate::urls::clean;

/// The sources are read again after this time, since a broadcast may be lost.
const READ_AGAIN: Duration = Duration::from_secs(60);
/// The records of configured sources are renewed after this time.
const RECORD_AGAIN: Duration = Duration::from_secs(15 * 60);
/// The lifetime of such a record: it ends soon after the last crawler that is configured so.
const RECORD_LASTS: Duration = Duration::from_secs(3_600);

/// Follows what the store names, from now on and with every change. Never returns by itself.
pub(crate) async fn keep_up(
    looks: &Arc<Looks>,
    configured: &[Url],
    mut changes: Subscription<v1::SourcesChanged>,
) {
    let mut record_at = Instant::now();
    loop {
        if record_at <= Instant::now() && record(&looks.crawl, configured).await.is_ok() {
            record_at = Instant::now() + RECORD_AGAIN;
        }
        // The memory has logged a failure already.
        if let Ok(sources) = looks.crawl.memory.sources().await {
            follow(looks, sources);
        }
        match tokio::time::timeout(READ_AGAIN, changes.next()).await {
            Ok(Some(changed)) if !changed.url.is_empty() => {
                looks.crawl.timetable.followed.wake(Url::parse(&changed.url).ok().as_ref());
            }
            Ok(Some(_)) => {}
            // The bus is closed: the crawl ends.
            Ok(None) => return std::future::pending().await,
            Err(_elapsed) => {}
        }
    }
}

/// Records the configured sources. Those that a request added before belong to the configuration
/// from now on.
async fn record(crawl: &Crawl, configured: &[Url]) -> Result<(), Ended> {
    if configured.is_empty() {
        return Ok(());
    }
    let now_ms = crawl.handler.clock.unix_ms();
    let lasts_ms = i64::try_from(RECORD_LASTS.as_millis()).unwrap_or(i64::MAX);
    let known = crawl.memory.sources().await?;
    let record = |url: &Url| {
        let before = known.iter().find(|source| source.url == url.as_str());
        FollowedSource {
            url: url.to_string(),
            configured: true,
            paused: false,
            tags: before.map_or_else(Vec::new, |source| source.tags.clone()),
            added_at_ms: before.map_or(now_ms, |source| source.added_at_ms),
            until_ms: now_ms.saturating_add(lasts_ms),
        }
    };
    crawl.memory.record_sources(&configured.iter().map(record).collect::<Vec<_>>()).await
}

/// Begins to follow the sources that requests added, and stops those that were removed or paused.
fn follow(looks: &Arc<Looks>, sources: Vec<FollowedSource>) {
    let active = sources.into_iter().filter(|source| !source.paused && !source.configured);
    let active = active.filter_map(|source| clean(Url::parse(&source.url).ok()?).ok());
    let active: HashSet<Url> = active.collect();
    let followed = &looks.crawl.timetable.followed;
    for url in followed.requested().iter().filter(|url| !active.contains(url)) {
        followed.stop(url);
    }
    for url in active {
        go_on(looks, url, &looks.crawl.stop, true);
    }
}
