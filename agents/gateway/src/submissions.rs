//! A stream of articles, answered by the stream of their decisions: over gRPC here, as lines of JSON
//! over HTTP in `lines`.

mod call;
mod lines;

use courant_article::Entry;
use courant_proto::v1;
use courant_proto::v1::submissions_server::{Submissions, SubmissionsServer};
use futures::stream::{BoxStream, StreamExt, try_unfold};
use tonic::{Request, Response, Status, Streaming};

use crate::api::Api;
use crate::error::ApiError;
use call::{Call, Told};
use lines::MAX_LINE_BYTES;
pub(crate) use lines::decisions_on_lines;

/// The service `courant.v1.Submissions`.
pub(crate) fn service(api: Api) -> SubmissionsServer<Service> {
    SubmissionsServer::new(Service(api)).max_decoding_message_size(MAX_LINE_BYTES)
}

pub(crate) struct Service(Api);

#[tonic::async_trait]
impl Submissions for Service {
    type SubmitStream = BoxStream<'static, Result<v1::EntryDecided, Status>>;

    async fn submit(
        &self,
        request: Request<Streaming<v1::Entry>>,
    ) -> Result<Response<Self::SubmitStream>, Status> {
        let numbered = request.into_inner().enumerate();
        let entries = numbered.map(|(number, entry)| Ok((number as u64, read(entry?)?)));
        let call = Call::new(&self.0, entries.boxed()).await?;
        let decided = try_unfold(call, async |mut call| match call.next().await? {
            Some(Told::Decided(_, decided)) => Ok(Some((decided, call))),
            Some(Told::Fault(status)) => Err(status),
            None => Ok(None),
        });
        Ok(Response::new(decided.boxed()))
    }
}

fn read(message: v1::Entry) -> Result<Entry, ApiError> {
    let name = message.submission_id.clone();
    Entry::try_from(message)
        .map_err(|error| ApiError::Invalid(format!("submission {name:?}: {error}")))
}
