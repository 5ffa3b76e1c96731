//! The promises of deletion, on SQLite and on Postgres.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod deletion;

#[path = "../../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../store/tests/conformance/house.rs"]
#[expect(dead_code, reason = "the store's tests use all of it")]
mod house;
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
