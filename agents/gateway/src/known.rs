//! `courant.request.known`: which of these URLs have been let in before?

use std::sync::Arc;

use courant_article::ArticleId;
use courant_bus::{Bus, Subject};
use courant_cache::Cache;
use courant_dedup::canonicalize;
use courant_proto::v1;
use courant_service::Control;
use courant_store::{Claims, Error};
use futures::future::join_all;
use tokio::sync::Semaphore;
use tracing::Instrument;

use crate::config::Config;

/// The most URLs in one request.
const MAX_URLS: usize = 1_000;
/// Requests answered at once.
const AT_ONCE: usize = 16;

/// What answering needs.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) config: Config,
    pub(crate) claims: Claims,
    pub(crate) cache: Cache,
}

impl Known {
    /// Answers until `control` says to drain.
    pub(crate) async fn serve(&self, bus: &Bus, control: &Control) -> anyhow::Result<()> {
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

    /// One answer per URL, in order. What is no URL of an article is not known.
    ///
    /// Only "known" is cached: a URL that was let in stays so, while one that was
    /// not may be by now. Whoever asks saves a fetch with the answer; what a page
    /// is, the store alone decides.
    async fn which(&self, urls: &[String]) -> Result<Vec<bool>, Error> {
        let ids: Vec<Option<ArticleId>> = urls
            .iter()
            .map(|url| canonicalize(url).ok().map(|canonical| ArticleId::of(&canonical)))
            .collect();
        let mut known = join_all(ids.iter().map(|id| self.is_cached(*id))).await;
        let places = ids.into_iter().enumerate();
        let unsure: Vec<(usize, ArticleId)> = places
            .filter_map(|(place, id)| id.filter(|_| !known[place]).map(|id| (place, id)))
            .collect();
        let asked: Vec<ArticleId> = unsure.iter().map(|(_, id)| *id).collect();
        let answers = if asked.is_empty() { Vec::new() } else { self.claims.known(&asked).await? };
        for ((place, id), is_known) in unsure.into_iter().zip(answers) {
            known[place] = is_known;
            if is_known {
                self.cache.put(&key(id), "1".into(), self.config.known_ttl()).await;
            }
        }
        Ok(known)
    }

    async fn is_cached(&self, id: Option<ArticleId>) -> bool {
        match id {
            Some(id) => self.cache.get(&key(id)).await.is_some(),
            None => false,
        }
    }
}

fn key(id: ArticleId) -> String {
    format!("known:{id}")
}
