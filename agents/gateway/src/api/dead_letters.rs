//! Dead letters: the operations that gRPC has, for the other faces.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use courant_api::dead_letters::{DeadLetterView, DeadLettersAnswer};
use courant_bus::{DeadLetter, Error};

use super::Api;
use super::feeds::rfc_3339;
use crate::error::ApiError;

/// Letters in one answer, if the request names no number, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

impl Api {
    pub(crate) async fn dead_letters(
        &self,
        limit: Option<usize>,
    ) -> Result<DeadLettersAnswer, ApiError> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MOST}")));
        }
        let letters = self.bus.dead_letters(limit).await?;
        Ok(DeadLettersAnswer { letters: letters.iter().map(view).collect() })
    }

    /// Shows a letter with its message.
    pub(crate) async fn dead_letter(&self, number: u64) -> Result<DeadLetterView, ApiError> {
        let letter = self.bus.dead_letter(number).await?;
        let letter = letter.ok_or(ApiError::NoDeadLetter(number))?;
        let payload = Some(STANDARD.encode(&letter.payload));
        Ok(DeadLetterView { payload, ..view(&letter) })
    }

    /// Publishes the message again where it failed, and removes the letter.
    pub(crate) async fn replay(&self, number: u64) -> Result<(), ApiError> {
        let replayed = match Box::pin(self.bus.replay(number)).await {
            Err(Error::Replay(error)) => return Err(error.into()),
            Err(error @ Error::NotReplayable(_)) => {
                return Err(ApiError::Conflict(error.to_string()));
            }
            replayed => replayed?,
        };
        replayed.map(|_| ()).ok_or(ApiError::NoDeadLetter(number))
    }

    /// Removes a letter for good.
    pub(crate) async fn drop_dead_letter(&self, number: u64) -> Result<(), ApiError> {
        match self.bus.drop_dead_letter(number).await? {
            true => Ok(()),
            false => Err(ApiError::NoDeadLetter(number)),
        }
    }
}

fn view(letter: &DeadLetter) -> DeadLetterView {
    DeadLetterView {
        number: letter.sequence,
        subject: letter.subject.map_or_else(String::new, |of| of.as_str().to_owned()),
        deliveries: letter.deliveries,
        error: letter.error.clone(),
        died_at: rfc_3339(letter.died_at_ms).unwrap_or_default(),
        size_bytes: letter.payload.len() as u64,
        schema: letter.schema.clone(),
        payload: None,
    }
}
