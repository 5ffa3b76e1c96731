//! The rules of robots.txt (RFC 9309), remembered per origin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_extract::sources::Robots;
use moka::Expiry;
use moka::future::Cache;
use url::Url;

use crate::outcome::{Ended, Failure, Refusal};

/// RFC 9309 asks to read at least 500 KiB.
pub(crate) const MAX_ROBOTS_BYTES: usize = 512 * 1024;
/// RFC 9309: at most 24 hours.
pub(crate) const VALID_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The wait before asking again for a robots.txt that did not load.
const UNREACHABLE_FOR: Duration = Duration::from_secs(600);
/// Redirects of robots.txt that are followed, by RFC 9309.
pub(crate) const MAX_REDIRECTS: usize = 5;
/// The weight that all remembered files may have.
const MAX_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Longer files are fetched anew after a restart.
pub(crate) const MAX_NOTED_BYTES: usize = 64 * 1024;
/// The weight of a parsed file beside its text.
const RULES_BYTES: usize = 1024;

/// The rules in an origin's robots.txt.
#[derive(Debug)]
pub(crate) struct Rules {
    /// `None`: it could not be had, which forbids everything for now.
    robots: Option<Robots>,
    size_bytes: usize,
    valid_for: Duration,
}

/// The rules of every origin asked lately.
#[derive(Clone, Debug)]
pub(crate) struct RulesCache(pub(crate) Cache<String, Arc<Rules>>);

impl RulesCache {
    pub(crate) fn new() -> Self {
        let weigh =
            |_: &String, rules: &Arc<Rules>| u32::try_from(rules.size_bytes).unwrap_or(u32::MAX);
        Self(
            Cache::builder()
                .max_capacity(MAX_CACHE_BYTES)
                .weigher(weigh)
                .expire_after(Lifetime)
                .build(),
        )
    }
}

struct Lifetime;

impl Expiry<String, Arc<Rules>> for Lifetime {
    fn expire_after_create(&self, _: &String, rules: &Arc<Rules>, _: Instant) -> Option<Duration> {
        Some(rules.valid_for)
    }
}

impl Rules {
    /// Parses a file for the crawler that is called `product`.
    pub(crate) fn of(body: &[u8], product: &str) -> Self {
        let size_bytes = RULES_BYTES + body.len();
        Self { robots: Some(Robots::parse(body, product)), size_bytes, valid_for: VALID_FOR }
    }

    /// The same, counting for `rest` at most.
    pub(crate) fn valid_for(self, rest: Duration) -> Self {
        Self { valid_for: rest.min(VALID_FOR), ..self }
    }

    /// Forbids everything for a while.
    pub(crate) fn unreachable() -> Self {
        Self { robots: None, size_bytes: RULES_BYTES, valid_for: UNREACHABLE_FOR }
    }

    /// Lets `url` pass if it may be fetched.
    pub(crate) fn check(&self, url: &Url, max_crawl_delay: Duration) -> Result<(), Ended> {
        let robots = self.robots.as_ref().ok_or(Failure::RobotsUnreachable)?;
        if !robots.allows(url) {
            return Err(Refusal::RobotsDisallow.into());
        }
        if self.crawl_delay() > max_crawl_delay {
            return Err(Refusal::CrawlDelay.into());
        }
        Ok(())
    }

    /// The delay that the site asks for; zero where it asks for none.
    pub(crate) fn crawl_delay(&self) -> Duration {
        self.robots.as_ref().and_then(Robots::crawl_delay).unwrap_or(Duration::ZERO)
    }

    /// The sitemaps that it names.
    pub(crate) fn sitemaps(&self) -> &[String] {
        self.robots.as_ref().map_or(&[], Robots::sitemaps)
    }
}
