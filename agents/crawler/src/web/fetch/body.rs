//! Reads and unpacks the body of an answer, within limits. The packing is found from the bytes,
//! not only from the headers.

use bytes::{Bytes, BytesMut};
use courant_extract::{End, is_complete, is_packed, unpacked};
use futures::StreamExt;
use reqwest::Response;
use tokio::time::Instant;

use crate::outcome::{Ended, Failure, Refusal};

/// Reads and unpacks a body of at most `limit` bytes, until `deadline`. A longer body is cut at
/// the limit if `may_cut`, and refused otherwise.
///
/// Servers often state a wrong length or packing. A body that breaks off is accepted if it ends
/// as a complete document does.
pub(super) async fn body(
    response: Response,
    limit: usize,
    may_cut: bool,
    coding: Option<String>,
    deadline: Instant,
) -> Result<Bytes, Ended> {
    let Received { bytes, end, failure } = receive(response, limit, deadline).await;
    let (bytes, end) = if is_packed(&bytes, coding.as_deref()) {
        let unpack = move || unpack(&bytes, coding.as_deref(), limit, end);
        tokio::task::spawn_blocking(unpack).await.map_err(|_| Failure::BrokenBody)?
    } else {
        (bytes, end)
    };
    match end {
        End::Whole => Ok(bytes),
        End::Limit if may_cut => Ok(bytes),
        End::Limit => Err(Refusal::TooLarge.into()),
        End::Broken if is_complete(&bytes) => Ok(bytes),
        End::Broken => Err(failure.into()),
    }
}

/// The bytes that were received.
struct Received {
    bytes: Bytes,
    end: End,
    /// The failure that applies if the bytes break off.
    failure: Failure,
}

async fn receive(response: Response, limit: usize, deadline: Instant) -> Received {
    let mut body = BytesMut::new();
    let mut chunks = response.bytes_stream();
    let (mut end, mut failure) = (End::Whole, Failure::BrokenBody);
    while end == End::Whole {
        match tokio::time::timeout_at(deadline, chunks.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(chunk))) => {
                let room = limit - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    end = End::Limit;
                }
            }
            Ok(Some(Err(_))) => end = End::Broken,
            Err(_) => (end, failure) = (End::Broken, Failure::Timeout),
        }
    }
    Received { bytes: body.freeze(), end, failure }
}

/// Unpacks a body. A body that breaks off may still unpack completely, because the server stated
/// a wrong length.
fn unpack(packed: &[u8], coding: Option<&str>, limit: usize, received: End) -> (Bytes, End) {
    let content = unpacked(packed, coding, limit);
    let bytes = Bytes::copy_from_slice(&content.bytes);
    let is_as_sent = matches!(content.bytes, std::borrow::Cow::Borrowed(_));
    let end = match (content.end, received) {
        // The packed stream has its own end mark, which was reached.
        (End::Whole, _) if !is_as_sent => End::Whole,
        (End::Whole, received) => received,
        // A packed body beyond the limit is even longer when it is unpacked.
        (End::Broken, End::Limit) => End::Limit,
        (end, _) => end,
    };
    (bytes, end)
}
