//! The bus: subjects and streams, publish, consume, settle; request and reply;
//! what passes by. One concrete [`Bus`] with two back ends: NATS JetStream, and
//! an in-process one whose durable spool is a SQLite table.
//!
//! Receive, handle, publish, settle, in that order:
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
//! Every message may come twice, in any order. What was acknowledged to the
//! publisher is delivered until it is settled, and after its last delivery it
//! lies in the dead letters with the error.

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
pub use follow::{Event, Followed, Gap, OwnFollower, SharedFollower};
pub use limits::{Kept, Queue};
pub use message::{MAX_MESSAGE_BYTES, MessageId};
pub use outlet::Deliveries;
pub use published::Published;
pub use queue_status::{QueueEnds, QueueStatus};
pub use request::{Request, Requests};
pub use stages::{Stage, Stream};
pub use subject::Subject;
pub use subscription::Subscription;
