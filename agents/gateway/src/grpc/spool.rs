//! The gRPC service of the message spool, while the pipeline runs.

use courant_bus::{Bus, SpoolCheck};
use courant_proto::v1;
use courant_proto::v1::spool_server::{Spool, SpoolServer};
use tonic::{Request, Response, Status};

/// The service `courant.v1.Spool`.
pub(crate) fn service(bus: Bus) -> SpoolServer<SpoolService> {
    SpoolServer::new(SpoolService(bus))
}

pub(crate) struct SpoolService(Bus);

#[tonic::async_trait]
impl Spool for SpoolService {
    async fn check(
        &self,
        _: Request<v1::CheckSpoolRequest>,
    ) -> Result<Response<v1::CheckSpoolResponse>, Status> {
        let checked = self.0.check_spool().await;
        let checked = checked.map_err(|error| Status::unavailable(error.to_string()))?;
        let on_a_server = || Status::failed_precondition("the bus is a server, and has no spool");
        let SpoolCheck { waiting, kept, problems } = checked.ok_or_else(on_a_server)?;
        Ok(Response::new(v1::CheckSpoolResponse { waiting, kept, problems }))
    }
}
