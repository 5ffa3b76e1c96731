//! Web archives (WARC 1.0 and 1.1), record by record, plain or packed by gzip or zstd.
//!
//! A broken record is lost alone. In a compressed file, reading goes on at the next gzip member
//! that holds a record. In other files, it goes on at the next line that starts one.
//!
//! Written by hand, since the crate `warc` does not recover behind a damaged member.

use std::io::{self, BufRead, BufReader, Read};

use super::packed;
use crate::gzip;
use crate::packing::failing;
use crate::page::MAX_PAGE_BYTES;

mod body;
mod header;
mod members;

use body::Undecoded;
use header::Header;
use members::{Members, Next};

/// The most bytes in the header of a record, and in the HTTP header inside it.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// The number of bytes that are unpacked at once.
const BUFFER_BYTES: usize = 64 * 1024;
/// The most bytes that are skipped in search of the next record, in an uncompressed file or in a
/// member.
const MAX_SEARCH_BYTES: u64 = 256 * 1024 * 1024;

/// An HTML page of an archive. A page in several segments is given as its first segment only, and
/// counts as cut: the others may be in other files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarcPage {
    /// The URL from which it was fetched.
    pub url: String,
    /// The time at which the page was fetched, as the record states it.
    pub date: Option<String>,
    /// The `Content-Type` of the response.
    pub content_type: Option<String>,
    /// The page, without transfer and content encodings.
    pub body: Vec<u8>,
    /// True if the archive holds only a part of the page.
    pub is_cut: bool,
}

/// The reasons why an archive, or one record of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The archive cannot be read any further. No page follows.
    #[error("cannot read the archive")]
    Read(#[from] io::Error),
    /// There is no record at the expected place, or the record is damaged. It is skipped, and
    /// reading goes on with the next record that can be found.
    #[error("not a WARC record: {0}")]
    Record(String),
    /// The page is too large. It is skipped, and reading goes on.
    #[error("the page {url} has {bytes} bytes, more than {MAX_PAGE_BYTES}")]
    TooLarge {
        /// The URL from which the page was fetched.
        url: String,
        /// The size of its record.
        bytes: u64,
    },
    /// The page's content encoding cannot be undone. The page is skipped, and reading goes on.
    #[error("the page {url} cannot be decoded from {encoding}")]
    Encoding {
        /// The URL from which the page was fetched.
        url: String,
        /// The page's `Content-Encoding`.
        encoding: String,
    },
}

/// The HTML pages of an archive, as a stream. Records of other types are skipped, and so are
/// responses with another status than 200 or another media type.
pub struct WarcPages<'r> {
    records: Records<'r>,
    is_over: bool,
}

/// The source of the records.
enum Records<'r> {
    Plain(Box<dyn BufRead + Send + 'r>),
    Packed(Box<BufReader<Members<Box<dyn BufRead + Send + 'r>>>>),
}

/// Reads an archive, compressed or not. One page is held in memory at a time.
pub fn warc<'r>(reader: impl BufRead + Send + 'r) -> WarcPages<'r> {
    let mut reader: Box<dyn BufRead + Send + 'r> = Box::new(reader);
    // An error will be returned again when the first record is read.
    let start = reader.fill_buf().unwrap_or_default();
    let records = if gzip::is_gzip(start) {
        Records::Packed(Box::new(BufReader::with_capacity(BUFFER_BYTES, Members::new(reader))))
    } else if packed::is_zstd(start) {
        Records::Plain(packed::unpacking(reader).unwrap_or_else(failing))
    } else {
        Records::Plain(reader)
    };
    WarcPages { records, is_over: false }
}

impl Iterator for WarcPages<'_> {
    type Item = Result<WarcPage, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.read_record() {
                Ok(Some(page)) => return Some(Ok(page)),
                Ok(None) => {}
                Err(error) => return Some(Err(self.passed_over(error))),
            }
        }
        None
    }
}

