//! Measures the speed of reading archives, beside `zcat` on the same file.

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use courant_extract::sources;
use flate2::Compression;
use flate2::write::GzEncoder;
use walkdir::WalkDir;

use crate::report::Report;

/// The unpacked size of the archive that both are timed on. It is so large that the time to start
/// `zcat` does not matter.
const ARCHIVE_BYTES: usize = 512 * 1024 * 1024;
/// The number of rounds. The best one counts, because the machine may be busy with other work.
const ROUNDS: usize = 5;

/// Packs the pages of `fundus-publishers` as Common Crawl does, one gzip member per record, and
/// measures reading them.
pub(crate) fn measure(data: &Path) -> anyhow::Result<Report> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let path = folder.path().join("pages.warc.gz");
    let records = pack(&pages(&data.join("fundus-publishers"))?, &path)?;
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        theirs = theirs.min(timed(|| zcat(&path))?);
        ours = ours.min(timed(|| read(&path, records))?);
    }
    let mut report = Report::default();
    report.state("WARC: MB/s unpacked", ARCHIVE_BYTES as f64 / 1e6 / ours.as_secs_f64());
    report.state(
        "WARC: speed by that of zcat (at least 0.8)",
        theirs.as_secs_f64() / ours.as_secs_f64(),
    );
    Ok(report)
}

fn pages(folder: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let files = WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
    let html = files.filter(|file| {
        let name = file.file_name().to_string_lossy();
        name.ends_with(".html") || name.ends_with(".html.gz")
    });
    let pages: Vec<_> = html.map(|file| unpacked(file.path())).collect::<Result<_, _>>()?;
    ensure!(!pages.is_empty(), "no pages below {}", folder.display());
    Ok(pages)
}

fn unpacked(path: &Path) -> anyhow::Result<Vec<u8>> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut page = Vec::new();
    std::io::copy(&mut flate2::read::GzDecoder::new(bytes.as_slice()), &mut page)?;
    Ok(page)
}

/// Writes the pages repeatedly. Returns the number of records.
fn pack(pages: &[Vec<u8>], path: &Path) -> anyhow::Result<usize> {
    let members = pages.iter().enumerate().map(|(place, page)| member(place, page));
    let members = members.collect::<Result<Vec<_>, _>>()?;
    let mut out = std::io::BufWriter::new(File::create(path)?);
    let (mut unpacked, mut records) = (0, 0);
    while unpacked < ARCHIVE_BYTES {
        let at = records % members.len();
        out.write_all(&members[at])?;
        (unpacked, records) = (unpacked + pages[at].len(), records + 1);
    }
    out.flush()?;
    Ok(records)
}

fn member(place: usize, page: &[u8]) -> std::io::Result<Vec<u8>> {
    let http = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n",
        page.len()
    );
    let header = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{place}>\r\n\
         WARC-Target-URI: https://site.example/{place}\r\nWARC-Date: 2024-03-05T09:30:00Z\r\n\
         Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n",
        http.len() + page.len()
    );
    let mut gz = GzEncoder::new(Vec::new(), Compression::default());
    for part in [header.as_bytes(), http.as_bytes(), page, b"\r\n\r\n"] {
        gz.write_all(part)?;
    }
    gz.finish()
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn zcat(path: &Path) -> anyhow::Result<()> {
    let status =
        Command::new("zcat").arg(path).stdout(Stdio::null()).status().context("cannot run zcat")?;
    ensure!(status.success(), "zcat failed: {status}");
    Ok(())
}

fn read(path: &Path, records: usize) -> anyhow::Result<()> {
    let archive = sources::warc(BufReader::with_capacity(64 * 1024, File::open(path)?));
    let pages = archive.map(|page| page.map(|page| page.body.len()));
    let read = pages.collect::<Result<Vec<_>, _>>()?.len();
    ensure!(read == records, "{read} of {records} records were read");
    Ok(())
}
