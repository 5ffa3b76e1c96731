//! Dead letters of articles: their claims lapse, so that the same article is let in when
//! it comes again.

use courant_article::{ArticleId, Entry, Revision};
use courant_bus::{Bus, Delivery, Failure, Followed, Subject};
use courant_proto::v1;
use courant_service::Control;
use courant_store::Claims;
use courant_telemetry::Clock;
use tracing::Instrument;

use crate::config::Config;
use crate::decide::Identity;

/// The name under which all gateways follow the letters.
const NAME: &str = "gateway-claims";
/// Letters that one gateway holds at a time are twice as many.
const AT_ONCE: usize = 4;
const GATEWAY: Subject = Subject::new("dlq.gateway");
const EMBEDDER: Subject = Subject::new("dlq.embedder");
const ANALYST: Subject = Subject::new("dlq.analyst");
const STORAGE: Subject = Subject::new("dlq.storage");

/// The claims that letters release.
pub(crate) struct Releaser {
    pub(crate) config: Config,
    pub(crate) claims: Claims,
    pub(crate) clock: Clock,
}

impl Releaser {
    /// Follows the letters until `control` says to drain.
    pub(crate) async fn run(&self, bus: &Bus, control: &Control) -> anyhow::Result<()> {
        let subjects = [GATEWAY, EMBEDDER, ANALYST, STORAGE];
        let mut letters = bus.follow_shared(NAME, &subjects, AT_ONCE).await?;
        loop {
            let letter = tokio::select! {
                () = control.stopped() => break,
                letter = letters.next() => letter,
            };
            match letter {
                Some(Followed::Message(letter)) => self.settle(letter).await,
                // Their claims lapse by their age.
                Some(Followed::Gap(gap)) => {
                    tracing::warn!(?gap, "dead letters went before their claims were released");
                }
                None => return Ok(()),
            }
        }
        letters.stop().await;
        Ok(())
    }

    async fn settle(&self, letter: Delivery) {
        let outcome = self.release(&letter).instrument(letter.span()).await;
        letter.settle(outcome).await;
    }

    async fn release(&self, letter: &Delivery) -> Result<(), Failure> {
        let Some((id, revision)) = self.claimed(letter) else {
            return Ok(());
        };
        // Boxed: the Postgres half of this future is large.
        Box::pin(self.claims.release(id, revision)).await.map_err(Failure::retry)
    }

    /// The claim that the message of `letter` had. One that cannot be read has none: it
    /// is a letter for that reason.
    fn claimed(&self, letter: &Delivery) -> Option<(ArticleId, Revision)> {
        let subject = letter.subject();
        if subject == GATEWAY.as_str() {
            return self.by_entry(letter.decode().ok()?);
        }
        let article = if subject == EMBEDDER.as_str() {
            letter.decode::<v1::ArticleAccepted>().ok()?.article
        } else if subject == ANALYST.as_str() {
            letter.decode::<v1::ArticleEmbedded>().ok()?.article
        } else {
            letter.decode::<v1::ArticleAnalyzed>().ok()?.article
        };
        let article = article?;
        Some((article.id.parse().ok()?, Revision(article.revision)))
    }

    /// It may have been claimed, and not published.
    fn by_entry(&self, entry: v1::Entry) -> Option<(ArticleId, Revision)> {
        let entry = Entry::try_from(entry).ok()?;
        let identity = Identity::of(&entry, &self.config, self.clock.unix_ms()).ok()?;
        Some((identity.id, entry.observed_at))
    }
}
