//! Tokens of programs: made, rotated, revoked.

use courant_access::{NewSecret, Scopes, TokenRecord};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::records::{Kind, Records};

/// The time for which an ended token is kept, so that its holder learns why it does not count.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;
/// The most tokens of a service.
const MAX_TOKENS: usize = 1000;
const MAX_NAME_CHARS: usize = 100;
/// Ten years: the longest life of a token that ends.
const MAX_SECONDS: u64 = 10 * 366 * 24 * 3600;

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// A name for people.
    pub name: String,
    /// The operations that it may use.
    pub scopes: Scopes,
    /// Seconds after which it ends.
    pub expires_in_s: Option<u64>,
    /// The service that alone may take it.
    pub audience: Option<String>,
}

/// Makes a token and returns its secret, which is not kept, with its record.
///
/// # Errors
/// [`Error::Invalid`], or a failure of the records.
pub async fn new_token(
    records: &Records,
    new: NewToken,
    now_ms: i64,
) -> Result<(String, TokenRecord), Error> {
    if new.scopes.is_empty() {
        return Err(Error::Invalid("a token needs at least one scope".into()));
    }
    if new.name.chars().count() > MAX_NAME_CHARS || new.name.contains(char::is_control) {
        let message = format!("a name has at most {MAX_NAME_CHARS} characters on one line");
        return Err(Error::Invalid(message));
    }
    if new.expires_in_s.is_some_and(|seconds| seconds == 0 || seconds > MAX_SECONDS) {
        return Err(Error::Invalid("a token ends within ten years, or not by itself".into()));
    }
    if records.content().await?.tokens.len() >= MAX_TOKENS {
        return Err(Error::Invalid(format!("there are {MAX_TOKENS} tokens already")));
    }
    let secret = NewSecret::random();
    let record = TokenRecord {
        id: secret.id,
        name: new.name,
        digest: secret.digest,
        scopes: new.scopes,
        audience: new.audience,
        created_at_ms: now_ms,
        expires_at_ms: new.expires_in_s.map(|seconds| in_seconds(now_ms, seconds)),
        revoked_at_ms: None,
        used_at_ms: None,
    };
    put(records, &record).await?;
    Ok((secret.text, record))
}

/// Returns the time `seconds` after `now_ms`, Unix milliseconds.
pub fn in_seconds(now_ms: i64, seconds: u64) -> i64 {
    now_ms.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}

/// Keeps a token until some time after its end.
pub(crate) async fn put(records: &Records, token: &TokenRecord) -> Result<(), Error> {
    let ends = [token.expires_at_ms, token.revoked_at_ms];
    let until_ms = ends.into_iter().flatten().min().map(|end| end.saturating_add(KEPT_MS));
    records.put(Kind::Token, &token.id, token, until_ms).await
}

impl Records {
    /// Returns the token of that id.
    ///
    /// # Errors
    /// [`Error::Missing`], or a failure of the records.
    pub async fn token(&self, id: &str) -> Result<TokenRecord, Error> {
        let tokens = self.content().await?.tokens;
        let found = tokens.into_iter().find(|token| token.id == id);
        found.ok_or_else(|| Error::Missing("such token".into()))
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// [`Error::Missing`], or a failure of the records.
    pub async fn revoke(&self, id: &str, now_ms: i64) -> Result<(), Error> {
        let token = self.token(id).await?;
        let revoked_at_ms = token.revoked_at_ms.or(Some(now_ms));
        put(self, &TokenRecord { revoked_at_ms, ..token }).await
    }

    /// Makes a token in place of another, which still counts for `keep_s` seconds.
    ///
    /// # Errors
    /// [`Error::Missing`] or [`Error::Invalid`], or a failure of the records.
    pub async fn rotate(
        &self,
        id: &str,
        keep_s: u64,
        now_ms: i64,
    ) -> Result<(String, TokenRecord), Error> {
        let old = self.token(id).await?;
        let has_ended = old.expires_at_ms.is_some_and(|end| end <= now_ms);
        if has_ended || old.revoked_at_ms.is_some() {
            return Err(Error::Invalid("the token has ended; make another".into()));
        }
        let left_ms = old.expires_at_ms.map(|end| (end - now_ms).max(1000).unsigned_abs());
        let new = NewToken {
            name: old.name.clone(),
            scopes: old.scopes,
            expires_in_s: left_ms.map(|left| left.div_ceil(1000)),
            audience: old.audience.clone(),
        };
        let made = new_token(self, new, now_ms).await?;
        let end = in_seconds(now_ms, keep_s.min(604_800));
        let expires_at_ms = Some(old.expires_at_ms.map_or(end, |before| before.min(end)));
        put(self, &TokenRecord { expires_at_ms, ..old }).await?;
        Ok(made)
    }
}

impl Credentials {
    /// Writes down when tokens were used, to the minute.
    pub(crate) async fn record_uses(&self) -> Result<(), Error> {
        let uses = self.keyring().take_uses();
        if uses.is_empty() {
            return Ok(());
        }
        for token in self.records().content().await?.tokens {
            let Some(used) = uses.get(&token.id) else { continue };
            let minute = used - used.rem_euclid(60_000);
            if token.used_at_ms < Some(minute) {
                put(self.records(), &TokenRecord { used_at_ms: Some(minute), ..token }).await?;
            }
        }
        Ok(())
    }
}
