//! The members of a gzip file in their order, and the search for the next member after a broken
//! one.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// The number of bytes that are read at once.
const READ_BYTES: usize = 128 * 1024;
/// The number of bytes kept before the current place. The search for the next member can then begin
/// before an error: a decoder may pass over other members that it takes for its own.
const REWIND_BYTES: usize = 256 * 1024;
/// The number of bytes that are examined to see if they start a member.
const PROBE_BYTES: usize = 4 * 1024;
/// The most bytes that one search skips, and the most places that it examines.
const MAX_SEARCH_BYTES: u64 = 256 * 1024 * 1024;
const MAX_PROBES: usize = 10_000;

/// A file of gzip members. Reads give the content of one member, and then nothing until
/// [`Members::next_member`] is called.
pub(super) struct Members<R> {
    /// The state; `None` only while it is being replaced.
    state: Option<State<R>>,
    /// The offset in the file at which the current member starts.
    start: u64,
}

enum State<R> {
    Between(Raw<R>),
    Within(Box<GzDecoder<Raw<R>>>),
}

/// The content found at the place where a member should start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Member,
    /// The end of the file, or zeros up to the end.
    End,
    /// Bytes that are no member.
    Garbage,
}

impl<R: Read> Members<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { state: Some(State::Between(Raw::new(reader))), start: 0 }
    }

    /// Goes on to the next member, whatever is left of the current one.
    pub(super) fn next_member(&mut self) -> io::Result<Next> {
        let mut raw = self.take_raw();
        let next = next_of(&mut raw);
        self.start = raw.position();
        self.state = Some(match next {
            Ok(Next::Member) => State::Within(Box::new(GzDecoder::new(raw))),
            _ => State::Between(raw),
        });
        next
    }

    /// Searches for the next member after the start of the current one, with content that
    /// `is_start` accepts. Returns false if there is none within bounds.
    pub(super) fn find_member(&mut self, is_start: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
        let mut raw = self.take_raw();
        raw.go_back_to(self.start + 1);
        let found = search(&mut raw, is_start);
        self.start = raw.position();
        self.state = Some(match found {
            Ok(true) => State::Within(Box::new(GzDecoder::new(raw))),
            _ => State::Between(raw),
        });
        found
    }

    /// Returns true if the file itself could not be read. Returns false if only its contents are
    /// broken.
    pub(super) fn is_unreadable(&self) -> bool {
        match &self.state {
            Some(State::Between(raw)) => raw.failed,
            Some(State::Within(decoder)) => decoder.get_ref().failed,
            None => false,
        }
    }

    fn take_raw(&mut self) -> Raw<R> {
        match self.state.take() {
            Some(State::Between(raw)) => raw,
            Some(State::Within(decoder)) => decoder.into_inner(),
            None => unreachable!("the state is put back by whoever takes it"),
        }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.state {
            Some(State::Within(decoder)) => decoder.read(buffer),
            _ => Ok(0),
        }
    }
}

fn next_of(raw: &mut Raw<impl Read>) -> io::Result<Next> {
    loop {
        let bytes = raw.fill_buf()?;
        match bytes.iter().position(|byte| *byte != 0) {
            None if bytes.is_empty() => return Ok(Next::End),
            None => {
                let zeros = bytes.len();
                raw.consume(zeros);
            }
            Some(zeros) => {
                raw.consume(zeros);
                let is_member = raw.peek(3)?.starts_with(&[0x1f, 0x8b, 8]);
                return Ok(if is_member { Next::Member } else { Next::Garbage });
            }
        }
    }
}

fn search(raw: &mut Raw<impl Read>, is_start: impl Fn(&[u8]) -> bool) -> io::Result<bool> {
    let end = raw.position() + MAX_SEARCH_BYTES;
    let mut probes = 0;
    while raw.position() < end && probes < MAX_PROBES {
        let bytes = raw.peek(PROBE_BYTES)?;
        match bytes.windows(4).position(is_header) {
            Some(0) => {
                probes += 1;
                if is_start(&content_start(bytes)) {
                    return Ok(true);
                }
                raw.consume(1);
            }
            Some(at) => raw.consume(at),
            None if bytes.len() < PROBE_BYTES => return Ok(false),
            None => {
                let passed = bytes.len() - 3;
                raw.consume(passed);
            }
        }
    }
    Ok(false)
}

/// Returns true for a gzip header: the magic number, deflate, and no reserved flag (RFC 1952).
fn is_header(bytes: &[u8]) -> bool {
    matches!(bytes, [0x1f, 0x8b, 8, flags] if flags & 0xe0 == 0)
}

/// Returns the first bytes of a member's content. Returns fewer if it is no member.
fn content_start(member: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // Content before an error is kept.
    let _ = GzDecoder::new(member).take(16).read_to_end(&mut content);
    content
}

/// A reader that can go back a little.
struct Raw<R> {
    reader: R,
    /// The bytes that were read. Some are consumed, the rest are not yet.
    buffer: Vec<u8>,
    consumed: usize,
    /// The offset in the file at which the buffer starts.
    start: u64,
    failed: bool,
}

impl<R: Read> Raw<R> {
    fn new(reader: R) -> Self {
        Self { reader, buffer: Vec::new(), consumed: 0, start: 0, failed: false }
    }

    fn position(&self) -> u64 {
        self.start + self.consumed as u64
    }

    /// Goes back to `position` as far as it is still in the buffer. Never goes forward.
    fn go_back_to(&mut self, position: u64) {
        let place = position.saturating_sub(self.start);
        let place = usize::try_from(place).unwrap_or(usize::MAX);
        self.consumed = self.consumed.min(place);
    }

    /// Returns at least `count` of the following bytes, or all that there are.
    fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.buffer.len() - self.consumed < count && self.read_more()? > 0 {}
        Ok(&self.buffer[self.consumed..])
    }

    fn read_more(&mut self) -> io::Result<usize> {
        let forgotten = self.consumed.saturating_sub(REWIND_BYTES);
        // This is not done on every read, since the kept bytes have to be moved.
        if forgotten >= REWIND_BYTES {
            self.buffer.drain(..forgotten);
            self.consumed -= forgotten;
            self.start += forgotten as u64;
        }
        let length = self.buffer.len();
        self.buffer.resize(length + READ_BYTES, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(length + read.as_ref().map_or(0, |read| *read));
        self.failed |= read.is_err();
        read
    }
}

impl<R: Read> Read for Raw<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: Read> BufRead for Raw<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.peek(1)
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count;
    }
}
