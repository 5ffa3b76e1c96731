//! Known copies of documents, which make requests conditional.

use std::convert::Infallible;

use url::Url;

use crate::outcome::Ended;
use crate::validators::Validators;

/// Finds the known copy of a document.
pub(crate) trait Copies: Sync {
    /// The copy itself, or a record of it.
    type Copy: Send + Sync;

    /// Returns the last copy that came from `url`.
    fn copy_of(&self, url: &Url) -> impl Future<Output = Result<Option<Self::Copy>, Ended>> + Send;

    /// Returns the validators that the server sent with that copy.
    fn validators(copy: &Self::Copy) -> &Validators;
}

/// Knows no copies: every request is unconditional.
pub(crate) struct NoCopies;

impl Copies for NoCopies {
    type Copy = Infallible;

    async fn copy_of(&self, _: &Url) -> Result<Option<Infallible>, Ended> {
        Ok(None)
    }

    fn validators(copy: &Infallible) -> &Validators {
        match *copy {}
    }
}
