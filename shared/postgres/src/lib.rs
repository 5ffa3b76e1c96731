//! Connections to a Postgres server with pgvector: a pool that lends one for each operation, the
//! limits of statements and transactions, statements that work behind a PgBouncer, too, and tables
//! that are divided by time.
//!
//! It knows no table. The tables and their operations are `courant-store`.

mod connect;
mod error;
mod parameter;
mod partition;
mod pool;
mod session;
mod settings;
mod slow;
mod span;
pub mod upkeep;

pub use error::Error;
pub use parameter::Parameter;
pub use partition::{Partition, Partitioned};
pub use pool::Postgres;
pub use session::{Queries, Session, Transaction};
pub use settings::Settings;
pub use span::Span;
