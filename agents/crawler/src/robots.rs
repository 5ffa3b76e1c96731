//! robots.txt (RFC 9309), fetched in turn and remembered per origin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_extract::Robots;
use moka::Expiry;
use moka::future::Cache;
use url::Url;

use crate::crawl::Crawl;
use crate::fetch::{Answer, Request};
use crate::outcome::{Ended, Failure, Refusal};

/// RFC 9309 asks to read at least 500 KiB.
const MAX_ROBOTS_BYTES: usize = 512 * 1024;
/// RFC 9309: at most 24 hours.
const VALID_FOR: Duration = Duration::from_secs(24 * 3_600);
/// Soon, but not for every page, is a server asked again that did not answer.
const UNREACHABLE_FOR: Duration = Duration::from_secs(600);
/// Redirects of robots.txt that are followed, by RFC 9309.
const MAX_REDIRECTS: usize = 5;
/// What all remembered files may weigh.
const MAX_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// What a parsed file weighs beside its text.
const RULES_BYTES: usize = 1024;

/// What an origin's robots.txt says.
#[derive(Debug)]
pub(crate) struct Rules {
    /// `None`: it could not be had, which forbids everything for now.
    robots: Option<Robots>,
    size_bytes: usize,
}

/// The rules of every origin asked lately.
#[derive(Clone, Debug)]
pub(crate) struct RobotsCache(Cache<String, Arc<Rules>>);

impl RobotsCache {
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
        Some(if rules.robots.is_some() { VALID_FOR } else { UNREACHABLE_FOR })
    }
}

impl Rules {
    fn of(body: &[u8], product: &str) -> Self {
        let size_bytes = RULES_BYTES + body.len();
        Self { robots: Some(Robots::parse(body, product)), size_bytes }
    }

    fn unreachable() -> Self {
        Self { robots: None, size_bytes: RULES_BYTES }
    }

    /// Whether `url` may be fetched.
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

    /// What the site asks for; zero where it asks for nothing.
    pub(crate) fn crawl_delay(&self) -> Duration {
        self.robots.as_ref().and_then(Robots::crawl_delay).unwrap_or(Duration::ZERO)
    }

    /// The sitemaps that it names.
    pub(crate) fn sitemaps(&self) -> &[String] {
        self.robots.as_ref().map_or(&[], Robots::sitemaps)
    }
}

impl Crawl {
    /// The rules for `url`. Whoever asks first fetches them, others wait.
    pub(crate) async fn rules(&self, url: &Url) -> Result<Arc<Rules>, Ended> {
        let origin = url.origin().ascii_serialization();
        let fetch = async { self.fetch_rules(url).await.map(Arc::new) };
        self.robots.0.try_get_with(origin, fetch).await.map_err(|ended| *ended)
    }

    async fn fetch_rules(&self, url: &Url) -> Result<Rules, Ended> {
        let mut url = url.join("/robots.txt").map_err(|_| Refusal::InvalidUrl)?;
        for _ in 0..=MAX_REDIRECTS {
            let request = Request {
                url: &url,
                validators: None,
                max_body_bytes: MAX_ROBOTS_BYTES,
                cut_body: true,
                is_paced: false,
            };
            match self.ask_until_answered(request, Duration::ZERO).await {
                Ok((Answer::Document(document), _)) => {
                    return Ok(Rules::of(&document.body, self.config.product()));
                }
                Ok((Answer::Redirect(next), _)) => url = next,
                Ok((answer, _)) => return Ok(self.rules_without_body(&answer)),
                Err(Ended::Failed(_)) => return Ok(Rules::unreachable()),
                Err(ended) => return Err(ended),
            }
        }
        Ok(self.no_rules())
    }

    /// "Unavailable" (4xx) allows everything, "unreachable" (5xx) nothing. 429 is
    /// a 4xx, but a server that is asked too much already is left alone.
    fn rules_without_body(&self, answer: &Answer) -> Rules {
        match answer {
            Answer::Status(status) if !status.is_server_error() => self.no_rules(),
            _ => Rules::unreachable(),
        }
    }

    fn no_rules(&self) -> Rules {
        Rules::of(b"", self.config.product())
    }
}
