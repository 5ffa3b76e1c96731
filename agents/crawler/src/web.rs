//! Fetches documents from the web. Follows redirects; each request waits for its domain's turn
//! and obeys its own host's robots.txt.

mod address;
mod cookies;
mod copies;
pub(crate) mod fetch;
pub(crate) mod leases;
mod polite;
pub(crate) mod politeness;
mod refresh;
mod robots;

use std::sync::Arc;
use std::time::Duration;

use courant_store::NoteKind;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use tokio::sync::Semaphore;
use url::Url;

use crate::config::Config;
use crate::intake::Intake;
use crate::memory::Memory;
use crate::outcome::{Ended, Failure, Refusal};
use crate::tally::Tally;
use crate::urls::{clean, domain_of};
use crate::web::cookies::Cookies;
use crate::web::copies::NoCopies;
use crate::web::fetch::{Document, FetchResponse, Fetcher, Request};
use crate::web::leases::Leases;
use crate::web::polite::{PoliteFetcher, Slot};
use crate::web::robots::{
    MAX_NOTED_BYTES, MAX_REDIRECTS, MAX_ROBOTS_BYTES, Rules, RulesCache, VALID_FOR,
};

pub(crate) use crate::web::copies::Copies;

/// Fetches documents for one crawl.
pub(crate) struct Web {
    config: Config,
    memory: Arc<Memory>,
    fetcher: PoliteFetcher,
    rules: RulesCache,
}

/// The limits and rules for fetching one document, redirects included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errand {
    /// The most redirects that are followed.
    pub max_redirects: usize,
    /// The longest body, in bytes after unpacking.
    pub max_body_bytes: usize,
    /// Cuts a longer body at the limit instead of refusing it.
    pub cut_body: bool,
    /// Waits until the pipeline wants more articles.
    pub is_paced: bool,
    /// Refuses URLs that robots.txt disallows.
    pub obeys_robots: bool,
    /// Follows pages that only send their readers to another page.
    pub follows_refresh: bool,
}

/// The result of following a URL to the end of its redirects.
#[derive(Debug)]
pub(crate) enum Visited<C> {
    /// A document, and the copy of it that was known `before`. `moved` is the address that the
    /// leading permanent redirects lead to.
    Document { document: Document, before: Option<C>, slot: Slot, moved: Option<Url> },
    /// The known copy is the latest one, and stays so for `fresh_for`.
    NotModified { url: Url, before: C, fresh_for: Duration, moved: Option<Url> },
    /// A redirect leads into a domain that another crawler has.
    Elsewhere { url: Url },
}

impl Web {
    /// Prepares the requests of one crawl.
    pub(crate) fn new(
        config: Config,
        fetcher: Fetcher,
        memory: Arc<Memory>,
        leases: Arc<Leases>,
        intake: Arc<Intake>,
        tally: &Tally,
    ) -> Self {
        let fetcher = PoliteFetcher {
            fetcher,
            politeness: Arc::clone(&leases.politeness),
            leases,
            slots: Arc::new(Semaphore::new(config.concurrency)),
            max_attempts: config.max_attempts,
            notes: Arc::clone(&memory.notes),
            intake,
            progress: tally.progress.clone(),
            metrics: tally.metrics.clone(),
        };
        Self { config, memory, fetcher, rules: RulesCache::new() }
    }

    /// Fetches a page. The request is conditional if a copy is known.
    pub(crate) async fn page<C: Copies>(
        &self,
        start: &Url,
        copies: &C,
    ) -> Result<Visited<C::Copy>, Ended> {
        self.follow(start, self.errand(self.config.max_body_bytes, true), copies).await
    }

    /// Fetches a feed, sitemap or home page. The request is conditional if a copy is known.
    pub(crate) async fn listing<C: Copies>(
        &self,
        start: &Url,
        copies: &C,
    ) -> Result<Visited<C::Copy>, Ended> {
        self.follow(start, self.errand(self.config.max_listing_bytes, false), copies).await
    }

    fn errand(&self, max_body_bytes: usize, is_paced: bool) -> Errand {
        let max_redirects = self.config.max_redirects;
        Errand {
            max_redirects,
            max_body_bytes,
            cut_body: false,
            is_paced,
            obeys_robots: true,
            follows_refresh: true,
        }
    }

    /// Fetches `start` and follows its redirects, each under its own host's rules. Cookies are kept
    /// until the end of this call.
    async fn follow<C: Copies>(
        &self,
        start: &Url,
        errand: Errand,
        copies: &C,
    ) -> Result<Visited<C::Copy>, Ended> {
        let mut url = start.clone();
        let cookies = Cookies::default();
        let (mut moved, mut is_moving) = (None, true);
        for hop in 0..=errand.max_redirects {
            let before = copies.copy_of(&url).await?;
            let request = Request {
                url: &url,
                validators: before.as_ref().map(C::validators),
                cookies: Some(&cookies),
                max_body_bytes: errand.max_body_bytes,
                cut_body: errand.cut_body,
                is_paced: errand.is_paced,
            };
            let (answer, slot) = match self.ask(request, errand).await {
                Err(Ended::Elsewhere) if hop > 0 => return Ok(Visited::Elsewhere { url }),
                asked => asked?,
            };
            match (answer, before) {
                (FetchResponse::Redirect { url: next, is_permanent }, _) => {
                    url = clean(next)?;
                    is_moving &= is_permanent;
                    moved = if is_moving { Some(url.clone()) } else { moved };
                }
                (FetchResponse::NotModified { fresh_for }, Some(before)) => {
                    return Ok(Visited::NotModified { url, before, fresh_for, moved });
                }
                (FetchResponse::Document(document), before) => {
                    let refresh = Some(&document).filter(|_| errand.follows_refresh);
                    if let Some(next) = refresh.and_then(refresh::target) {
                        url = clean(next)?;
                        is_moving = false;
                        continue;
                    }
                    return Ok(Visited::Document { document, before, slot, moved });
                }
                (answer, _) => {
                    return Err(match why_nothing(&answer) {
                        // Only the address that was asked for can end a source.
                        Ended::Refused(Refusal::Gone) if hop > 0 => Refusal::NotFound.into(),
                        ended => ended,
                    });
                }
            }
        }
        Err(Refusal::Redirects.into())
    }

