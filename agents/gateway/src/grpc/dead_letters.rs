//! The gRPC service of dead letters, while the pipeline runs.

use courant_proto::v1;
use courant_proto::v1::dead_letters_server::{DeadLetters, DeadLettersServer};
use tonic::{Request, Response, Status};

use super::answered::answered;
use crate::api::Api;

/// The service `courant.v1.DeadLetters`.
pub(crate) fn service(api: Api) -> DeadLettersServer<DeadLetterService> {
    DeadLettersServer::new(DeadLetterService(api))
}

pub(crate) struct DeadLetterService(Api);

#[tonic::async_trait]
impl DeadLetters for DeadLetterService {
    async fn list(
        &self,
        request: Request<v1::ListDeadLettersRequest>,
    ) -> Result<Response<v1::ListDeadLettersResponse>, Status> {
        let limit = Some(request.into_inner().limit as usize).filter(|limit| *limit > 0);
        answered(&self.0, async {
            let letters = self.0.dead_letters(limit).await?;
            let letters = letters.iter().map(v1::DeadLetter::from).collect();
            Ok(v1::ListDeadLettersResponse { letters })
        })
        .await
    }

    async fn show(
        &self,
        request: Request<v1::ShowDeadLetterRequest>,
    ) -> Result<Response<v1::ShowDeadLetterResponse>, Status> {
        answered(&self.0, async {
            let letter = self.0.dead_letter(request.into_inner().number).await?;
            let (payload, letter) = (letter.payload.to_vec(), Some((&letter).into()));
            Ok(v1::ShowDeadLetterResponse { letter, payload })
        })
        .await
    }

    async fn replay(
        &self,
        request: Request<v1::ReplayDeadLetterRequest>,
    ) -> Result<Response<v1::ReplayDeadLetterResponse>, Status> {
        answered(&self.0, async {
            self.0.replay(request.into_inner().number).await?;
            Ok(v1::ReplayDeadLetterResponse {})
        })
        .await
    }

    async fn drop(
        &self,
        request: Request<v1::DropDeadLetterRequest>,
    ) -> Result<Response<v1::DropDeadLetterResponse>, Status> {
        answered(&self.0, async {
            self.0.drop_dead_letter(request.into_inner().number).await?;
            Ok(v1::DropDeadLetterResponse {})
        })
        .await
    }
}
