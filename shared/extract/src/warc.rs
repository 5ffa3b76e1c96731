//! Web archives (WARC 1.0 and 1.1), record by record.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::gzip;
use crate::page::MAX_PAGE_BYTES;

/// Bounds the header of a record, and the HTTP header inside it.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// What is unpacked at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// An HTML page of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarcPage {
    /// Where it was fetched.
    pub url: String,
    /// When it was fetched, as the record says.
    pub date: Option<String>,
    /// The answer's `Content-Type`.
    pub content_type: Option<String>,
    /// The page, without any transfer or content encoding.
    pub body: Vec<u8>,
}

/// Why an archive, or one record of it, cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum WarcError {
    /// The archive cannot be read on; nothing follows.
    #[error("cannot read the archive")]
    Read(#[from] io::Error),
    /// What should be a record is none; nothing follows.
    #[error("not a WARC record: {0}")]
    Record(String),
    /// The page is passed over, the archive goes on.
    #[error("the page {url} has {bytes} bytes, more than {MAX_PAGE_BYTES}")]
    TooLarge {
        /// Where it was fetched.
        url: String,
        /// Size of its record.
        bytes: u64,
    },
    /// The page is passed over, the archive goes on.
    #[error("the page {url} cannot be decoded from {encoding}")]
    Encoding {
        /// Where it was fetched.
        url: String,
        /// Its `Content-Encoding`.
        encoding: String,
    },
}

/// The HTML pages of an archive, streamed. Records of other types, answers other
/// than 200 and other media are passed over.
pub struct WarcPages<'r> {
    reader: Box<dyn BufRead + Send + 'r>,
    is_over: bool,
}

/// Reads an archive, compressed or not; one page is held in memory at a time.
pub fn warc<'r>(mut reader: impl BufRead + Send + 'r) -> WarcPages<'r> {
    // An error shows again when the first record is read.
    let is_compressed = reader.fill_buf().is_ok_and(gzip::is_gzip);
    let reader: Box<dyn BufRead + Send + 'r> = if is_compressed {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(reader)))
    } else {
        Box::new(reader)
    };
    WarcPages { reader, is_over: false }
}

impl Iterator for WarcPages<'_> {
    type Item = Result<WarcPage, WarcError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            match self.read_record() {
                Ok(Some(page)) => return Some(Ok(page)),
                Ok(None) => {}
                Err(error) => {
                    self.is_over |= matches!(error, WarcError::Read(_) | WarcError::Record(_));
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl WarcPages<'_> {
    /// The page of the next record; `None` where it has none.
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
        (&mut self.reader).take(bytes).read_to_end(&mut block)?;
        if (block.len() as u64) < bytes {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        page_of(&header, url, block)
    }

    /// `None` at the end of the archive.
    fn read_header(&mut self) -> Result<Option<Header>, WarcError> {
        let version = loop {
            match self.read_line()? {
                None => return Ok(None),
                Some(line) if line.is_empty() => {}
                Some(line) => break line,
            }
        };
        if !version.starts_with("WARC/") {
            return Err(WarcError::Record(version.chars().take(40).collect()));
        }
        let (mut lines, mut size) = (Vec::new(), 0);
        while let Some(line) = self.read_line()?.filter(|line| !line.is_empty()) {
            size += line.len();
            if size > MAX_HEADER_BYTES {
                return Err(WarcError::Record("its header is too long".into()));
            }
            lines.push(line);
        }
        Ok(Some(Header::parse(lines.iter().map(String::as_str))))
    }

    fn read_line(&mut self) -> Result<Option<String>, WarcError> {
        let mut line = Vec::new();
        let limit = MAX_HEADER_BYTES as u64;
        if (&mut self.reader).take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), WarcError> {
        io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink())?;
        Ok(())
    }
}

/// Names in lower case with their values.
struct Header(Vec<(String, String)>);

impl Header {
    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let fields = lines.filter_map(|line| line.split_once(':'));
        Self(fields.map(|(k, v)| (k.trim().to_ascii_lowercase(), v.trim().to_owned())).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.0 == name).map(|field| field.1.as_str())
    }
}

