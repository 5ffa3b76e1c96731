//! Keeps tokens, people, sessions and the audit: in a SQLite file of their own in the data folder, or
//! in tables of their own on the Postgres server. [`Records`] is either; several processes may work
//! on it at a time. [`Credentials`] follows it for a process: it holds the keyring in step within half
//! a second, writes the audit, and answers the routes of tokens, people, sessions and the audit.

pub mod commands;
mod credentials;
mod error;
mod http;
mod pages;
mod people;
mod records;
mod setup;
mod tokens;
mod wording;

pub use credentials::{Credentials, Following};
pub use error::Error;
pub use records::{AuditPage, Records};
pub use tokens::{NewToken, in_seconds, new_token};
pub use wording::{audit_lines, token_lines};
