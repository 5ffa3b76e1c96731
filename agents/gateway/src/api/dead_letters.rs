//! Dead letters: the messages that could not be handled.

use courant_bus::{DeadLetter, Error};

use super::Api;
use crate::error::ApiError;

/// Letters in one answer, if the request names no number, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;

impl Api {
    pub(crate) async fn dead_letters(
        &self,
        limit: Option<usize>,
    ) -> Result<Vec<DeadLetter>, ApiError> {
        let limit = limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MOST}")));
        }
        Ok(self.bus.dead_letters(limit).await?)
    }

    pub(crate) async fn dead_letter(&self, number: u64) -> Result<DeadLetter, ApiError> {
        let number = possible(number)?;
        self.bus.dead_letter(number).await?.ok_or(ApiError::NoDeadLetter(number))
    }

    /// Publishes the message again where it failed, and removes the letter.
    pub(crate) async fn replay(&self, number: u64) -> Result<(), ApiError> {
        let replayed = match Box::pin(self.bus.replay(possible(number)?)).await {
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
        match self.bus.drop_dead_letter(possible(number)?).await? {
            true => Ok(()),
            false => Err(ApiError::NoDeadLetter(number)),
        }
    }
}

/// The numbers of messages begin with 1, and fit in 63 bits on both back ends. A server calls others
/// a wrong request.
fn possible(number: u64) -> Result<u64, ApiError> {
    match i64::try_from(number) {
        Ok(1..) => Ok(number),
        _ => Err(ApiError::NoDeadLetter(number)),
    }
}
