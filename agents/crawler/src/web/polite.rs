//! Requests in their domain's turn, repeated where a server fails.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::intake::Intake;
use crate::metrics::Metrics;
use crate::notes::Notes;
use crate::outcome::{Ended, Failure};
use crate::progress::Progress;
use crate::urls::domain_of;
use crate::web::fetch::{Answer, Fetcher, Request};
use crate::web::leases::{Holding, Leases};
use crate::web::politeness::{Politeness, Turn};

/// For a 429 that names no pause.
const PAUSE_WHEN_BUSY: Duration = Duration::from_secs(30);

/// A shorter pause than this is over when a crawler that was killed is back.
const LASTING: Duration = Duration::from_secs(2);

/// A place among the pages in work: held from the request until the page's text
/// is on the bus, it bounds the memory that bodies take.
pub(crate) type Slot = OwnedSemaphorePermit;

/// Sends requests, one at a time to each registered domain.
pub(crate) struct PoliteFetcher {
    pub(crate) fetcher: Fetcher,
    pub(crate) politeness: Arc<Politeness>,
    pub(crate) leases: Arc<Leases>,
    /// Pages in work.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) max_attempts: u32,
    pub(crate) notes: Arc<Notes>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) progress: Progress,
    pub(crate) metrics: Metrics,
}

impl PoliteFetcher {
    /// Sends one request, repeated a few times while its server fails.
    /// `crawl_delay`: the delay that its site asks for.
    pub(crate) async fn fetch(
        &self,
        request: Request<'_>,
        crawl_delay: Duration,
    ) -> Result<(Answer, Slot), Ended> {
        let mut attempt = 1;
        loop {
            let asked = self.ask(request, crawl_delay).await;
            if attempt >= self.max_attempts || !may_pass(&asked) {
                return asked;
            }
            attempt += 1;
        }
    }

    async fn ask(&self, request: Request<'_>, delay: Duration) -> Result<(Answer, Slot), Ended> {
        tokio::select! {
            biased;
            () = self.intake.stop.cancelled() => Err(Ended::Interrupted),
            asked = self.ask_in_turn(request, delay) => asked,
        }
    }

    async fn ask_in_turn(
        &self,
        request: Request<'_>,
        delay: Duration,
    ) -> Result<(Answer, Slot), Ended> {
        self.intake.wait_while_paused().await?;
        let waits = Instant::now();
        let (mut turn, slot, holding) = self.admit(request, delay).await?;
        self.metrics.stage("wait", waits.elapsed());
        let starts = Instant::now();
        holding.keep_delay(turn.delay());
        let answer = holding.within(self.fetcher.fetch(request)).await;
        self.metrics.stage("fetch", starts.elapsed());
        self.progress.count(|report| report.requests += 1);
        self.metrics.request(name(&answer));
        note(&mut turn, &answer);
        let rest = turn.rest();
        if rest >= LASTING {
            self.notes.keep_pause(&domain_of(request.url), rest);
        }
        answer.map(|answer| (answer, slot))
    }

    /// The turn comes before demand and slot: neither is to be taken while the site
    /// rests, and what was let go then would go after the demand has ended. The lease
    /// must outlast these waits: a request may take as long as the lease is valid.
    async fn admit(
        &self,
        request: Request<'_>,
        delay: Duration,
    ) -> Result<(Turn, Slot, Holding), Ended> {
        let domain = domain_of(request.url);
        loop {
            let holding = self.leases.hold(&domain).await?;
            let turn = self.politeness.turn(&domain, delay).await;
            let turn = turn.map_err(|_| Failure::LeftAlone)?;
            if request.is_paced {
                self.intake.wait_for_demand().await?;
            }
            let slot = self.slots.clone().acquire_owned().await.map_err(|_| Ended::Interrupted)?;
            if holding.may_start() {
                return Ok((turn, slot, holding));
            }
        }
    }
}

/// Says if the next attempt may go better. A time-out has cost enough.
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
        Ok(Answer::Busy { .. } | Answer::BotCheck) | Err(Ended::Failed(_)) => turn.failed(),
        // 403 is what many a site answers to whom it finds too eager.
        Ok(Answer::Status(status))
            if status.is_server_error() || *status == StatusCode::FORBIDDEN =>
        {
            turn.failed();
        }
        Ok(_) => turn.succeeded(),
        Err(Ended::Refused(_) | Ended::Elsewhere | Ended::Interrupted) => {}
    }
}

/// The label of an answer.
fn name(answer: &Result<Answer, Ended>) -> &'static str {
    match answer {
        Ok(Answer::Document(_)) => "document",
        Ok(Answer::NotModified { .. }) => "not_modified",
        Ok(Answer::Redirect { .. }) => "redirect",
        Ok(Answer::Busy { .. }) => "busy",
        Ok(Answer::BotCheck) => "bot_check",
        Ok(Answer::Status(status)) if status.is_server_error() => "server_error",
        Ok(Answer::Status(_)) => "client_error",
        Err(ended) => ended.reason(),
    }
}
