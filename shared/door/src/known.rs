//! Answers `courant.request.known`: which of the given URLs are stored or on their way.

use std::sync::Arc;

use courant_article::ArticleId;
use courant_bus::{Bus, Subject};
use courant_dedup::canonicalize;
use courant_proto::v1;
use courant_service::Control;
use courant_store::{Claims, Error};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// The most URLs in one request.
const MAX_URLS: usize = 1_000;
/// Requests answered at once.
const AT_ONCE: usize = 16;

/// The server of requests for known URLs.
#[derive(Clone)]
pub struct KnownUrls {
    /// The claims on URLs.
    pub claims: Claims,
}

impl KnownUrls {
    /// Answers until `control` says to drain.
    ///
    /// # Errors
    /// If the bus cannot be served.
    pub async fn serve(&self, bus: &Bus, control: &Control) -> anyhow::Result<()> {
        let mut requests = bus.serve::<v1::KnownRequest>(Subject::REQUEST_KNOWN).await?;
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            let slot = Arc::clone(&slots).acquire_owned().await?;
            let request = tokio::select! {
                () = control.stopped() => return Ok(()),
                request = requests.next() => request,
            };
            let Some(request) = request else {
                return Ok(());
            };
            let (known, span) = (self.clone(), request.span());
            let answering = async move {
                let reply = known.reply(&request.message.urls).await;
                if let Err(error) = request.reply(&reply).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "a request for known URLs was not answered");
                }
                drop(slot);
            };
            tokio::spawn(answering.instrument(span));
        }
    }

    async fn reply(&self, urls: &[String]) -> v1::KnownReply {
        let refused = |error: String| v1::KnownReply { error, ..v1::KnownReply::default() };
        if urls.len() > MAX_URLS {
            return refused(format!("{} URLs in one request, {MAX_URLS} are allowed", urls.len()));
        }
        match self.which(urls).await {
            Ok(known) => v1::KnownReply { known, error: String::new() },
            Err(error) => refused(error.to_string()),
        }
    }

    /// One answer per URL, in order. What is no URL of an article is not known. Nothing is
    /// cached: an article that was let in may be lost, or be deleted.
    async fn which(&self, urls: &[String]) -> Result<Vec<bool>, Error> {
        let ids: Vec<Option<ArticleId>> = urls
            .iter()
            .map(|url| canonicalize(url).ok().map(|canonical| ArticleId::of(&canonical)))
            .collect();
        let asked: Vec<ArticleId> = ids.iter().copied().flatten().collect();
        let answers = if asked.is_empty() { Vec::new() } else { self.claims.known(&asked).await? };
        let mut answers = answers.into_iter();
        let answer = |id: Option<ArticleId>| id.is_some() && answers.next() == Some(true);
        Ok(ids.into_iter().map(answer).collect())
    }
}