impl WarcPages<'_> {
    /// Finds the way to the next record after an error. Returns the error to report.
    fn passed_over(&mut self, error: WarcError) -> WarcError {
        let error = match error {
            WarcError::Read(cause) if self.records.is_damaged() => {
                let found = self.records.find_member();
                self.is_over = !matches!(found, Ok(true));
                found.err().map_or_else(|| WarcError::Record(cause.to_string()), WarcError::Read)
            }
            WarcError::Record(reason) => match self.records.find_line() {
                Ok(found) => {
                    self.is_over = !found;
                    WarcError::Record(reason)
                }
                Err(cause) => return self.passed_over(cause.into()),
            },
            other => other,
        };
        self.is_over |= matches!(error, WarcError::Read(_));
        error
    }

    /// Returns the page of the next record, or `None` if the record has none.
    fn read_record(&mut self) -> Result<Option<WarcPage>, WarcError> {
        let Some(header) = self.read_header()? else {
            self.is_over = true;
            return Ok(None);
        };
        let bytes = header.get("content-length").and_then(|length| length.parse().ok());
        let bytes: u64 = bytes.ok_or_else(|| WarcError::Record("no Content-Length".into()))?;
        let url =
            header.get("warc-target-uri").unwrap_or_default().trim_matches(['<', '>']).to_owned();
        let is_page = matches!(header.get("warc-type"), Some("response" | "resource"));
        let limit = (MAX_PAGE_BYTES + MAX_HEADER_BYTES) as u64;
        if !is_page || bytes > limit {
            self.skip(bytes)?;
            return if is_page { Err(WarcError::TooLarge { url, bytes }) } else { Ok(None) };
        }
        let mut block = Vec::with_capacity(usize::try_from(bytes).unwrap_or_default());
        self.records.reader().take(bytes).read_to_end(&mut block)?;
        if (block.len() as u64) < bytes {
            return Err(WarcError::Record("it breaks off".into()));
        }
        self.records.end_record()?;
        page_of(&header, url, block)
    }

    /// Returns the header of the next record, or `None` at the end of the archive.
    fn read_header(&mut self) -> Result<Option<Header>, WarcError> {
        let version = loop {
            match self.records.read_line()? {
                None if self.records.next_member()? => {}
                None => return Ok(None),
                Some(line) if line.is_empty() => {}
                Some(line) => break line,
            }
        };
        if !version.starts_with("WARC/") {
            return Err(WarcError::Record(version.chars().take(40).collect()));
        }
        let (mut lines, mut size) = (Vec::new(), 0);
        while let Some(line) = self.records.read_line()?.filter(|line| !line.is_empty()) {
            size += line.len();
            if size > MAX_HEADER_BYTES {
                return Err(WarcError::Record("its header is too long".into()));
            }
            lines.push(line);
        }
        Ok(Some(Header::parse(lines.iter().map(String::as_str))))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), WarcError> {
        let skipped = io::copy(&mut self.records.reader().take(bytes), &mut io::sink())?;
        if skipped < bytes {
            return Err(WarcError::Record("it breaks off".into()));
        }
        Ok(())
    }
}

