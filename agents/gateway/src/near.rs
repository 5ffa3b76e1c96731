//! Which earlier articles have nearly the same text: the step between the exact text
//! and the store's verdict.

use courant_article::ArticleId;
use courant_cache::{Cache, Neighbours};
use courant_dedup::{Near, NearConfig, Offer, Sketch};
use courant_store::{Claims, KnownSketch};
use courant_telemetry::Clock;

use crate::metrics::Metrics;

/// Sketches read from the store at once.
const PAGE: usize = 1_000;

/// The check, with what it needs.
#[derive(Clone)]
pub(crate) struct NearCheck {
    config: NearConfig,
    neighbours: Neighbours,
    clock: Clock,
    metrics: Metrics,
}

impl NearCheck {
    pub(crate) fn new(config: &NearConfig, cache: &Cache, clock: Clock, metrics: Metrics) -> Self {
        let neighbours = Neighbours::new(config, cache);
        Self { config: config.clone(), neighbours, clock, metrics }
    }

    /// Whom `id` at `site` is near to, and takes it in.
    ///
    /// Where Redis does not answer, the entry is judged by its exact text alone: a
    /// copy let in does less harm than a door that is shut. That is counted; the
    /// cache says in the log when it begins and ends.
    pub(crate) async fn ask(&self, id: ArticleId, site: &str, sketch: &Sketch) -> Option<Near> {
        let offer = Offer { id, site: site.to_owned(), sketch: sketch.clone() };
        let asking = self.neighbours.offer(&offer, self.now_s());
        match self.metrics.agent.timed("near", asking).await {
            Ok(matches) => {
                self.metrics.near_index(self.neighbours.articles());
                Near::of(&matches)
            }
            Err(_) => {
                self.metrics.near_check_left_out();
                None
            }
        }
    }

    /// Fills an index that is empty with what the store knows, and lets the store
    /// forget what is too old. One in memory must be full before the first entry is
    /// judged; one in Redis is empty only when Redis has lost it.
    ///
    /// # Errors
    /// If the store does not answer.
    pub(crate) async fn restore(&self, claims: &Claims) -> Result<(), courant_store::Error> {
        let oldest_s = self.now_s().saturating_sub(self.config.max_age_s());
        claims.forget_sketches(i64::from(oldest_s) * 1000, self.config.capacity).await?;
        match self.neighbours.is_unused().await {
            Ok(true) => self.fill(claims).await,
            Ok(false) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the index of near texts is not looked at");
                Ok(())
            }
        }
    }

    async fn fill(&self, claims: &Claims) -> Result<(), courant_store::Error> {
        let mut after = 0;
        loop {
            let page = claims.sketches(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for known in page {
                if let Err(error) = self.put_back(known).await {
                    tracing::warn!(%error, "the index of near texts is not filled");
                    return Ok(());
                }
            }
        }
        let articles = self.neighbours.articles();
        self.metrics.near_index(articles);
        tracing::info!(articles, "the index of near texts is filled");
        Ok(())
    }

    async fn put_back(&self, known: KnownSketch) -> Result<(), courant_cache::Error> {
        let KnownSketch { id, site, sketch, claimed_at_ms, .. } = known;
        // One of a newer version says nothing to this one.
        let Some(sketch) = sketch else { return Ok(()) };
        let offer = Offer { id, site, sketch };
        self.neighbours.restore(&offer, seconds(claimed_at_ms), self.now_s()).await
    }

    /// Whether replicas share the index.
    pub(crate) fn is_shared(&self) -> bool {
        self.neighbours.is_shared()
    }

    fn now_s(&self) -> u32 {
        seconds(self.clock.unix_ms())
    }
}

/// Unix seconds, which fit until 2106.
fn seconds(unix_ms: i64) -> u32 {
    u32::try_from(unix_ms / 1000).unwrap_or(0)
}
