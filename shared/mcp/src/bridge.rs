//! Carries messages between a client on standard input and output and an MCP endpoint over HTTP.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use axum::body::Bytes;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc::{self, Sender};
use tokio::task::{AbortHandle, JoinSet};

use crate::message::{self, Message};
use crate::upstream::Upstream;

/// The longest message of a client, as over HTTP.
const MAX_LINE_BYTES: usize = 1 << 20;
/// Requests in flight. The next line is read when one of them ends.
const AT_ONCE: usize = 16;

/// Answers each line of `input` with a line on `output` until `input` ends, and all that was
/// asked before is answered.
///
/// # Errors
/// If `input` cannot be read, or `output` not be written to.
pub async fn bridge(
    upstream: Upstream,
    input: impl AsyncBufRead + Unpin,
    output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    let (answers, mut written) = mpsc::channel::<Vec<u8>>(AT_ONCE);
    let reading = read(upstream, input, answers);
    let mut output = output;
    let writing = async {
        while let Some(mut line) = written.recv().await {
            line.push(b'\n');
            output.write_all(&line).await.context("the client does not read")?;
            output.flush().await.context("the client does not read")?;
        }
        Ok(())
    };
    tokio::try_join!(reading, writing).map(|_| ())
}

/// The requests in flight.
struct Requests {
    upstream: Upstream,
    answers: Sender<Vec<u8>>,
    /// The version of a client that began with `initialize`.
    negotiated: Arc<OnceLock<String>>,
    running: JoinSet<()>,
    handles: HashMap<String, AbortHandle>,
}

async fn read(
    upstream: Upstream,
    mut input: impl AsyncBufRead + Unpin,
    answers: Sender<Vec<u8>>,
) -> anyhow::Result<()> {
    let mut requests = Requests {
        upstream,
        answers,
        negotiated: Arc::default(),
        running: JoinSet::new(),
        handles: HashMap::new(),
    };
    while let Some(line) = next_line(&mut input).await.context("cannot read standard input")? {
        match line {
            Line::Whole(line) => requests.take(line).await,
            Line::TooLong => {
                let message = format!("a message has more than {MAX_LINE_BYTES} bytes");
                let error = message::error(message::INVALID_REQUEST, &Value::Null, &message);
                // Fails if the client is gone; then the next line is the end.
                drop(requests.answers.send(error).await);
            }
        }
    }
    while requests.running.join_next().await.is_some() {}
    Ok(())
}

impl Requests {
    /// Starts to answer a line. Waits while too many are in flight.
    async fn take(&mut self, line: Vec<u8>) {
        let message = Message::read(&line);
        if let Some(id) = message.cancels() {
            if let Some(request) = self.handles.remove(&id.to_string()) {
                request.abort();
            }
            return;
        }
        while self.running.len() >= AT_ONCE {
            self.running.join_next().await;
        }
        self.handles.retain(|_, handle| !handle.is_finished());
        let id = message.request_id().cloned();
        let is_initialize = message.is_initialize();
        let answering = answer(
            self.upstream.clone(),
            message,
            line.into(),
            Arc::clone(&self.negotiated),
            self.answers.clone(),
        );
        if is_initialize {
            // The next message needs the version that this one settles.
            answering.await;
            return;
        }
        let handle = self.running.spawn(answering);
        if let Some(id) = id {
            self.handles.insert(id.to_string(), handle);
        }
    }
}

async fn answer(
    upstream: Upstream,
    message: Message,
    line: Bytes,
    negotiated: Arc<OnceLock<String>>,
    answers: Sender<Vec<u8>>,
) {
    let version = negotiated.get().filter(|_| !message.is_initialize());
    let headers = message.headers(version.map(String::as_str));
    let answered = match upstream.post(headers, line).await {
        Ok((_, body)) if is_message(&body) => Some(body.to_vec()),
        Ok((status, _)) if status.is_success() => None,
        Ok((status, body)) => {
            let reason: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            refused(&message, &format!("the service answers {status}: {reason}"))
        }
        Err(error) => refused(&message, &format!("{error:#}")),
    };
    let Some(mut answer) = answered else { return };
    if message.is_initialize()
        && let Some(version) = message::settled_version(&answer)
    {
        negotiated.get_or_init(|| version);
    }
    // A message is one line: inside texts, a line break is escaped.
    answer.retain(|byte| *byte != b'\n' && *byte != b'\r');
    // Fails only if the client is gone.
    drop(answers.send(answer).await);
}

fn is_message(body: &[u8]) -> bool {
    let message: Option<Value> = serde_json::from_slice(body).ok();
    message.is_some_and(|message| message["jsonrpc"] == "2.0")
}

/// The error for a request; nothing waits for the answer to a notification.
fn refused(message: &Message, reason: &str) -> Option<Vec<u8>> {
    match message.request_id() {
        Some(id) => Some(message::failure(id, reason)),
        None => {
            // Standard output has messages alone, and whoever reads the errors may be gone.
            drop(writeln!(io::stderr(), "courant: a message was not delivered: {reason}"));
            None
        }
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
}

/// Reads a line that is not empty. `None` at the end of the input.
async fn next_line(input: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<Line>> {
    loop {
        let mut line = Vec::new();
        let most = MAX_LINE_BYTES as u64 + 1;
        if (&mut *input).take(most).read_until(b'\n', &mut line).await? == 0 {
            return Ok(None);
        }
        if line.len() > MAX_LINE_BYTES && !line.ends_with(b"\n") {
            skip_line(input).await?;
            return Ok(Some(Line::TooLong));
        }
        if !line.trim_ascii().is_empty() {
            return Ok(Some(Line::Whole(line)));
        }
    }
}

/// Reads to the end of a line, and keeps nothing of it.
async fn skip_line(input: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<()> {
    loop {
        let read = input.fill_buf().await?;
        let end = read.iter().position(|byte| *byte == b'\n');
        let (length, is_end) = (end.map_or(read.len(), |end| end + 1), end.is_some());
        input.consume(length);
        if is_end || length == 0 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests;
