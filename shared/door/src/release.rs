//! Releases the claims of articles that became dead letters, so that the same article is
//! accepted when it is submitted again.

use courant_article::Revision;
use courant_bus::{Bus, Delivery, Failure, FollowedItem, Subject};
use courant_proto::v1;
use courant_service::Control;
use courant_store::OpenClaim;
use tracing::Instrument;

use crate::obligations::Obligations;

/// The name under which all gateways follow the letters.
const NAME: &str = "gateway-claims";
/// Letters that one gateway holds at a time are twice as many.
const AT_ONCE: usize = 4;
const EMBEDDER: Subject = Subject::new("dlq.embedder");
const ANALYST: Subject = Subject::new("dlq.analyst");
const STORAGE: Subject = Subject::new("dlq.storage");

/// Follows the letters until `control` says to drain. What it misses, [`Obligations`] finds.
///
/// # Errors
/// If the bus cannot be followed.
pub async fn run(bus: &Bus, obligations: &Obligations, control: &Control) -> anyhow::Result<()> {
    let subjects = [EMBEDDER, ANALYST, STORAGE];
    let mut letters = bus.follow_shared(NAME, &subjects, AT_ONCE).await?;
    loop {
        let letter = tokio::select! {
            () = control.stopped() => break,
            letter = letters.next() => letter,
        };
        match letter {
            Some(FollowedItem::Message(letter)) => {
                let outcome = release(&letter, obligations).instrument(letter.span()).await;
                letter.settle(outcome).await;
            }
            Some(FollowedItem::Gap(gap)) => {
                tracing::warn!(?gap, "dead letters were removed before their claims were released");
            }
            None => return Ok(()),
        }
    }
    letters.stop().await;
    Ok(())
}

async fn release(letter: &Delivery, obligations: &Obligations) -> Result<(), Failure> {
    match owed(letter) {
        Some(owed) => obligations.release(&[owed]).await.map(drop).map_err(Failure::retry),
        None => Ok(()),
    }
}

/// The claim of the article in `letter`. One that cannot be read has none: it is a letter
/// for that reason.
fn owed(letter: &Delivery) -> Option<OpenClaim> {
    let subject = letter.subject();
    let article = if subject == EMBEDDER.as_str() {
        letter.decode::<v1::ArticleAccepted>().ok()?.article
    } else if subject == ANALYST.as_str() {
        letter.decode::<v1::ArticleEmbedded>().ok()?.article
    } else {
        letter.decode::<v1::ArticleAnalyzed>().ok()?.article
    };
    let article = article?;
    Some(OpenClaim { id: article.id.parse().ok()?, revision: Revision(article.revision) })
}
