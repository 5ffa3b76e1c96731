//! The first start: a link with which the first admin makes an account.

use courant_access::{NewSecret, Role, TokenText};
use serde::{Deserialize, Serialize};

use crate::credentials::Credentials;
use crate::error::Error;
use crate::records::Kind;

/// The time for which the link counts.
const LINK_S: u64 = 24 * 3600;

/// The right to make the first admin.
#[derive(Serialize, Deserialize)]
struct SetupRecord {
    digest: String,
}

impl Credentials {
    /// Returns the path and query of the page on which the first admin makes an account, with a new
    /// secret; `None` if there are people already.
    ///
    /// # Errors
    /// A failure of the records.
    pub async fn first_link(&self) -> Result<Option<String>, Error> {
        if !self.records().content().await?.people.is_empty() {
            return Ok(None);
        }
        let secret = NewSecret::random();
        let until_ms = crate::tokens::in_seconds(self.now_ms(), LINK_S);
        let record = SetupRecord { digest: secret.digest.clone() };
        self.records().put(Kind::Setup, &secret.digest, &record, Some(until_ms)).await?;
        Ok(Some(format!("/setup?token={}", secret.text)))
    }

    /// Makes the first admin. The link counts once.
    pub(crate) async fn set_up(
        &self,
        token: &str,
        name: &str,
        password: &str,
    ) -> Result<(), Error> {
        let gone = || Error::Invalid("the link was used, or is older than a day".into());
        let digest = TokenText::parse(token).ok_or_else(gone)?.digest();
        if !self.records().content().await?.people.is_empty() {
            return Err(Error::Invalid("there is an account already; sign in".into()));
        }
        let person = self.new_person(name, password, Role::Admin).await?;
        // One of two who come at the same time takes the right.
        if !self.records().remove(Kind::Setup, &digest).await? {
            return Err(gone());
        }
        self.keep_person(&person).await
    }
}
