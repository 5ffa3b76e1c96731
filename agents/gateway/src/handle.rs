//! One entry's way through the gateway.

use courant_article::{Article, Entry};
use courant_bus::{Bus, Failure, MessageId, PublishError, Subject};
use courant_proto::v1;
use courant_store::Claims;
use courant_telemetry::Clock;

use crate::config::Config;
use crate::decide::{Decided, Identity};
use crate::metrics::Metrics;
use crate::near::NearCheck;

/// What handling needs.
#[derive(Clone)]
pub(crate) struct Handler {
    pub(crate) config: Config,
    pub(crate) bus: Bus,
    pub(crate) claims: Claims,
    pub(crate) near: NearCheck,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
}

impl Handler {
    /// Decides on an entry, publishes the article that it becomes, tells of the
    /// decision.
    ///
    /// A crash between the store's claim and the publication loses nothing: the
    /// entry comes again, the same claim gets the same verdict, and the article is
    /// published again. Whoever gets it twice is idempotent.
    pub(crate) async fn handle(self, submitted: v1::Entry) -> Result<(), Failure> {
        let entry = Entry::try_from(submitted).map_err(Failure::discard)?;
        let decided = self.metrics.agent.timed("decide", self.decide(&entry)).await?;
        let publishing = self.publish(&entry, &decided);
        self.metrics.agent.timed("publish", publishing).await?;
        self.metrics.decided(decided.decision());
        Ok(())
    }

    /// The index of near texts names the copies; the store decides, in one atomic
    /// claim, also between replicas. No cache stands before it: a fingerprint changes with every revision, so that a
    /// remembered one could call a changed text, or one changed back, a duplicate.
    async fn decide(&self, entry: &Entry) -> Result<Decided, Failure> {
        match Identity::of(entry, &self.config, self.clock.unix_ms()) {
            Err(refusal) => Ok(Decided::Refused(refusal)),
            Ok(identity) => {
                let near = match &identity.sketch {
                    Some(sketch) => self.near.ask(identity.id, &identity.site, sketch).await,
                    None => None,
                };
                let claim = identity.claim(entry, near);
                // Boxed: the Postgres half of this future has 16 KB.
                let claimed = Box::pin(self.claims.judge(&claim)).await;
                Ok(Decided::Judged(Box::new(identity), claimed.map_err(Failure::retry)?))
            }
        }
    }

    /// The article before the event: whoever hears "new" may rely on it.
    async fn publish(&self, entry: &Entry, decided: &Decided) -> Result<(), PublishError> {
        if let Some(article) = decided.article(entry) {
            let id = article_message(&article);
            let accepted = v1::ArticleAccepted::of(article);
            self.bus.publish(Subject::ARTICLE_ACCEPTED, &id, &accepted).await?;
        }
        let id = event_message(entry, decided);
        self.bus.publish(Subject::ENTRY_DECIDED, &id, &decided.event(entry)).await?;
        Ok(())
    }
}

/// No model made the decision: the text's hash stands in its version's place, for
/// two texts that were observed at one URL in the same millisecond.
fn article_message(article: &Article) -> MessageId {
    let version = article.content_hash.to_string();
    MessageId::article(&article.id, article.revision, "accepted", &version)
}

fn event_message(entry: &Entry, decided: &Decided) -> MessageId {
    let decision = decided.decision();
    MessageId::new(format!("{}:{}:decided:{decision}", entry.submission_id, entry.observed_at))
}
