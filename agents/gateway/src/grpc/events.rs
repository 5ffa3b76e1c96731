//! Events over gRPC.

use courant_proto::v1;
use courant_proto::v1::events_server::{Events, EventsServer};
use futures::stream::{BoxStream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::api::Api;
use crate::api::events::{EventRequest, Told};
use crate::http::MAX_BODY_BYTES;

/// The service `courant.v1.Events`; `closing` ends its streams.
pub(crate) fn service(api: Api, closing: CancellationToken) -> EventsServer<EventService> {
    EventsServer::new(EventService { api, closing }).max_decoding_message_size(MAX_BODY_BYTES)
}

pub(crate) struct EventService {
    api: Api,
    closing: CancellationToken,
}

#[tonic::async_trait]
impl Events for EventService {
    type ListenStream = BoxStream<'static, Result<v1::Event, Status>>;

    async fn listen(
        &self,
        request: Request<v1::ListenRequest>,
    ) -> Result<Response<Self::ListenStream>, Status> {
        let v1::ListenRequest { types, query, after } = request.into_inner();
        let types = (!types.is_empty()).then(|| types.join(","));
        let request = EventRequest { types, query: Some(query), after };
        let told = Box::pin(self.api.events(request, self.closing.clone())).await?;
        Ok(Response::new(told.map(event).boxed()))
    }
}

fn event(told: Told) -> Result<v1::Event, Status> {
    use v1::event::Event;
    let (position, event) = match told {
        Told::Stored(position, stored) => (position, Event::Stored(stored)),
        Told::Deleted(position, deleted) => (position, Event::Deleted(deleted)),
        Told::Decided(position, decided) => (position, Event::Decided(decided)),
        Told::Gap(gap) => {
            let (first_missing, last_missing) = (gap.first_missing, gap.last_missing);
            (last_missing, Event::Gap(v1::Gap { first_missing, last_missing }))
        }
        Told::Cut(reason) => return Err(reason.into()),
    };
    Ok(v1::Event { position, event: Some(event) })
}
