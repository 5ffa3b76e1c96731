//! The promises of a store, on SQLite and on Postgres.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod articles;
mod bouncer;
mod changes;
mod claims;
mod durability;
mod encoder;
mod facts;
mod house;
mod leases;
mod listings;
mod notes;
mod obligations;
mod partitions;
mod postgres_only;
mod replica;
mod sqlite_only;
mod upgrade;
mod vectors;
mod visits;

#[path = "../../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../../tests/src/postgres.rs"]
pub mod postgres;

/// Each promise, on both back ends.
macro_rules! conformance {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::house::House::sqlite().await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::house::House::postgres().await).await;
            })*
        }
    };
}
pub(crate) use conformance;
