//! Vectors over gRPC.

use courant_proto::v1;
use courant_proto::v1::encoder_server::{Encoder, EncoderServer};
use courant_service::Refusal;
use tonic::{Request, Response, Status};

use crate::http::MAX_BODY_BYTES;
use crate::vectors::{BoundedEncoder, kind, reply};

/// The service `courant.v1.Encoder`.
pub(crate) fn service(vectors: BoundedEncoder) -> EncoderServer<EncoderService> {
    EncoderServer::new(EncoderService(vectors)).max_decoding_message_size(MAX_BODY_BYTES)
}

pub(crate) struct EncoderService(BoundedEncoder);

#[tonic::async_trait]
impl Encoder for EncoderService {
    async fn embed(
        &self,
        request: Request<v1::EmbedRequest>,
    ) -> Result<Response<v1::EmbedReply>, Status> {
        let request = request.into_inner();
        let kind = kind(request.kind());
        let embedded = self.0.of(request.texts, kind).await.map_err(Refusal::from)?;
        Ok(Response::new(reply(embedded)))
    }
}
