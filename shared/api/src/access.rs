//! Tokens of programs, people, sessions, and the audit of changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A token that is to be made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenRequest {
    /// A name for people, of at most 100 characters.
    #[serde(default)]
    pub name: String,
    /// The operations that it may use: `search`, `read`, `submit`, `watch`, `admin`, `metrics`.
    pub scopes: Vec<String>,
    /// Seconds after which it ends; without it, it does not end by itself.
    #[serde(default)]
    pub expires_in_s: Option<u64>,
    /// The service that alone may take it, as its `access.audience` names it.
    #[serde(default)]
    pub audience: Option<String>,
}

/// A token, without its secret.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokenView {
    /// The name of the token in paths and in the audit.
    pub id: String,
    /// The name that people gave it.
    pub name: String,
    /// The operations that it may use.
    pub scopes: Vec<String>,
    /// The service that alone may take it.
    pub audience: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: Option<String>,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<String>,
    /// When it was used last, RFC 3339, to the minute.
    pub used_at: Option<String>,
}

/// A token that was made now, with its secret, which is not shown again.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct MadeToken {
    /// The text that a client sends, as `Authorization: Bearer …`.
    pub secret: String,
    /// The token.
    pub token: TokenView,
}

/// All tokens.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct TokensAnswer {
    /// The tokens, the newest first.
    pub tokens: Vec<TokenView>,
}

/// The rotation of a token.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RotateParams {
    /// Seconds for which the old secret still counts, 0 to 604800.
    pub keep_s: u64,
}

impl Default for RotateParams {
    fn default() -> Self {
        Self { keep_s: 60 }
    }
}

/// An account that is to be made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// The name to sign in with: 1 to 64 letters, digits, `.`, `_`, `-` or `@`.
    pub name: String,
    /// The password, of 10 to 256 characters.
    pub password: String,
    /// The role: `reader`, `editor` or `admin`.
    pub role: String,
}

/// A change of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonChange {
    /// The new role.
    pub role: Option<String>,
    /// The new password. It ends the sessions of the person.
    pub password: Option<String>,
}

/// An account, without its password.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PersonView {
    /// The name.
    pub name: String,
    /// The role.
    pub role: String,
    /// When it was made, RFC 3339.
    pub created_at: String,
}

/// All accounts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct PeopleAnswer {
    /// The accounts, by name.
    pub people: Vec<PersonView>,
}

/// A person who signs in.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
}

/// The principal of a request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SessionView {
    /// The principal as the audit names it, such as `person:ann`.
    pub who: String,
    /// The operations that it may use.
    pub scopes: Vec<String>,
    /// The text that a page sends in `X-CSRF-Token` with each change; sessions only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}

/// A page of the audit.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditParams {
    /// The start of the page: `next` of the page before.
    pub before: Option<i64>,
    /// The most entries, 1 to 1000; 100 by default.
    pub limit: Option<usize>,
}

/// A change, as the audit has it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditView {
    /// When it was answered, RFC 3339.
    pub at: String,
    /// The principal.
    pub who: String,
    /// The operation.
    pub what: String,
    /// The path of the request.
    pub target: String,
    /// `done`, or the code of the error.
    pub result: String,
    /// The id of the request.
    pub request: String,
    /// The address of the client.
    pub address: String,
}

/// Changes, the newest first.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AuditAnswer {
    /// The changes.
    pub entries: Vec<AuditView>,
    /// The parameter `before` of the next page; null after the last.
    pub next: Option<i64>,
}