impl Records<'_> {
    /// Returns the reader of the file or, if it is compressed, of the current member.
    fn reader(&mut self) -> &mut dyn BufRead {
        match self {
            Self::Plain(reader) => reader,
            Self::Packed(reader) => reader,
        }
    }

    fn read_line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let limit = MAX_HEADER_BYTES as u64;
        if self.reader().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    /// Goes on to the next member. Returns true if there is one, and false for a file that is not
    /// compressed.
    fn next_member(&mut self) -> Result<bool, WarcError> {
        match self {
            Self::Plain(_) => Ok(false),
            Self::Packed(reader) => match reader.get_mut().next_member()? {
                Next::Member => Ok(true),
                Next::End => Ok(false),
                Next::Garbage => Err(io::Error::from(io::ErrorKind::InvalidData).into()),
            },
        }
    }

    /// Skips the blank lines after a record. The checksum of a member is verified here if the
    /// member ends with them.
    fn end_record(&mut self) -> io::Result<()> {
        let Self::Packed(reader) = self else { return Ok(()) };
        loop {
            let bytes = reader.fill_buf()?;
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let is_all = blank == bytes.len();
            reader.consume(blank);
            if blank == 0 || !is_all {
                return Ok(());
            }
        }
    }

    /// Returns true if a read error comes from the contents of the file.
    fn is_damaged(&self) -> bool {
        matches!(self, Self::Packed(reader) if !reader.get_ref().is_unreadable())
    }

    /// Goes on to the next member that starts with a record.
    fn find_member(&mut self) -> io::Result<bool> {
        match self {
            Self::Plain(_) => Ok(false),
            Self::Packed(reader) => {
                let buffered = reader.buffer().len();
                reader.consume(buffered);
                reader.get_mut().find_member(|content| content.starts_with(b"WARC/"))
            }
        }
    }

    /// Goes on to the next line that starts a record. In a compressed file, the search ends with
    /// the member, and the next member starts after it.
    fn find_line(&mut self) -> io::Result<bool> {
        let mut passed = 0;
        while passed < MAX_SEARCH_BYTES {
            let reader = self.reader();
            let bytes = reader.fill_buf()?;
            if bytes.is_empty() {
                return Ok(matches!(self, Self::Packed(_)));
            }
            // The buffered bytes may end soon after the start of this line.
            if starts_record(reader)? {
                return Ok(true);
            }
            passed += reader.take(MAX_HEADER_BYTES as u64).skip_until(b'\n')? as u64;
        }
        Ok(false)
    }
}

/// Returns true if a record starts here, or if too few bytes are available to tell. Reading the
/// record will then tell.
fn starts_record(reader: &mut dyn BufRead) -> io::Result<bool> {
    const START: &[u8] = b"WARC/1.";
    let bytes = reader.fill_buf()?;
    let length = bytes.len().min(START.len());
    Ok(bytes[..length] == START[..length])
}

fn page_of(record: &Header, url: String, block: Vec<u8>) -> Result<Option<WarcPage>, WarcError> {
    let date = record.get("warc-date").map(str::to_owned);
    let is_part =
        record.get("warc-truncated").is_some() || record.get("warc-segment-number").is_some();
    if record.get("warc-type") == Some("resource") {
        let content_type = record.get("content-type").map(str::to_owned);
        let is_html = is_html(content_type.as_deref(), &block);
        let page = WarcPage { url, date, content_type, body: block, is_cut: is_part };
        return Ok(is_html.then_some(page));
    }
    let Some((head, body)) = split_http(&block) else { return Ok(None) };
    let head = String::from_utf8_lossy(head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    let http = Header::parse(head.lines().skip(1));
    if status != "200" {
        return Ok(None);
    }
    let decoded = body::decoded(&http, body);
    let (body, is_short) = decoded.map_err(|reason| match reason {
        Undecoded::Encoding(encoding) => WarcError::Encoding { url: url.clone(), encoding },
        Undecoded::TooLarge(bytes) => WarcError::TooLarge { url: url.clone(), bytes },
    })?;
    let content_type = http.get("content-type").map(str::to_owned);
    let is_html = is_html(content_type.as_deref(), &body);
    let page = WarcPage { url, date, content_type, body, is_cut: is_part || is_short };
    Ok(is_html.then_some(page))
}

fn split_http(block: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = &block[..block.len().min(MAX_HEADER_BYTES)];
    let with_returns = start.windows(4).position(|end| end == b"\r\n\r\n").map(|at| (at, at + 4));
    let (end, body) = with_returns
        .or_else(|| start.windows(2).position(|end| end == b"\n\n").map(|at| (at, at + 2)))?;
    Some((&block[..end], &block[body..]))
}

fn is_html(content_type: Option<&str>, body: &[u8]) -> bool {
    match content_type {
        Some(media) => media.to_ascii_lowercase().contains("html"),
        None => body.trim_ascii_start().starts_with(b"<"),
    }
}

#[cfg(test)]
mod tests;
