//! Articles over HTTP as lines of JSON (NDJSON), answered by a line for each decision.

use axum::body::{Body, Bytes};
use courant_api::submissions::{Receipt, Submission};
use courant_api::{Problem, from_json};
use courant_article::Entry;
use courant_service::{BodyLines, LineFault};
use futures::stream::{StreamExt, unfold};
use serde::Serialize;

use super::call::{Call, Told};
use crate::api::Api;
use crate::api::submit::receipt_of;
use crate::error::ApiError;

/// The longest line, and the largest message over gRPC.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;
/// Decisions that are ready are written together, this many at most.
const MAX_TOGETHER: usize = 256;

/// One line of the answer.
#[derive(Serialize)]
#[serde(untagged)]
enum AnswerLine {
    Decided {
        /// The line of the request, from 1.
        line: u64,
        #[serde(flatten)]
        receipt: Box<Receipt>,
    },
    Fault {
        line: u64,
        problem: Box<Problem>,
    },
    /// The end before the last decision.
    Ended {
        problem: Box<Problem>,
    },
}

/// Returns the decisions on the articles in `body`, as they fall. A line that is no article is
/// answered by its fault, and the next ones are read.
///
/// # Errors
/// If nothing can be accepted now.
pub(crate) async fn decisions_on_lines(api: &Api, body: Body) -> Result<Body, ApiError> {
    api.check_room()?;
    let lines = BodyLines::new(body, MAX_LINE_BYTES);
    let reading = api.clone();
    let entries = unfold(lines, async |mut lines| Some((lines.next().await?, lines)));
    let entries = entries.then(move |line| entry(reading.clone(), line));
    let call = Call::new(api, entries.boxed()).await?;
    let answers = unfold(Some(call), async |call| {
        let mut call = call?;
        match call.next().await {
            Ok(Some(told)) => Some((answer(told), Some(call))),
            Ok(None) => None,
            Err(error) => Some((AnswerLine::Ended { problem: Box::new(problem(&error)) }, None)),
        }
    });
    Ok(Body::from_stream(answers.ready_chunks(MAX_TOGETHER).map(|lines| {
        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line)?;
            bytes.push(b'\n');
        }
        Ok::<_, serde_json::Error>(Bytes::from(bytes))
    })))
}

async fn entry(api: Api, line: Result<(u64, Bytes), LineFault>) -> Result<(u64, Entry), LineFault> {
    let (line, bytes) = line?;
    let fault = |problem| LineFault { line, problem: Box::new(problem) };
    let submission = from_json::<Submission>(&bytes);
    let submission = submission.map_err(|error| fault(Problem::of_body(&error)))?;
    let entry = api.reader.whole_entry(submission).await.map_err(ApiError::from);
    let (_, entry) = entry.map_err(|error| fault(problem(&error)))?;
    Ok((line, entry))
}

fn answer(told: Told<LineFault>) -> AnswerLine {
    match told {
        Told::Decided(line, decided) => {
            AnswerLine::Decided { line, receipt: Box::new(receipt_of(decided)) }
        }
        Told::Fault(LineFault { line, problem }) => AnswerLine::Fault { line, problem },
    }
}

fn problem(error: &ApiError) -> Problem {
    Problem::new(error.code(), error.to_string())
}
