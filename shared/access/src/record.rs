//! The records of credentials, as they are kept.

use serde::{Deserialize, Serialize};

use crate::scope::{Role, Scopes};

/// The token of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// The public id.
    pub id: String,
    /// The name that people gave it.
    pub name: String,
    /// The digest of its secret.
    pub digest: String,
    /// The operations that it may use.
    pub scopes: Scopes,
    /// The service that alone may take it; any of ours where it is absent.
    #[serde(default)]
    pub audience: Option<String>,
    /// When it was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// When it ends, Unix milliseconds.
    #[serde(default)]
    pub expires_at_ms: Option<i64>,
    /// When it was revoked, Unix milliseconds.
    #[serde(default)]
    pub revoked_at_ms: Option<i64>,
    /// When it was used last, to the minute, Unix milliseconds.
    #[serde(default)]
    pub used_at_ms: Option<i64>,
}

/// A person with a password.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRecord {
    /// The name to sign in with, in lower case.
    pub name: String,
    /// The argon2id hash of the password, with its salt and cost.
    pub password: String,
    /// The role.
    pub role: Role,
    /// When the account was made, Unix milliseconds.
    pub created_at_ms: i64,
    /// Grows with each change of the password; sessions of before end.
    #[serde(default)]
    pub generation: u32,
}

/// A person who has signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// The digest of the session's secret.
    pub digest: String,
    /// The name of the person.
    pub person: String,
    /// The generation of the password that was given.
    #[serde(default)]
    pub generation: u32,
    /// When it ends, Unix milliseconds.
    pub expires_at_ms: i64,
}