fn page_of(record: &Header, url: String, block: Vec<u8>) -> Result<Option<WarcPage>, WarcError> {
    let date = record.get("warc-date").map(str::to_owned);
    if record.get("warc-type") == Some("resource") {
        let content_type = record.get("content-type").map(str::to_owned);
        let is_html = is_html(content_type.as_deref(), &block);
        return Ok(is_html.then_some(WarcPage { url, date, content_type, body: block }));
    }
    let Some((head, body)) = split_http(&block) else { return Ok(None) };
    let head = String::from_utf8_lossy(head);
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    let http = Header::parse(head.lines().skip(1));
    if status != "200" {
        return Ok(None);
    }
    let body = decoded(&http, body).ok_or_else(|| WarcError::Encoding {
        url: url.clone(),
        encoding: http.get("content-encoding").unwrap_or_default().to_owned(),
    })?;
    let content_type = http.get("content-type").map(str::to_owned);
    let is_html = is_html(content_type.as_deref(), &body);
    Ok(is_html.then_some(WarcPage { url, date, content_type, body }))
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

/// Crawlers differ in whether they store what they decoded: the bytes decide,
/// the header only says what to try.
fn decoded(http: &Header, body: &[u8]) -> Option<Vec<u8>> {
    let is_chunked = http.get("transfer-encoding").is_some_and(|coding| coding.contains("chunked"));
    let whole = if is_chunked { dechunked(body) } else { None };
    let body = whole.as_deref().unwrap_or(body);
    match http.get("content-encoding").map(str::to_ascii_lowercase).as_deref() {
        _ if gzip::is_gzip(body) => gzip::inflate(body, MAX_PAGE_BYTES),
        None | Some("" | "identity" | "gzip" | "x-gzip") => Some(body.to_vec()),
        _ => body.trim_ascii_start().starts_with(b"<").then(|| body.to_vec()),
    }
}

fn dechunked(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = body.iter().take(64).position(|byte| *byte == b'\n')?;
        let size = std::str::from_utf8(&body[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        body = &body[end + 1..];
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(body.get(..size)?);
        body = body.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn record(kind: &str, url: &str, block: &[u8]) -> Vec<u8> {
        let head = format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-03-05T09:30:00Z\r\n\
             Content-Type: text/html\r\nContent-Length: {}\r\n\r\n",
            block.len()
        );
        [head.as_bytes(), block, b"\r\n\r\n"].concat()
    }

    fn answer(head: &str, body: &[u8]) -> Vec<u8> {
        [b"HTTP/1.1 ", head.as_bytes(), b"\r\n\r\n", body].concat()
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(bytes).unwrap();
        gz.finish().unwrap()
    }

    fn archive() -> Vec<Vec<u8>> {
        let html = "200 OK\r\nContent-Type: text/html; charset=utf-8";
        vec![
            record("warcinfo", "", b"software: x\r\n"),
            record("response", "https://a.example/1", &answer(html, b"<p>one")),
            record("response", "https://a.example/gone", &answer("404 Not Found", b"<p>no")),
            record(
                "response",
                "https://a.example/x.png",
                &answer("200 OK\r\nContent-Type: image/png", b"x"),
            ),
            record(
                "response",
                "<https://a.example/2>",
                &answer(
                    &format!("{html}\r\nTransfer-Encoding: chunked\r\nContent-Encoding: gzip"),
                    &[
                        format!("{:x}\r\n", gz(b"<p>two").len()).as_bytes(),
                        &gz(b"<p>two"),
                        b"\r\n0\r\n\r\n",
                    ]
                    .concat(),
                ),
            ),
            record("resource", "https://a.example/3", b"<p>three"),
        ]
    }

    #[test]
    fn pages_are_the_same_compressed_or_not() {
        let plain = archive().concat();
        let compressed = archive().iter().map(|record| gz(record)).collect::<Vec<_>>().concat();
        for bytes in [plain, compressed] {
            let pages: Vec<_> = warc(bytes.as_slice()).map(Result::unwrap).collect();
            let bodies: Vec<_> = pages.iter().map(|page| page.body.as_slice()).collect();
            assert_eq!(bodies, [b"<p>one".as_slice(), b"<p>two", b"<p>three"]);
            assert_eq!(pages[1].url, "https://a.example/2");
            assert_eq!(pages[0].date.as_deref(), Some("2024-03-05T09:30:00Z"));
            assert_eq!(pages[0].content_type.as_deref(), Some("text/html; charset=utf-8"));
        }
    }

    #[test]
    fn a_page_that_is_too_large_is_passed_over() {
        let large = vec![b'x'; MAX_PAGE_BYTES + MAX_HEADER_BYTES + 1];
        let bytes =
            [record("response", "https://a.example/big", &large), archive().concat()].concat();
        let mut pages = warc(bytes.as_slice());
        assert!(matches!(pages.next(), Some(Err(WarcError::TooLarge { .. }))));
        assert_eq!(pages.filter_map(Result::ok).count(), 3);
    }

    #[test]
    fn an_archive_that_breaks_off_says_so() {
        let bytes = archive().concat();
        let mut pages = warc(&bytes[..bytes.len() - 8]);
        assert!(pages.by_ref().take(2).all(|page| page.is_ok()));
        assert!(matches!(pages.next(), Some(Err(WarcError::Read(_)))));
        assert!(pages.next().is_none());
        let mut none = warc(b"hello\n".as_slice());
        assert!(matches!(none.next(), Some(Err(WarcError::Record(_)))));
        assert_eq!(warc(b"".as_slice()).count(), 0);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_run_for_ever(at in 0usize..1200, bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let mut archive = archive().concat();
            let at = at.min(archive.len());
            archive.splice(at..(at + bytes.len()).min(archive.len()), bytes.clone());
            prop_assert!(warc(archive.as_slice()).count() < 20);
            prop_assert!(warc(bytes.as_slice()).count() < 20);
        }
    }
}
