//! How a URL is asked for: in its turn, again where its server fails, and from
//! redirect to redirect, each under its own host's rules.

use std::time::Duration;

use http::StatusCode;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use url::Url;

use crate::crawl::{Crawl, domain_of};
use crate::fetch::{Answer, Document, Request};
use crate::memory::Remembered;
use crate::outcome::{Ended, Failure, Refusal};
use crate::politeness::Turn;

/// For a 429 that names no pause.
const PAUSE_WHEN_BUSY: Duration = Duration::from_secs(30);

/// A shorter pause than this is over when a crawler that was killed is back.
const LASTING: Duration = Duration::from_secs(2);

/// A place among the pages in work: held from the request until the page's text
/// is on the bus, it bounds the memory that bodies take.
pub(crate) type Slot = OwnedSemaphorePermit;

/// Where a URL led.
#[derive(Debug)]
pub(crate) enum Visited {
    /// To a page.
    Document { document: Document, before: Option<Remembered>, slot: Slot },
    /// To a page that did not change since.
    NotModified { url: Url, before: Remembered },
}

impl Crawl {
    /// Follows `start` to where it leads.
    pub(crate) async fn visit(&self, start: &Url) -> Result<Visited, Ended> {
        let mut url = start.clone();
        for _ in 0..=self.config.max_redirects {
            let before = self.memory.recall(&url).await?;
            let request = Request {
                url: &url,
                validators: before.as_ref().map(|before| &before.validators),
                max_body_bytes: self.config.max_body_bytes,
                cut_body: false,
                is_paced: true,
            };
            let (answer, slot) = self.ask_within_rules(request).await?;
            match (answer, before) {
                (Answer::Redirect(next), _) => url = clean(next)?,
                (Answer::NotModified { .. }, Some(before)) => {
                    return Ok(Visited::NotModified { url, before });
                }
                (Answer::Document(document), before) => {
                    return Ok(Visited::Document { document, before, slot });
                }
                (answer, _) => return Err(why_nothing(&answer)),
            }
        }
        Err(Refusal::Redirects.into())
    }

    /// One request, if robots.txt allows it.
    pub(crate) async fn ask_within_rules(
        &self,
        request: Request<'_>,
    ) -> Result<(Answer, Slot), Ended> {
        let rules = self.rules(request.url).await?;
        rules.check(request.url, Duration::from_secs(self.config.max_crawl_delay_s))?;
        self.ask_until_answered(request, rules.crawl_delay()).await
    }

    /// One request, repeated a few times while its server fails.
    pub(crate) async fn ask_until_answered(
        &self,
        request: Request<'_>,
        crawl_delay: Duration,
    ) -> Result<(Answer, Slot), Ended> {
        let mut attempt = 1;
        loop {
            let asked = self.ask(request, crawl_delay).await;
            if attempt >= self.config.max_attempts || !may_pass(&asked) {
                return asked;
            }
            attempt += 1;
        }
    }

    async fn ask(&self, request: Request<'_>, delay: Duration) -> Result<(Answer, Slot), Ended> {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Ended::Interrupted),
            asked = self.ask_in_turn(request, delay) => asked,
        }
    }

    async fn ask_in_turn(
        &self,
        request: Request<'_>,
        delay: Duration,
    ) -> Result<(Answer, Slot), Ended> {
        if !self.control.running().await {
            return Err(Ended::Interrupted);
        }
        let waits = Instant::now();
        let (mut turn, slot) = self.admit(request, delay).await?;
        self.metrics.stage("wait", waits.elapsed());
        let starts = Instant::now();
        let answer = self.fetcher.fetch(request).await;
        self.metrics.stage("fetch", starts.elapsed());
        self.progress.count(|report| report.requests += 1);
        self.metrics.request(name(&answer));
        note(&mut turn, &answer);
        let rest = turn.rest();
        if rest >= LASTING {
            self.memory.notes.keep_pause(&domain_of(request.url), rest);
        }
        answer.map(|answer| (answer, slot))
    }

    /// The turn comes first: neither demand nor a slot is to be taken while the
    /// site rests, and what was let go then would go after the demand has ended.
    async fn admit(&self, request: Request<'_>, delay: Duration) -> Result<(Turn, Slot), Ended> {
        let domain = domain_of(request.url);
        let turn = self.politeness.turn(&domain, delay).await.map_err(|_| Failure::LeftAlone)?;
        if request.is_paced {
            self.wait_for_demand().await?;
        }
        let slot = self.slots.clone().acquire_owned().await.map_err(|_| Ended::Interrupted)?;
        Ok((turn, slot))
    }
}

