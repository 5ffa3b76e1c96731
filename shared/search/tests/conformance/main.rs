//! The promises of a search, on SQLite and on Postgres.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod archive;
mod counts;
mod following;
mod kills;
mod lists;
mod model;
mod related;
mod search;
mod words;

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
                let house = crate::house::House::sqlite().await;
                super::$name(crate::archive::Archive::in_house(house).await).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let house = crate::house::House::postgres().await;
                super::$name(crate::archive::Archive::in_house(house).await).await;
            })*
        }
    };
}
pub(crate) use conformance;
