//! The lines of a body that is read while it arrives.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use bytes::BytesMut;
use courant_api::{ErrorCode, Problem};
use futures::StreamExt;

/// The longest wait for more of the body.
const PATIENCE: Duration = Duration::from_secs(60);

/// A line that cannot be read.
#[derive(Debug)]
pub struct LineFault {
    /// The line, from 1.
    pub line: u64,
    /// The reason.
    pub problem: Box<Problem>,
}

/// The lines of a body, with their numbers.
pub struct BodyLines {
    body: BodyDataStream,
    max_line_bytes: usize,
    /// The bytes behind the last line.
    rest: BytesMut,
    /// The part of the rest that is known to hold no end of a line.
    searched: usize,
    line: u64,
    /// True within a line that is too long.
    skips: bool,
    has_ended: bool,
}

impl BodyLines {
    /// Reads `body`, whose lines may have `max_line_bytes`.
    pub fn new(body: Body, max_line_bytes: usize) -> Self {
        let (body, rest) = (body.into_data_stream(), BytesMut::new());
        Self { body, max_line_bytes, rest, searched: 0, line: 0, skips: false, has_ended: false }
    }

    /// Returns the next line that is not blank, with its number from 1; `None` behind the last one.
    ///
    /// # Errors
    /// If the line is too long: the next one is read. If the body does not arrive: it was the last
    /// one.
    pub async fn next(&mut self) -> Option<Result<(u64, Bytes), LineFault>> {
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
            if self.rest.len() > self.max_line_bytes && !self.skips {
                self.skips = true;
                let detail = format!("the line is longer than {} bytes", self.max_line_bytes);
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

    fn end(&mut self, detail: &str) -> Option<Result<(u64, Bytes), LineFault>> {
        self.has_ended = true;
        self.rest.clear();
        self.searched = 0;
        Some(Err(self.fault(ErrorCode::InvalidRequest, detail)))
    }

    /// A fault in the line that has not ended.
    fn fault(&self, code: ErrorCode, detail: &str) -> LineFault {
        LineFault { line: self.line + 1, problem: Box::new(Problem::new(code, detail)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines(parts: Vec<Vec<u8>>) -> Vec<Result<(u64, String), (u64, ErrorCode)>> {
        let parts = futures::stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>));
        let mut lines = BodyLines::new(Body::from_stream(parts), 1 << 20);
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
