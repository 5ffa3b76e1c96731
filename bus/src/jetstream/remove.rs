//! Removing messages wherever they are. The server overwrites the messages that it deletes.

use std::sync::Arc;

use super::handle::{JetStream, failed};
use super::letters::{delete, first_from};
use crate::error::Error;
use crate::message::Envelope;
use crate::stored::{StoredMessage, Wanted};
use crate::wire;

impl JetStream {
    /// Removes the wanted messages of all streams, and returns their number. Messages that come
    /// meanwhile are passed over.
    pub(crate) async fn remove(self: &Arc<Self>, wanted: &Wanted<'_>) -> Result<u64, Error> {
        let mut removed = 0;
        for stream in self.shared.table.streams() {
            let name = self.shared.names.stream(*stream);
            let handle = self.context.get_stream(&name).await;
            let handle = handle.map_err(|e| failed(format!("look at stream {name}"), e))?;
            let last = handle.cached_info().state.last_sequence;
            let mut next = handle.cached_info().state.first_sequence;
            while next <= last {
                let Some(message) = first_from(&handle, next).await? else { break };
                next = message.sequence + 1;
                let envelope = Envelope {
                    headers: wire::headers(Some(&message.headers)),
                    payload: message.payload,
                };
                let subject = self.shared.names.strip(&message.subject).unwrap_or_default();
                if wanted(&StoredMessage::of(&self.shared.names, subject, &envelope)) {
                    removed += u64::from(delete(&handle, message.sequence).await?);
                }
            }
        }
        Ok(removed)
    }
}
