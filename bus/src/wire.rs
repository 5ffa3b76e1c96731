//! Messages of a NATS connection, to envelopes and back.

use async_nats::{Client, HeaderMap};

use crate::error::PublishError;
use crate::message::{Envelope, Headers};

/// Sends without waiting for anyone to have it.
pub(crate) async fn send(
    client: &Client,
    subject: async_nats::Subject,
    envelope: Envelope,
) -> Result<(), PublishError> {
    let headers = header_map(&envelope.headers);
    let sent = client.publish_with_headers(subject, headers, envelope.payload).await;
    sent.map_err(|error| PublishError::Unavailable(error.into()))
}

/// A message as it came over the connection.
pub(crate) fn envelope(message: async_nats::Message) -> Envelope {
    Envelope { headers: headers(message.headers.as_ref()), payload: message.payload }
}

pub(crate) fn headers(map: Option<&HeaderMap>) -> Headers {
    let mut headers = Headers::default();
    for (name, values) in map.into_iter().flat_map(HeaderMap::iter) {
        if let Some(value) = values.last() {
            headers.insert(name.as_ref(), value.as_str());
        }
    }
    headers
}

pub(crate) fn header_map(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter() {
        map.insert(name, value);
    }
    map
}
