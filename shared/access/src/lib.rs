//! Decides who may do what. A request comes from a [`Principal`]: a program with a token, a person
//! with a session, another agent with the service token, or a person whom a reverse proxy names.
//! [`Gate`] finds the principal and compares its [`Scopes`] with what the table of routes
//! ([`table`]) asks for. [`Keyring`] holds the known credentials in memory; `courant-credentials`
//! keeps them on disk. [`LimitConfig`] bounds the rate of requests. [`Passwords`] checks passwords, a few at a time. [`AuditLog`] takes the
//! entries of the audit. Does no I/O but reading the file of the service token.

mod audit;
mod caller;
mod config;
mod gate;
mod keyring;
mod limit;
mod network;
mod password;
mod principal;
mod record;
mod scope;
mod secret;
mod service_token;
pub mod table;

pub use audit::{AuditEntry, AuditLog};
pub use caller::Caller;
pub use config::{Config, ProxyConfig, Required};
pub use gate::{CSRF_HEADER, Denial, Gate, SESSION_COOKIE, session_secret};
pub use keyring::{Keyring, KeyringContent};
pub use limit::{Allowance, LimitConfig};
pub use password::{PasswordError, Passwords};
pub use principal::{Principal, PrincipalKind};
pub use record::{PersonRecord, SessionRecord, TokenRecord};
pub use scope::{Role, Scope, Scopes, UnknownScope};
pub use secret::{NewSecret, TokenText, digest, session_digest};
pub use service_token::ServiceToken;
