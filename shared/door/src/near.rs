//! The search for earlier articles with nearly the same text, before the store's verdict.

mod turns;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use courant_article::ArticleId;
use courant_cache::{Cache, NearTextIndex};
use courant_dedup::{NearConfig, NearMatch, Sketch, SketchedText, text_key};
use courant_store::{Claims, KnownSketch};
use courant_telemetry::Clock;
use tokio::time::Instant;

use crate::decide::Identity;
use crate::metrics::Metrics;
use turns::{Turn, Turns};

/// Sketches read from the store at once.
const PAGE: usize = 1_000;
/// The longest wait for the claim of another gateway, which takes milliseconds; longer than
/// the bus waits (`bus.ack_wait_s`) until it delivers again what a dead one had.
const PATIENCE: Duration = Duration::from_secs(45);
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The check, with what it needs.
#[derive(Clone)]
pub struct NearCheck {
    config: NearConfig,
    claims: Claims,
    neighbours: NearTextIndex,
    turns: Turns,
    /// Articles in the shared index that nobody claimed, for which nobody waits again; as many
    /// as the index holds.
    given_up: Arc<Mutex<HashSet<ArticleId>>>,
    clock: Clock,
    metrics: Metrics,
}

/// The near articles of one text. Texts near to it wait until this value is dropped.
#[derive(Default)]
pub(crate) struct NearAnswer {
    pub(crate) near: Vec<NearMatch>,
    /// The text, where the index did not take it in because it expected a refusal.
    left_out: Option<SketchedText>,
    _turn: Option<Turn>,
}

impl NearCheck {
    /// Makes the check on the index of near texts in `cache`.
    pub fn new(
        config: &NearConfig,
        claims: Claims,
        cache: &Cache,
        clock: Clock,
        metrics: Metrics,
    ) -> Self {
        let (neighbours, turns) = (NearTextIndex::new(config, cache), Turns::default());
        let (config, given_up) = (config.clone(), Arc::default());
        Self { config, claims, neighbours, turns, given_up, clock, metrics }
    }

    /// Asks for the articles whose texts are near that of `identity`, and offers its text to
    /// the index. If this process is about to judge some of those articles, it judges them
    /// first.
    ///
    /// The entry is judged by its exact text alone if Redis does not answer: letting a copy
    /// in does less harm than letting nothing in. Each such entry is counted; the cache logs
    /// when this begins and ends.
    pub(crate) async fn ask(&self, identity: &Identity) -> NearAnswer {
        let Some(offer) = offer_of(identity) else { return NearAnswer::default() };
        let turn = self.turns.take((offer.id, offer.text)).await;
        let asking = self.neighbours.offer(&offer, self.now_s());
        let Ok(matches) = self.metrics.agent.timed("near", asking).await else {
            self.metrics.near_check_left_out();
            return NearAnswer::default();
        };
        self.metrics.near_index(self.neighbours.articles());
        for NearMatch { id, text, .. } in &matches {
            self.turns.pass((*id, *text)).await;
        }
        if self.neighbours.is_shared() {
            self.wait_for_other_gateways(&matches).await;
        }
        let is_left_out = matches.iter().any(|found| found.on_this_site);
        NearAnswer { left_out: is_left_out.then_some(offer), near: matches, _turn: Some(turn) }
    }

    /// Waits until the articles in `matches` are claimed. Another gateway may be about to
    /// judge a text in the shared index, or may have died over it. In the second case its
    /// entry is delivered again. Either way, that text is judged before this one. The store
    /// has lost a claim that does not come within [`PATIENCE`], and nobody waits for it again.
    async fn wait_for_other_gateways(&self, matches: &[NearMatch]) {
        let mut unclaimed: Vec<ArticleId> = matches.iter().map(|found| found.id).collect();
        unclaimed.retain(|id| !self.given_up().contains(id));
        let start = Instant::now();
        let mut pause = FIRST_PAUSE;
        while !unclaimed.is_empty() {
            // Boxed: the Postgres half of this future is large. Why it fails, the judgement
            // tells.
            let Ok(claimed) = Box::pin(self.claims.are_claimed(&unclaimed)).await else { return };
            let mut claimed = claimed.into_iter();
            unclaimed.retain(|_| claimed.next() == Some(false));
            if start.elapsed() >= PATIENCE {
                tracing::warn!(articles = unclaimed.len(), "some near texts were never claimed");
                return self.give_up(unclaimed);
            }
            if !unclaimed.is_empty() {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }

    fn give_up(&self, unclaimed: Vec<ArticleId>) {
        let mut given_up = self.given_up();
        if given_up.len() >= self.config.capacity {
            given_up.clear();
        }
        given_up.extend(unclaimed);
    }

    fn given_up(&self) -> MutexGuard<'_, HashSet<ArticleId>> {
        self.given_up.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a text that was let in although one of its own site is near to it: that one
    /// is not there any more.
    pub(crate) async fn let_in(&self, asked: &NearAnswer) {
        let Some(offer) = &asked.left_out else { return };
        let now_s = self.now_s();
        if self.neighbours.restore(offer, now_s, now_s).await.is_err() {
            self.metrics.near_check_left_out();
        }
    }

    /// Fills an index that is empty with what the store knows, and lets the store
    /// forget what is too old. One in memory must be full before the first entry is
    /// judged; one in Redis is empty only when Redis has lost it.
    ///
    /// # Errors
    /// If the store does not answer.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn restore(&self) -> Result<(), courant_store::Error> {
        let oldest_s = self.now_s().saturating_sub(self.config.max_age_s());
        self.claims.forget_sketches(i64::from(oldest_s) * 1000, self.config.capacity).await?;
        match self.neighbours.is_unused().await {
            Ok(true) => self.fill().await,
            Ok(false) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the index of near texts cannot be read");
                Ok(())
            }
        }
    }

    async fn fill(&self) -> Result<(), courant_store::Error> {
        let mut after = 0;
        loop {
            let page = self.claims.sketches(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for known in page {
                if let Err(error) = self.put_back(known).await {
                    tracing::warn!(%error, "the index of near texts could not be filled");
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
        let KnownSketch { id, content_hash, site, sketch, claimed_at_ms, .. } = known;
        // One of a newer version says nothing to this one.
        let Some(sketch) = sketch else { return Ok(()) };
        let offer = SketchedText { id, text: text_key(&content_hash), site, sketch };
        self.neighbours.restore(&offer, seconds(claimed_at_ms), self.now_s()).await
    }

    /// Returns true if replicas share the index.
    pub fn is_shared(&self) -> bool {
        self.neighbours.is_shared()
    }

    fn now_s(&self) -> u32 {
        seconds(self.clock.unix_ms())
    }
}

fn offer_of(identity: &Identity) -> Option<SketchedText> {
    let sketch: Sketch = identity.sketch.clone()?;
    let (text, site) = (text_key(&identity.content_hash), identity.site.clone());
    Some(SketchedText { id: identity.id, text, site, sketch })
}

/// Unix seconds, which fit until 2106.
fn seconds(unix_ms: i64) -> u32 {
    u32::try_from(unix_ms / 1000).unwrap_or(0)
}
