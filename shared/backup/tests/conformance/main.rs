//! The promises of copies and backups, between SQLite and Postgres.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod copies;
mod folders;

#[path = "../../../../tests/src/guarded.rs"]
mod guarded;
#[path = "../../../store/tests/conformance/house.rs"]
#[expect(dead_code, reason = "the store's tests use all of it")]
mod house;
#[path = "../../../../tests/src/postgres.rs"]
pub mod postgres;
