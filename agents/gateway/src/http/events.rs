//! Events over HTTP, as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use courant_api::Problem;
use courant_api::events::{DeletedEvent, EventView, EventsParams, GapEvent, StoredEvent};
use courant_api::openapi::{Media, Operation};
use courant_proto::v1;
use courant_service::{Parameters, Refusal, Routes};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::api::Api;
use crate::api::decisions::decision_view;
use crate::api::events::{EventRequest, Told};
use crate::decisions::decision;
use crate::error::ApiError;

/// The header by which a client goes on behind the last event that it has.
const LAST_EVENT_ID: &str = "last-event-id";
/// The longest silence on the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The route of events; `closing` ends the streams.
pub(super) fn routes(closing: CancellationToken) -> Routes<Api> {
    let events = Operation::get("/v1/events", "events", "Tells events as they happen")
        .parameters::<EventsParams>()
        .answer(200, Media::Text("text/event-stream"));
    Routes::new()
        .route(events, move |api, headers, params| events_of(api, headers, params, closing))
}

async fn events_of(
    State(api): State<Api>,
    headers: HeaderMap,
    Parameters(params): Parameters<EventsParams>,
    closing: CancellationToken,
) -> Result<Response, Refusal> {
    let EventsParams { types, q: query, after } = params;
    let last = headers.get(LAST_EVENT_ID).filter(|value| !value.is_empty());
    let last =
        last.map(|value| position(&String::from_utf8_lossy(value.as_bytes()))).transpose()?;
    let request = EventRequest { types, query, after: last.or(after) };
    let told = Box::pin(api.events(request, closing)).await?;
    let events = told.map(|told| Ok::<_, Infallible>(event(told)));
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

fn position(text: &str) -> Result<u64, ApiError> {
    text.trim().parse().map_err(|_| {
        let shown: String = text.chars().take(40).collect();
        ApiError::Invalid(format!("Last-Event-ID is {shown:?}; give the id of an event"))
    })
}

fn event(told: Told) -> Event {
    let (position, view) = view(told);
    // Texts and numbers can always be written as JSON, and JSON has no line ends of its own.
    let data = serde_json::to_string(&view).unwrap_or_default();
    let event = Event::default().event(view.kind()).data(data);
    match position {
        Some(position) => event.id(position.to_string()),
        None => event,
    }
}

fn view(told: Told) -> (Option<u64>, EventView) {
    match told {
        Told::Stored(position, stored) => (Some(position), EventView::Stored(stored_event(stored))),
        Told::Deleted(position, deleted) => {
            let v1::ArticleDeleted { id, content_hash, reason, deleted_at_ms } = deleted;
            let deleted = DeletedEvent { id, content_hash, reason, deleted_at_ms };
            (Some(position), EventView::Deleted(deleted))
        }
        Told::Decided(position, decided) => {
            let view = decision_view(decision(decided), None);
            (Some(position), EventView::Decided(Box::new(view)))
        }
        Told::Gap(gap) => {
            let (first_missing, last_missing) = (gap.first_missing, gap.last_missing);
            (Some(last_missing), EventView::Gap(GapEvent { first_missing, last_missing }))
        }
        Told::Cut(reason) => {
            (None, EventView::Cut(Box::new(Problem::new(reason.code(), reason.to_string()))))
        }
    }
}

fn stored_event(stored: v1::ArticleStored) -> StoredEvent {
    let some_text = |text: String| (!text.is_empty()).then_some(text);
    StoredEvent {
        id: stored.id,
        revision: stored.revision,
        url: stored.url,
        title: stored.title,
        published_at: some_text(stored.published_at),
        language: some_text(stored.language),
        submission_id: stored.submission_id,
        changed: stored.changed,
    }
}
