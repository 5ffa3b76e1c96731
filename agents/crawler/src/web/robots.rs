//! The rules of robots.txt (RFC 9309), cached per origin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_extract::sources::Robots;
use moka::Expiry;
use moka::future::Cache;
use url::Url;

use crate::outcome::{Ended, Failure, Refusal};

/// The length at which a robots.txt is cut. RFC 9309 requires at least 500 KiB.
pub(crate) const MAX_ROBOTS_BYTES: usize = 512 * 1024;
/// The time for which rules are cached. RFC 9309 allows at most 24 hours.
pub(crate) const VALID_FOR: Duration = Duration::from_secs(24 * 3_600);
/// The wait before asking again for a robots.txt that did not load.
const UNREACHABLE_FOR: Duration = Duration::from_secs(600);
/// The most redirects of a robots.txt that are followed, by RFC 9309.
pub(crate) const MAX_REDIRECTS: usize = 5;
/// The most memory that all cached files may take.
const MAX_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// The longest file that is noted. Longer files are fetched again after a restart.
pub(crate) const MAX_NOTED_BYTES: usize = 64 * 1024;
/// The memory that a parsed file takes beside its text.
const RULES_BYTES: usize = 1024;

/// The rules in an origin's robots.txt.
#[derive(Debug)]
pub(crate) struct Rules {
    /// `None` if robots.txt could not be fetched, which forbids everything for now.
    robots: Option<Robots>,
    size_bytes: usize,
    valid_for: Duration,
}

/// The rules of every origin that was requested lately.
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
    /// Parses a file for the crawler whose product token is `product`.
    pub(crate) fn of(body: &[u8], product: &str) -> Self {
        let size_bytes = RULES_BYTES + body.len();
        Self { robots: Some(Robots::parse(body, product)), size_bytes, valid_for: VALID_FOR }
    }

    /// Returns the same rules, valid for at most `rest`.
    pub(crate) fn valid_for(self, rest: Duration) -> Self {
        Self { valid_for: rest.min(VALID_FOR), ..self }
    }

    /// Returns rules that forbid everything for a while.
    pub(crate) fn unreachable() -> Self {
        Self { robots: None, size_bytes: RULES_BYTES, valid_for: UNREACHABLE_FOR }
    }

    /// Checks that `url` may be fetched.
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

    /// Returns the delay that the site asks for; zero if it asks for none.
    pub(crate) fn crawl_delay(&self) -> Duration {
        self.robots.as_ref().and_then(Robots::crawl_delay).unwrap_or(Duration::ZERO)
    }

    /// Returns the sitemaps that robots.txt names.
    pub(crate) fn sitemaps(&self) -> &[String] {
        self.robots.as_ref().map_or(&[], Robots::sitemaps)
    }
}
