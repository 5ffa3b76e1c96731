//! Asks the gateway, before a page is fetched, if somebody else has submitted it already.
//!
//! Lookups that come while a request is under way are sent together in the next one. The more
//! pages are in work, the more lookups share a request.

use std::iter::repeat;
use std::time::Duration;

use courant_bus::{Bus, Subject};
use courant_proto::v1::{KnownReply, KnownRequest};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use url::Url;

/// The most URLs in one request. Even with the longest URLs, it still fits into a message.
const MAX_BATCH: usize = 200;
/// The longest wait for the gateway's answer.
const TIMEOUT: Duration = Duration::from_secs(2);
/// The time for which the gateway is not asked again after a missing answer.
const PAUSE: Duration = Duration::from_secs(30);

/// Asks the gateway. Its background task ends when it is dropped.
pub(crate) struct KnownElsewhere {
    lookups: mpsc::Sender<UrlLookup>,
}

struct UrlLookup {
    url: String,
    answer: oneshot::Sender<bool>,
}

impl KnownElsewhere {
    pub(crate) fn new(bus: Bus) -> Self {
        let (lookups, asked) = mpsc::channel(MAX_BATCH);
        tokio::spawn(ask(bus, asked));
        Self { lookups }
    }

    /// Returns true if the gateway has accepted `url` from somebody else. Returns false if it does
    /// not answer: fetching a known page costs one request, but waiting for each answer would stop
    /// the crawl.
    pub(crate) async fn has(&self, url: &Url) -> bool {
        let (answer, answered) = oneshot::channel();
        let lookup = UrlLookup { url: url.to_string(), answer };
        // Sending cannot fail: the task lives as long as this sender.
        let _ = self.lookups.send(lookup).await;
        answered.await.unwrap_or(false)
    }
}

async fn ask(bus: Bus, mut asked: mpsc::Receiver<UrlLookup>) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    let mut not_before = Instant::now();
    while asked.recv_many(&mut batch, MAX_BATCH).await > 0 {
        let mut known = Vec::new();
        if Instant::now() >= not_before {
            let urls = batch.iter().map(|lookup| lookup.url.clone()).collect();
            match request(&bus, urls).await {
                Some(answers) => known = answers,
                None => not_before = Instant::now() + PAUSE,
            }
        }
        for (lookup, known) in batch.drain(..).zip(known.into_iter().chain(repeat(false))) {
            // Nobody needs the answer if the page was given up.
            let _ = lookup.answer.send(known);
        }
    }
}

/// Returns `None` if the gateway gave no answer.
async fn request(bus: &Bus, urls: Vec<String>) -> Option<Vec<bool>> {
    let reply = bus.request(Subject::REQUEST_KNOWN, &KnownRequest { urls }, TIMEOUT).await;
    let KnownReply { known, error } = reply.ok()?;
    error.is_empty().then_some(known)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use courant_telemetry::{Clock, Meters};
    use futures::future::join_all;

    use super::*;

    #[tokio::test]
    async fn lookups_that_wait_together_leave_in_one_request() {
        let folder = tempfile::tempdir().unwrap();
        let (spool, meter) = (folder.path().join("spool.db"), Meters::new("test").unwrap().meter());
        let bus = Bus::embedded(&Default::default(), &spool, Clock::system(), &meter).unwrap();
        let mut requests = bus.serve::<KnownRequest>(Subject::REQUEST_KNOWN).await.unwrap();
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let noted = sizes.clone();
        tokio::spawn(async move {
            while let Some(request) = requests.next().await {
                noted.lock().unwrap().push(request.message.urls.len());
                let known = request.message.urls.iter().map(|url| url.ends_with("7")).collect();
                request.reply(&KnownReply { known, ..Default::default() }).await.unwrap();
            }
        });
        let known = KnownElsewhere::new(bus);
        let urls: Vec<Url> =
            (0..50).map(|n| format!("http://a.example/{n}").parse().unwrap()).collect();
        let answers = join_all(urls.iter().map(|url| known.has(url))).await;
        let sevens: Vec<_> = (0..50).map(|n| n % 10 == 7).collect();
        assert_eq!(answers, sevens);
        assert_eq!(*sizes.lock().unwrap(), [50]);
    }
}
