//! The message bus: streams to publish to and consume from, requests with replies, and
//! broadcasts. There is one concrete [`Bus`] with two back ends: NATS JetStream, and an
//! in-process bus whose durable spool is a SQLite file.
//!
//! An agent receives, handles, publishes and settles, in this order:
//!
//! ```no_run
//! # async fn handle(entry: courant_proto::v1::Entry)
//! #     -> Result<courant_proto::v1::ArticleAccepted, courant_bus::Failure> { unimplemented!() }
//! # async fn agent(bus: courant_bus::Bus) -> anyhow::Result<()> {
//! use courant_bus::{MessageId, Stage, Subject};
//! let mut deliveries = bus.consume(Stage::GATEWAY, 8).await?;
//! while let Some(delivery) = deliveries.next().await {
//!     let outcome = async {
//!         let accepted = handle(delivery.decode()?).await?;
//!         let id = MessageId::new("0f115db0:1700000000000:gateway:1");
//!         bus.publish(Subject::ARTICLE_ACCEPTED, &id, &accepted).await?;
//!         Ok(())
//!     };
//!     let outcome = outcome.await;
//!     delivery.settle(outcome).await;
//! }
//! # Ok(()) }
//! ```
//!
//! Every message may be delivered twice, and in any order. An acknowledged message is delivered
//! until it is settled. After its last delivery it becomes a dead letter with the error.

mod bus;
mod config;
mod consumer;
mod dead_letter;
mod delivery;
mod embedded;
mod error;
mod follow;
mod jetstream;
mod limits;
mod message;
mod metrics;
mod names;
mod outlet;
mod published;
mod queue_status;
mod request;
mod settle;
mod shared;
mod stages;
mod stored;
mod subject;
mod subscription;
mod system;
mod trace;
mod wire;

pub use bus::Bus;
pub use config::{Config, Durability};
pub use dead_letter::DeadLetter;
pub use delivery::{Delivery, Settled};
pub use embedded::check::{SpoolCheck, SpoolRepair, check_spool, repair_spool};
pub use error::{BoxError, DecodeError, Error, Failure, PublishError, RequestError, SpoolError};
pub use follow::{Event, FollowedItem, Gap, OwnFollower, SharedFollower};
pub use limits::{QueueLimits, RetentionLimits};
pub use message::{MAX_MESSAGE_BYTES, MessageId};
pub use outlet::Deliveries;
pub use published::PublishAck;
pub use queue_status::{QueueEnds, QueueStatus};
pub use request::{Request, Requests};
pub use stages::{Stage, Stream};
pub use stored::StoredMessage;
pub use subject::Subject;
pub use subscription::Subscription;
