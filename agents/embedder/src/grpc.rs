//! Vectors over gRPC.

use courant_proto::v1;
use courant_proto::v1::encoder_server::{Encoder, EncoderServer};
use courant_service::Refusal;
use tonic::{Request, Response, Status};

use crate::vectors::Vectors;

/// The service `courant.v1.Encoder`.
pub(crate) fn service(vectors: Vectors) -> EncoderServer<Service> {
    EncoderServer::new(Service(vectors))
}

pub(crate) struct Service(Vectors);

#[tonic::async_trait]
impl Encoder for Service {
    async fn embed(
        &self,
        request: Request<v1::EmbedRequest>,
    ) -> Result<Response<v1::EmbedReply>, Status> {
        let vectors = self.0.of(request.into_inner().texts).await.map_err(Refusal::from)?;
        let values =
            |vector: &courant_article::Embedding| v1::Vector { values: vector.as_slice().to_vec() };
        Ok(Response::new(v1::EmbedReply {
            model: Some(self.0.model().clone().into()),
            vectors: vectors.iter().map(values).collect(),
            error: String::new(),
        }))
    }
}
