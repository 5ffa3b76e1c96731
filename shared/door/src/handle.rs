//! One entry's way through the gateway.

use std::time::Duration;

use courant_article::{Article, Decision, Entry, Revision};
use courant_bus::{Bus, Failure, MessageId, Subject};
use courant_dedup::NearArticle;
use courant_extract::is_print_url;
use courant_proto::v1;
use courant_store::{Claim, Claims, OpenClaim, Ruling};
use courant_telemetry::Clock;
use url::Url;

use crate::decide::{Decided, Grounds, Identity};
use crate::metrics::Metrics;
use crate::near::NearCheck;
use crate::obligations::Obligations;
use crate::refusal::EntryRefusal;
use crate::rules::Rules;

/// The time that a print view waits for the story that it shows. Crawlers submit the story first,
/// but entries are decided beside one another, and the story may be one that comes again after a
/// crash. The text belongs to whichever is decided first.
const PRINT_VIEW_WAIT: Duration = Duration::from_secs(2);

/// The state that handling an entry needs.
#[derive(Clone)]
pub struct Handler {
    /// The rules of acceptance.
    pub rules: Rules,
    /// The bus on which articles and decisions are published.
    pub bus: Bus,
    /// The claims of the store, which decides.
    pub claims: Claims,
    /// The claims whose articles are not stored yet.
    pub obligations: Obligations,
    /// The check for earlier texts that are nearly the same.
    pub near: NearCheck,
    /// The clock of decisions.
    pub clock: Clock,
    /// The instruments.
    pub metrics: Metrics,
}

/// The bus took an article for one that it had before.
#[derive(Debug, thiserror::Error)]
#[error("revision {0} of the article was published before its claim was lost")]
struct Swallowed(Revision);

impl Handler {
    /// Decides on an entry, publishes the article that it becomes, tells of the
    /// decision.
    ///
    /// A crash between the store's claim and the publication loses nothing: the
    /// entry comes again, the same claim gets the same verdict, and the article is
    /// published again. Whoever gets it twice is idempotent.
    ///
    /// # Errors
    /// If the entry cannot be read, or bus or store do not answer.
    pub async fn handle(self, submitted: v1::Entry) -> Result<(), Failure> {
        let entry = Entry::try_from(submitted).map_err(Failure::discard)?;
        if is_print_view(&entry.url) {
            tokio::time::sleep(PRINT_VIEW_WAIT).await;
        }
        let decided = self.metrics.agent.timed("decide", self.decide(&entry)).await?;
        let publishing = self.publish(&entry, &decided);
        self.metrics.agent.timed("publish", publishing).await?;
        self.metrics.decided(decided.decision());
        Ok(())
    }

    /// The index of near texts names the copies; the store decides, in one atomic
    /// claim, also between replicas. No cache stands before it: a fingerprint changes with
    /// every revision, so that a remembered one could call a changed text, or one changed
    /// back, a duplicate.
    async fn decide(&self, entry: &Entry) -> Result<Decided, Failure> {
        let identity = match Identity::of(entry, &self.rules) {
            Ok(identity) => identity,
            Err(refusal) => return Ok(Decided::Refused(refusal)),
        };
        if self.is_deleted(&identity).await? {
            return Ok(Decided::Refused(EntryRefusal::Deleted));
        }
        let asked = self.near.ask(&identity).await;
        let near = NearArticle::of(&asked.near);
        let ruling = self.judge(&identity.claim(entry, near)).await?;
        if matches!(ruling.verdict.decision, Decision::New | Decision::Syndicated) {
            self.near.let_in(&asked).await;
        }
        let grounds = Grounds::of(&identity, &ruling.verdict, &asked.near);
        Ok(Decided::Judged(Box::new(identity), ruling, grounds))
    }

    /// Storage looks again, in the transaction that would store the article.
    async fn is_deleted(&self, identity: &Identity) -> Result<bool, Failure> {
        let deleted = self.claims.is_deleted(identity.id, identity.content_hash);
        let is_deleted = Box::pin(deleted).await.map_err(Failure::retry)?;
        if is_deleted {
            Box::pin(self.claims.ask_for_erasure()).await.map_err(Failure::retry)?;
        }
        Ok(is_deleted)
    }

    /// A duplicate of what is not stored yet counts only while that is on its way.
    async fn judge(&self, claim: &Claim) -> Result<Ruling, Failure> {
        // Boxed: the Postgres half of this future has 16 KB.
        let ruling = Box::pin(self.claims.judge(claim)).await.map_err(Failure::retry)?;
        if !ruling.is_pending {
            return Ok(ruling);
        }
        match Box::pin(self.obligations.look()).await.map_err(Failure::retry)? {
            0 => Ok(ruling),
            _ => Box::pin(self.claims.judge(claim)).await.map_err(Failure::retry),
        }
    }

    /// The article before the event: whoever hears "new" may rely on it.
    async fn publish(&self, entry: &Entry, decided: &Decided) -> Result<(), Failure> {
        if let Some((article, ruling)) = decided.article(entry) {
            let owed = OpenClaim { id: article.id, revision: article.revision };
            let id = article_message(&article);
            let accepted = v1::ArticleAccepted::of(article);
            let published = self.bus.publish(Subject::ARTICLE_ACCEPTED, &id, &accepted).await?;
            if published.duplicate && !ruling.is_repeated {
                // The store has forgotten what the bus remembers: the next claim gets
                // another revision.
                self.obligations.release(&[owed]).await.map_err(Failure::retry)?;
                return Err(Failure::retry(Swallowed(owed.revision)));
            }
        }
        let id = event_message(entry, decided);
        let event = decided.event(entry, self.clock.unix_ms());
        self.bus.publish(Subject::ENTRY_DECIDED, &id, &event).await?;
        Ok(())
    }
}

/// Returns true if the URL is the address of a story for the printer.
fn is_print_view(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| is_print_url(&url))
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
