//! Publishes one article to Courant's bus as protobuf, and hears the decision.
//! Usage: publish URL-OF-NATS-SERVER

#![expect(clippy::disallowed_methods, reason = "a program of its own has the system's clock")]

use std::error::Error;
use std::time::SystemTime;

use courant_proto::v1::{Entry, EntryDecided};
use futures::StreamExt;
use prost::Message;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::args().nth(1).ok_or("name the server, as nats://127.0.0.1:4222")?;
    let client = async_nats::connect(server).await?;
    let mut decisions = client.subscribe("courant.entry.decided").await?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let entry = Entry {
        submission_id: "rust-1".into(),
        url: "https://example.com/bridge".into(),
        title: "Bridge stays open".into(),
        text: "The council voted on Monday to keep the old harbour bridge open to everybody."
            .into(),
        observed_at_ms: i64::try_from(now.as_millis())?,
        ..Entry::default()
    };
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Courant-Schema", "courant.v1.Entry");
    headers.insert("Nats-Msg-Id", entry.submission_id.as_str());
    let payload = entry.encode_to_vec().into();
    let jetstream = async_nats::jetstream::new(client);
    jetstream.publish_with_headers("courant.entry.submitted", headers, payload).await?.await?;
    while let Some(message) = decisions.next().await {
        let decided = EntryDecided::decode(message.payload)?;
        if decided.submission_id == entry.submission_id {
            println!("article {} is {}", decided.article_id, decided.decision().as_str_name());
            break;
        }
    }
    Ok(())
}
