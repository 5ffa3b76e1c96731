//! robots.txt (RFC 9309), fetched in turn and remembered per origin.

use std::sync::Arc;
use std::time::{Duration, Instant};

use courant_extract::sources::Robots;
use courant_store::NoteKind;
use moka::Expiry;
use moka::future::Cache;
use url::Url;

use crate::crawl::{Crawl, domain_of};
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
/// Longer files are fetched anew after a restart.
const MAX_NOTED_BYTES: usize = 64 * 1024;
/// What a parsed file weighs beside its text.
const RULES_BYTES: usize = 1024;

/// What an origin's robots.txt says.
#[derive(Debug)]
pub(crate) struct Rules {
    /// `None`: it could not be had, which forbids everything for now.
    robots: Option<Robots>,
    size_bytes: usize,
    valid_for: Duration,
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
        Some(rules.valid_for)
    }
}

impl Rules {
    fn of(body: &[u8], product: &str) -> Self {
        let size_bytes = RULES_BYTES + body.len();
        Self { robots: Some(Robots::parse(body, product)), size_bytes, valid_for: VALID_FOR }
    }

    fn unreachable() -> Self {
        Self { robots: None, size_bytes: RULES_BYTES, valid_for: UNREACHABLE_FOR }
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
        let find = Box::pin(async {
            Ok(Arc::new(match self.noted_rules(&origin, url).await? {
                Some(rules) => rules,
                None => self.fetch_rules(&origin, url).await?,
            }))
        });
        let found = self.robots.0.try_get_with_by_ref(&origin, find).await;
        found.map_err(|ended: Arc<Ended>| *ended)
    }

    /// What was fetched before this crawler was started, while it counts.
    async fn noted_rules(&self, origin: &str, url: &Url) -> Result<Option<Rules>, Ended> {
        let Some((note, rest)) = self.memory.note(NoteKind::Robots, origin).await? else {
            return Ok(None);
        };
        self.politeness.asked_before(&domain_of(url));
        let body = note.body.unwrap_or_default();
        let rules = Rules::of(body.as_bytes(), self.config.product());
        Ok(Some(Rules { valid_for: rest.min(VALID_FOR), ..rules }))
    }

    fn rules_of(&self, origin: &str, body: &[u8]) -> Rules {
        if body.len() <= MAX_NOTED_BYTES {
            let text = String::from_utf8_lossy(body).into_owned();
            self.memory.notes.keep_robots(origin, text, VALID_FOR);
        }
        Rules::of(body, self.config.product())
    }

    async fn fetch_rules(&self, origin: &str, url: &Url) -> Result<Rules, Ended> {
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
                    return Ok(self.rules_of(origin, &document.body));
                }
                Ok((Answer::Redirect(next), _)) => url = next,
                Ok((answer, _)) => return Ok(self.rules_without_body(origin, &answer)),
                Err(Ended::Failed(_)) => return Ok(Rules::unreachable()),
                Err(ended) => return Err(ended),
            }
        }
        Ok(self.rules_of(origin, b""))
    }

    /// "Unavailable" (4xx) allows everything, "unreachable" (5xx) nothing. 429 is
    /// a 4xx, but a server that is asked too much already is left alone.
    fn rules_without_body(&self, origin: &str, answer: &Answer) -> Rules {
        match answer {
            Answer::Status(status) if !status.is_server_error() => self.rules_of(origin, b""),
            _ => Rules::unreachable(),
        }
    }
}
