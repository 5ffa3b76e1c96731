//! Submissions that a client may send again without knowing if the first arrived.

use std::time::Duration;

use courant_api::submissions::Submission;
use courant_article::ContentHash;

use super::Api;
use crate::error::ApiError;

/// The time for which a key is remembered in Redis. Memory keeps it for `cache.ttl_s` alone.
const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// A longer key is a mistake.
const MAX_KEY_BYTES: usize = 255;

impl Api {
    /// Gives a submission the identity that it had when it came first with this key, so that it is
    /// the same submission again.
    ///
    /// # Errors
    /// If the key is not valid, or came with another submission.
    pub(crate) async fn same_as_before(
        &self,
        key: &str,
        submission: Submission,
    ) -> Result<Submission, ApiError> {
        if !(1..=MAX_KEY_BYTES).contains(&key.len()) {
            let message = format!("Idempotency-Key takes 1 to {MAX_KEY_BYTES} characters");
            return Err(ApiError::Invalid(message));
        }
        let name = ContentHash::of_normalized(key);
        let place = format!("idempotency:{name}");
        let content = ContentHash::of_normalized(&format!("{submission:?}")).to_string();
        let known = self.cache.get(&place).await;
        let known = known.and_then(|bytes| String::from_utf8(bytes.into()).ok());
        let observed_at = match known.as_deref().and_then(|known| known.split_once(' ')) {
            Some((before, _)) if before != content => return Err(ApiError::OtherSubmission),
            Some((_, observed_at)) => observed_at.to_owned(),
            None => {
                let observed_at = self.clock.now().to_string();
                let remembered = format!("{content} {observed_at}");
                self.cache.put(&place, remembered.into(), REMEMBERED).await;
                observed_at
            }
        };
        Ok(Submission {
            submission_id: submission.submission_id.or(Some(format!("key-{name}"))),
            observed_at: submission.observed_at.or(Some(observed_at)),
            ..submission
        })
    }
}
