//! Sends each request in its domain's turn, and repeats it if the server fails.

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
use crate::web::fetch::{FetchResponse, Fetcher, Request};
use crate::web::leases::{Holding, Leases};
use crate::web::politeness::{Politeness, Turn};

/// The pause after a 429 that names none.
const PAUSE_WHEN_BUSY: Duration = Duration::from_secs(30);

/// The shortest pause that is noted. A shorter one is over before a killed crawler is back.
const LASTING: Duration = Duration::from_secs(2);

/// A permit to have a page in memory. It is held from the request until the page's article is on
/// the bus, and so bounds the memory that bodies take.
pub(crate) type Slot = OwnedSemaphorePermit;

/// Sends requests, one at a time to each registered domain.
pub(crate) struct PoliteFetcher {
    pub(crate) fetcher: Fetcher,
    pub(crate) politeness: Arc<Politeness>,
    pub(crate) leases: Arc<Leases>,
    /// One permit for each page that may be in memory.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) max_attempts: u32,
    pub(crate) notes: Arc<Notes>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) progress: Progress,
    pub(crate) metrics: Metrics,
}

impl PoliteFetcher {
    /// Sends a request, at most `max_attempts` times while its server fails. `crawl_delay` is the
    /// delay that its site asks for.
    pub(crate) async fn fetch(
        &self,
        request: Request<'_>,
        crawl_delay: Duration,
    ) -> Result<(FetchResponse, Slot), Ended> {
        let mut attempt = 1;
        loop {
            let asked = self.ask(request, crawl_delay).await;
            if attempt >= self.max_attempts || !may_pass(&asked) {
                return asked;
            }
            attempt += 1;
        }
    }

    async fn ask(
        &self,
        request: Request<'_>,
        delay: Duration,
    ) -> Result<(FetchResponse, Slot), Ended> {
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
    ) -> Result<(FetchResponse, Slot), Ended> {
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

    /// Waits for the lease, the turn, the demand and a slot, in that order. The turn comes before
    /// the demand and the slot: a page that had both before a long wait would block the slot, and
    /// would go after the demand has ended. If too little of the lease is left after the waits, all
    /// are taken again.
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

/// Returns true if another attempt may succeed. A timeout is not tried again: it cost enough
/// time.
fn may_pass(asked: &Result<(FetchResponse, Slot), Ended>) -> bool {
    match asked {
        Ok((FetchResponse::Busy { .. }, _)) => true,
        Ok((FetchResponse::Status(status), _)) => status.is_server_error(),
        Ok(_) => false,
        Err(ended) => {
            matches!(ended, Ended::Failed(Failure::Connect | Failure::BrokenBody))
        }
    }
}

/// Records the result of this turn, which decides when the site's next turn begins.
fn note(turn: &mut Turn, answer: &Result<FetchResponse, Ended>) {
    match answer {
        Ok(FetchResponse::Busy { retry_after: Some(pause), .. }) => turn.told_to_wait(*pause),
        Ok(FetchResponse::Busy { status: StatusCode::TOO_MANY_REQUESTS, .. }) => {
            turn.told_to_wait(PAUSE_WHEN_BUSY);
        }
        Err(Ended::Failed(Failure::Connect)) => turn.unreachable(),
        Ok(FetchResponse::Busy { .. } | FetchResponse::BotCheck) | Err(Ended::Failed(_)) => {
            turn.failed();
        }
        // Many sites answer 403 to a crawler that they find too fast.
        Ok(FetchResponse::Status(status))
            if status.is_server_error() || *status == StatusCode::FORBIDDEN =>
        {
            turn.failed();
        }
        Ok(_) => turn.succeeded(),
        Err(Ended::Refused(_) | Ended::Elsewhere | Ended::Interrupted) => {}
    }
}

/// Returns the metric label of an answer.
fn name(answer: &Result<FetchResponse, Ended>) -> &'static str {
    match answer {
        Ok(FetchResponse::Document(_)) => "document",
        Ok(FetchResponse::NotModified { .. }) => "not_modified",
        Ok(FetchResponse::Redirect { .. }) => "redirect",
        Ok(FetchResponse::Busy { .. }) => "busy",
        Ok(FetchResponse::BotCheck) => "bot_check",
        Ok(FetchResponse::Status(status)) if status.is_server_error() => "server_error",
        Ok(FetchResponse::Status(_)) => "client_error",
        Err(ended) => ended.reason(),
    }
}
