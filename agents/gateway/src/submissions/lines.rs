//! Articles over HTTP as lines of JSON (NDJSON), answered by a line for each decision.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use bytes::BytesMut;
use courant_api::submissions::{Receipt, Submission};
use courant_api::{ErrorCode, Problem, from_json};
use courant_proto::v1;
use futures::stream::{StreamExt, unfold};
use serde::Serialize;
use tonic::{Code, Status};

use super::call::{Call, Told};
use crate::api::Api;
use crate::api::submit::receipt_of;
use crate::error::ApiError;

/// The longest line, and the largest message over gRPC.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;
/// The longest wait for more of the body.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// A line that is no article.
struct Fault {
    line: u64,
    problem: Box<Problem>,
}

/// Returns the decisions on the articles in `body`, as they fall. A line that is no article is
/// answered by its fault, and the next ones are read.
///
/// # Errors
/// If nothing can be accepted now.
pub(crate) async fn decisions_on_lines(api: &Api, body: Body) -> Result<Body, ApiError> {
    api.check_room()?;
    let lines = Lines::new(body.into_data_stream());
    let reading = api.clone();
    let entries = unfold(lines, async |mut lines| Some((lines.next().await?, lines)));
    let entries = entries.then(move |line| entry(reading.clone(), line));
    let call = Call::new(api, entries.boxed()).await?;
    let answers = unfold(Some(call), async |call| {
        let mut call = call?;
        match call.next().await {
            Ok(Some(told)) => Some((answer(told), Some(call))),
            Ok(None) => None,
            Err(status) => Some((AnswerLine::Ended { problem: Box::new(ended(&status)) }, None)),
        }
    });
    Ok(Body::from_stream(answers.map(|line| {
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        Ok::<_, serde_json::Error>(Bytes::from(bytes))
    })))
}

async fn entry(api: Api, line: Result<(u64, Bytes), Fault>) -> Result<(u64, v1::Entry), Fault> {
    let (line, bytes) = line?;
    let fault = |problem| Fault { line, problem: Box::new(problem) };
    let submission = from_json::<Submission>(&bytes);
    let submission = submission.map_err(|error| fault(Problem::of_body(&error)))?;
    let entry = api.whole_entry(submission).await;
    let (_, entry) = entry.map_err(|error| fault(Problem::new(error.code(), error.to_string())))?;
    Ok((line, entry.into()))
}

fn answer(told: Told<Fault>) -> AnswerLine {
    match told {
        Told::Decided(line, decided) => {
            AnswerLine::Decided { line, receipt: Box::new(receipt_of(decided)) }
        }
        Told::Fault(Fault { line, problem }) => AnswerLine::Fault { line, problem },
    }
}

fn ended(status: &Status) -> Problem {
    let code = match status.code() {
        Code::InvalidArgument => ErrorCode::InvalidRequest,
        _ => ErrorCode::Unavailable,
    };
    Problem::new(code, status.message())
}

/// The lines of a body, with their numbers.
struct Lines {
    body: BodyDataStream,
    /// The bytes behind the last line.
    rest: BytesMut,
    /// The part of the rest that is known to hold no end of a line.
    searched: usize,
    line: u64,
    /// True within a line that is too long.
    skips: bool,
    has_ended: bool,
}

impl Lines {
    fn new(body: BodyDataStream) -> Self {
        let rest = BytesMut::new();
        Self { body, rest, searched: 0, line: 0, skips: false, has_ended: false }
    }

    /// Returns the next line that is not blank; `None` behind the last one.
    async fn next(&mut self) -> Option<Result<(u64, Bytes), Fault>> {
        loop {
            if let Some(line) = self.whole_line() {
                if !line.trim_ascii().is_empty() {
                    return Some(Ok((self.line, line)));
                }
                continue;
            }
            if self.has_ended {
                return None;
            }
            if self.rest.len() > MAX_LINE_BYTES && !self.skips {
                self.skips = true;
                let detail = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                return Some(Err(self.fault(ErrorCode::TooLarge, &detail)));
            }
            match tokio::time::timeout(PATIENCE, self.body.next()).await {
                Ok(Some(Ok(bytes))) => self.rest.extend_from_slice(&bytes),
                Ok(None) => {
                    self.has_ended = true;
                    // The last line may lack its end.
                    self.rest.extend_from_slice(b"\n");
                }
                Ok(Some(Err(_))) => return self.end("the body did not arrive whole"),
                Err(_) => return self.end("nothing more of the body came"),
            }
        }
    }

    /// Takes the next line from what has come.
    fn whole_line(&mut self) -> Option<Bytes> {
        loop {
            let found = self.rest[self.searched..].iter().position(|byte| *byte == b'\n');
            let Some(end) = found.map(|end| self.searched + end) else {
                if self.skips {
                    self.rest.clear();
                }
                self.searched = self.rest.len();
                return None;
            };
            let line = self.rest.split_to(end + 1).freeze();
            self.searched = 0;
            self.line += 1;
            if !std::mem::take(&mut self.skips) {
                return Some(line);
            }
        }
    }

    fn end(&mut self, detail: &str) -> Option<Result<(u64, Bytes), Fault>> {
        self.has_ended = true;
        self.rest.clear();
        self.searched = 0;
        Some(Err(self.fault(ErrorCode::InvalidRequest, detail)))
    }

    /// A fault in the line that has not ended.
    fn fault(&self, code: ErrorCode, detail: &str) -> Fault {
        Fault { line: self.line + 1, problem: Box::new(Problem::new(code, detail)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(parts: Vec<Vec<u8>>) -> Vec<Result<(u64, String), (u64, ErrorCode)>> {
        let parts = futures::stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>));
        let mut lines = Lines::new(Body::from_stream(parts).into_data_stream());
        let mut read = Vec::new();
        while let Some(line) = lines.next().await {
            read.push(match line {
                Ok((line, bytes)) => {
                    Ok((line, String::from_utf8_lossy(&bytes).trim_end().to_owned()))
                }
                Err(fault) => Err((fault.line, fault.problem.code())),
            });
        }
        read
    }

    #[tokio::test]
    async fn lines_are_read_however_the_body_is_cut_and_blank_ones_are_passed_over() {
        let parts =
            ["{\"a\":", "1}\n\n{\"b\"", ":2}\r\n", "{}"].map(|part| part.as_bytes().to_vec());
        let expected = [
            Ok((1, "{\"a\":1}".to_owned())),
            Ok((3, "{\"b\":2}".to_owned())),
            Ok((4, "{}".to_owned())),
        ];
        assert_eq!(lines(parts.into()).await, expected);
        assert_eq!(lines(Vec::new()).await, []);
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_told_and_the_next_is_read() {
        let long = vec![b'x'; 1 << 19];
        let parts = vec![long.clone(), long.clone(), long, b"xx\n{}\n".to_vec()];
        assert_eq!(lines(parts).await, [Err((1, ErrorCode::TooLarge)), Ok((2, "{}".to_owned()))]);
    }
}
