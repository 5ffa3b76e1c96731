//! The gRPC service of dead letters, while the pipeline runs.

use courant_bus::{Bus, Error};
use courant_proto::v1;
use courant_proto::v1::dead_letters_server::{DeadLetters, DeadLettersServer};
use tonic::{Request, Response, Status};

/// Letters in an answer, where the request names no limit.
const USUAL: u32 = 100;
/// The most letters in an answer.
const MOST: u32 = 1_000;

/// The service `courant.v1.DeadLetters`.
pub(crate) fn service(bus: Bus) -> DeadLettersServer<DeadLetterService> {
    DeadLettersServer::new(DeadLetterService(bus))
}

pub(crate) struct DeadLetterService(Bus);

#[tonic::async_trait]
impl DeadLetters for DeadLetterService {
    async fn list(
        &self,
        request: Request<v1::ListDeadLettersRequest>,
    ) -> Result<Response<v1::ListDeadLettersResponse>, Status> {
        let limit = match request.into_inner().limit {
            0 => USUAL,
            limit if limit <= MOST => limit,
            limit => {
                let message = format!("limit is {limit}, more than {MOST}; ask for fewer");
                return Err(Status::invalid_argument(message));
            }
        };
        let letters = self.0.dead_letters(limit as usize).await.map_err(|error| failed(&error))?;
        let letters = letters.iter().map(v1::DeadLetter::from).collect();
        Ok(Response::new(v1::ListDeadLettersResponse { letters }))
    }

    async fn show(
        &self,
        request: Request<v1::ShowDeadLetterRequest>,
    ) -> Result<Response<v1::ShowDeadLetterResponse>, Status> {
        let number = request.into_inner().number;
        let letter = self.0.dead_letter(number).await.map_err(|error| failed(&error))?;
        let letter = letter.ok_or_else(|| absent(number))?;
        let (payload, letter) = (letter.payload.to_vec(), Some((&letter).into()));
        Ok(Response::new(v1::ShowDeadLetterResponse { letter, payload }))
    }

    async fn replay(
        &self,
        request: Request<v1::ReplayDeadLetterRequest>,
    ) -> Result<Response<v1::ReplayDeadLetterResponse>, Status> {
        let number = request.into_inner().number;
        let replayed = Box::pin(self.0.replay(number)).await.map_err(|error| failed(&error))?;
        replayed.ok_or_else(|| absent(number))?;
        Ok(Response::new(v1::ReplayDeadLetterResponse {}))
    }

    async fn drop(
        &self,
        request: Request<v1::DropDeadLetterRequest>,
    ) -> Result<Response<v1::DropDeadLetterResponse>, Status> {
        let number = request.into_inner().number;
        match self.0.drop_dead_letter(number).await.map_err(|error| failed(&error))? {
            true => Ok(Response::new(v1::DropDeadLetterResponse {})),
            false => Err(absent(number)),
        }
    }
}

fn absent(number: u64) -> Status {
    Status::not_found(format!("there is no dead letter {number}"))
}

/// The causes are in the log.
fn failed(error: &Error) -> Status {
    tracing::warn!(error = error as &dyn std::error::Error, "the dead letters cannot be reached");
    match error {
        Error::NotReplayable(_) | Error::Replay(_) => {
            Status::failed_precondition(error.to_string())
        }
        _ => Status::unavailable(error.to_string()),
    }
}
