//! Vectors over gRPC.

use courant_inference::Error;
use courant_proto::v1;
use courant_proto::v1::encoder_server::{Encoder, EncoderServer};
use tonic::{Request, Response, Status};

use crate::vectors::{Refusal, Vectors};

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
        let vectors = self.0.of(request.into_inner().texts).await?;
        let values =
            |vector: &courant_article::Embedding| v1::Vector { values: vector.as_slice().to_vec() };
        Ok(Response::new(v1::EmbedReply {
            model: Some(self.0.model().clone().into()),
            vectors: vectors.iter().map(values).collect(),
            error: String::new(),
        }))
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        match refusal {
            Refusal::Count(_) | Refusal::Encoder(Error::EmptyText { .. }) => {
                Self::invalid_argument(message)
            }
            Refusal::Model { .. } => Self::not_found(message),
            Refusal::Overloaded(_) | Refusal::Encoder(Error::Overloaded { .. }) => {
                Self::resource_exhausted(message)
            }
            Refusal::Encoder(Error::Late) => Self::deadline_exceeded(message),
            Refusal::Encoder(Error::Stopped) => Self::unavailable(message),
            Refusal::Encoder(_) => Self::internal(message),
        }
    }
}