    async fn ask(
        &self,
        request: Request<'_>,
        errand: Errand,
    ) -> Result<(FetchResponse, Slot), Ended> {
        let crawl_delay = self.crawl_delay(request.url, errand).await?;
        self.fetcher.fetch(request, crawl_delay).await
    }

    /// Checks that `url` may be fetched. Returns the delay that its site asks for.
    async fn crawl_delay(&self, url: &Url, errand: Errand) -> Result<Duration, Ended> {
        if !errand.obeys_robots {
            return Ok(Duration::ZERO);
        }
        let rules = self.rules(url).await?;
        rules.check(url, Duration::from_secs(self.config.max_crawl_delay_s))?;
        Ok(rules.crawl_delay())
    }

    /// Returns the robots.txt rules for `url`. The first caller fetches them; others wait for it.
    pub(crate) fn rules<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Arc<Rules>, Ended>> {
        let origin = url.origin().ascii_serialization();
        async move {
            let find = Box::pin(async {
                Ok(Arc::new(match self.noted_rules(&origin, url).await? {
                    Some(rules) => rules,
                    None => self.fetch_rules(&origin, url).await?,
                }))
            });
            let found = self.rules.0.try_get_with_by_ref(&origin, find).await;
            found.map_err(|ended: Arc<Ended>| *ended)
        }
        .boxed()
    }

    /// Returns the noted rules that an earlier process fetched, if they are still valid.
    async fn noted_rules(&self, origin: &str, url: &Url) -> Result<Option<Rules>, Ended> {
        let Some((note, rest)) = self.memory.note(NoteKind::Robots, origin).await? else {
            return Ok(None);
        };
        self.fetcher.politeness.asked_before(&domain_of(url));
        let body = note.body.unwrap_or_default();
        Ok(Some(Rules::of(body.as_bytes(), self.config.product()).valid_for(rest)))
    }

    /// Fetches the rules. A robots.txt that is unavailable (4xx) allows everything; one that is
    /// unreachable (5xx) allows nothing. 429 counts as unreachable, because its server is
    /// overloaded already.
    async fn fetch_rules(&self, origin: &str, url: &Url) -> Result<Rules, Ended> {
        let robots = url.join("/robots.txt").map_err(|_| Refusal::InvalidUrl)?;
        let errand = Errand {
            max_redirects: MAX_REDIRECTS,
            max_body_bytes: MAX_ROBOTS_BYTES,
            cut_body: true,
            is_paced: false,
            obeys_robots: false,
            follows_refresh: false,
        };
        match self.follow(&robots, errand, &NoCopies).await {
            Ok(Visited::Document { document, .. }) => Ok(self.noted(origin, url, &document.body)),
            Ok(Visited::Elsewhere { .. }) => Err(Failure::Leased.into()),
            Ok(Visited::NotModified { before, .. }) => match before {},
            Err(Ended::Refused(
                Refusal::NotFound
                | Refusal::Gone
                | Refusal::Forbidden
                | Refusal::BotCheck
                | Refusal::Login
                | Refusal::Status
                | Refusal::Redirects,
            )) => Ok(self.noted(origin, url, b"")),
            Err(Ended::Failed(_)) => Ok(Rules::unreachable()),
            Err(ended) => Err(ended),
        }
    }

    fn noted(&self, origin: &str, url: &Url, body: &[u8]) -> Rules {
        if body.len() <= MAX_NOTED_BYTES {
            let text = String::from_utf8_lossy(body).into_owned();
            self.memory.notes.keep_robots(origin, url, text, VALID_FOR);
        }
        Rules::of(body, self.config.product())
    }

    /// Sends no request to `domain` for the time of `pause`.
    pub(crate) async fn leave_alone(&self, domain: &str, pause: Duration) {
        self.fetcher.politeness.leave_alone(domain, pause).await;
    }

    /// Returns the remaining pause of the domain of `url`.
    pub(crate) async fn rest_of(&self, url: &Url) -> Duration {
        self.fetcher.politeness.rest_of(&domain_of(url)).await
    }
}

fn why_nothing(answer: &FetchResponse) -> Ended {
    let status = match answer {
        FetchResponse::Busy { status: StatusCode::TOO_MANY_REQUESTS, .. } => {
            return Failure::RateLimited.into();
        }
        FetchResponse::BotCheck => return Refusal::BotCheck.into(),
        FetchResponse::Busy { status, .. } | FetchResponse::Status(status) => *status,
        FetchResponse::Document(_)
        | FetchResponse::NotModified { .. }
        | FetchResponse::Redirect { .. } => {
            return Refusal::Status.into();
        }
    };
    match status.as_u16() {
        404 => Refusal::NotFound.into(),
        410 => Refusal::Gone.into(),
        401 => Refusal::Login.into(),
        403 | 451 => Refusal::Forbidden.into(),
        500.. => Failure::ServerError.into(),
        _ => Refusal::Status.into(),
    }
}