/// Whether the next attempt may go better. A time-out has cost enough.
fn may_pass(asked: &Result<(Answer, Slot), Ended>) -> bool {
    match asked {
        Ok((Answer::Busy { .. }, _)) => true,
        Ok((Answer::Status(status), _)) => status.is_server_error(),
        Ok(_) => false,
        Err(ended) => {
            matches!(ended, Ended::Failed(Failure::Connect | Failure::BrokenBody))
        }
    }
}

/// Lets the site's next turn know how this one went.
fn note(turn: &mut Turn, answer: &Result<Answer, Ended>) {
    match answer {
        Ok(Answer::Busy { retry_after: Some(pause), .. }) => turn.told_to_wait(*pause),
        Ok(Answer::Busy { status: StatusCode::TOO_MANY_REQUESTS, .. }) => {
            turn.told_to_wait(PAUSE_WHEN_BUSY);
        }
        Err(Ended::Failed(Failure::Connect)) => turn.unreachable(),
        Ok(Answer::Busy { .. }) | Err(Ended::Failed(_)) => turn.failed(),
        // 403 is what many a site answers to whom it finds too eager.
        Ok(Answer::Status(status))
            if status.is_server_error() || *status == StatusCode::FORBIDDEN =>
        {
            turn.failed();
        }
        Ok(_) => turn.succeeded(),
        Err(Ended::Refused(_) | Ended::Interrupted) => {}
    }
}

pub(crate) fn why_nothing(answer: &Answer) -> Ended {
    let status = match answer {
        Answer::Busy { status: StatusCode::TOO_MANY_REQUESTS, .. } => {
            return Failure::RateLimited.into();
        }
        Answer::Busy { status, .. } | Answer::Status(status) => *status,
        Answer::Document(_) | Answer::NotModified { .. } | Answer::Redirect(_) => {
            return Refusal::Status.into();
        }
    };
    match status.as_u16() {
        404 | 410 => Refusal::NotFound.into(),
        401 | 403 | 451 => Refusal::Forbidden.into(),
        500.. => Failure::ServerError.into(),
        _ => Refusal::Status.into(),
    }
}

/// The label of an answer.
fn name(answer: &Result<Answer, Ended>) -> &'static str {
    match answer {
        Ok(Answer::Document(_)) => "document",
        Ok(Answer::NotModified { .. }) => "not_modified",
        Ok(Answer::Redirect(_)) => "redirect",
        Ok(Answer::Busy { .. }) => "busy",
        Ok(Answer::Status(status)) if status.is_server_error() => "server_error",
        Ok(Answer::Status(_)) => "client_error",
        Err(ended) => ended.reason(),
    }
}

/// What is asked for: HTTP or HTTPS, without fragment, user name or password.
pub(crate) fn clean(mut url: Url) -> Result<Url, Refusal> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Refusal::InvalidUrl);
    }
    url.set_fragment(None);
    url.set_username("").and_then(|()| url.set_password(None)).map_err(|()| Refusal::InvalidUrl)?;
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_carries_no_secret_and_no_fragment() {
        let url = clean("https://user:word@a.example/x?y#z".parse().unwrap()).unwrap();
        assert_eq!(url.as_str(), "https://a.example/x?y");
        assert_eq!(clean("ftp://a.example/".parse().unwrap()), Err(Refusal::InvalidUrl));
    }
}
