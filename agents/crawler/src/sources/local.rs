//! Reads sources on disk, once. Articles and saved pages are submitted without a request. Pages
//! that a source only names are queued.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use courant_article::{Entry, PageFields, PublishedAt, Revision, Text};
use courant_extract::Context;
use courant_extract::sources::{WarcError, WarcPage, unpacking};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;
use url::Url;

use crate::crawl::Crawl;
use crate::entry::article;
use crate::error::Fruitless;
use crate::handle::{check, read_html};
use crate::outcome::{Ended, Outcome, Refusal};
use crate::page::Page;
use crate::publisher::content_of;
use crate::sources::listing::{feed, opml, sitemap};
use crate::sources::look::Looks;
use crate::sources::remote::follow;
use crate::sources::source::FileKind;
use crate::urls::{clean, named};

/// The most items that were read and wait to be handled.
const MAX_READ_AHEAD: usize = 16;
/// The most bad lines of one file that are logged. More are only counted.
const MOST_TOLD: u32 = 20;
/// The longest line of a list or of JSON, in bytes: room for an escaped text of 256 KiB, and
/// more.
const MAX_LINE_BYTES: u64 = 2 * 1024 * 1024;
/// A placeholder for the address of a page whose address is not known yet.
const NOWHERE: &str = "https://nowhere.invalid/saved/page.html";
/// The comment in which a browser notes the address of a saved page.
const SAVED_FROM: &str = "<!-- saved from url=(";

/// One item of a file.
#[derive(Debug)]
enum Item {
    /// The address of a page that is to be fetched.
    Link(Url),
    /// The saved HTML of a page.
    Page(SavedPage),
    /// An article.
    Article(Box<Entry>),
    /// An item that cannot be used.
    Nonsense(Refusal),
}

#[derive(Debug)]
struct SavedPage {
    /// `None` if only the page itself may say its address.
    url: Option<Url>,
    html: Vec<u8>,
    content_type: Option<String>,
    /// `None` stands for now.
    observed_at: Option<Revision>,
    /// True if a part of it is missing.
    is_cut: bool,
}

/// An article in one line of JSON. Other members are ignored.
#[derive(Debug, Deserialize)]
struct Line {
    url: String,
    text: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    authors: Vec<String>,
    published_at: Option<String>,
    language: Option<String>,
    site_name: Option<String>,
    canonical_url: Option<String>,
    observed_at_ms: Option<i64>,
    #[serde(default, deserialize_with = "if_usable")]
    image: Option<String>,
    #[serde(default, deserialize_with = "if_usable")]
    tags: Vec<String>,
    #[serde(default, deserialize_with = "if_usable")]
    section: Option<String>,
    #[serde(default, deserialize_with = "if_usable")]
    modified_at: Option<PublishedAt>,
    #[serde(default, deserialize_with = "if_usable")]
    paywalled: bool,
}

/// Ignores a value of another type, because others use these names for other things.
fn if_usable<'de, D, T>(value: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let value = serde_json::Value::deserialize(value)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

/// Reads one file and handles its items.
pub(crate) async fn file(looks: &Arc<Looks>, path: &Path, kind: FileKind) {
    let crawl = &looks.crawl;
    let source = path.display().to_string();
    let read = match kind {
        FileKind::Opml | FileKind::Feed | FileKind::Sitemap => listing(looks, path, kind).await,
        FileKind::UrlList => stream(crawl, path, read_links).await,
        FileKind::Jsonl => stream(crawl, path, read_articles).await,
        FileKind::Warc => stream(crawl, path, read_archive).await,
        FileKind::Html => stream(crawl, path, read_page).await,
    };
    crawl.tally.source(&source, read);
}

/// Reads and handles the pages in a folder.
pub(crate) async fn folder(crawl: &Arc<Crawl>, path: &Path) {
    let source = path.display().to_string();
    crawl.tally.source(&source, stream(crawl, path, read_folder).await);
}

async fn listing(looks: &Arc<Looks>, path: &Path, kind: FileKind) -> Result<(), Fruitless> {
    let crawl = &looks.crawl;
    let limit = crawl.config.max_listing_bytes as u64;
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(limit).read_to_end(&mut bytes).await?;
    let source = path.display().to_string();
    match kind {
        FileKind::Opml => follow(looks, opml(&bytes)?).await,
        FileKind::Feed => {
            crawl.queue(&source, feed(&bytes, None, None, crawl.config.max_listing_bytes)?.0, None);
        }
        _ => {
            let (pages, sitemaps) = sitemap(&bytes)?;
            crawl.queue(&source, pages, None);
            follow(looks, sitemaps).await;
        }
    }
    Ok(())
}

/// Reads items on a blocking thread, and handles a few of them at a time meanwhile.
async fn stream(
    crawl: &Arc<Crawl>,
    path: &Path,
    read: fn(&Path, usize, &Sink) -> io::Result<()>,
) -> Result<(), Fruitless> {
    let (sink, mut items) = mpsc::channel(MAX_READ_AHEAD);
    let (reader_path, limit) = (path.to_owned(), crawl.config.max_body_bytes);
    let reading = tokio::task::spawn_blocking(move || read(&reader_path, limit, &Sink(sink)));
    let source: Arc<str> = path.display().to_string().into();
    let items = futures::stream::poll_fn(|context| items.poll_recv(context));
    let handled = items.for_each_concurrent(crawl.config.concurrency.min(MAX_READ_AHEAD), |item| {
        handle(crawl, &source, item)
    });
    tokio::select! {
        biased;
        () = crawl.stop.cancelled() => return Err(Ended::Interrupted.into()),
        () = handled => {}
    }
    reading.await.map_err(io::Error::other)??;
    Ok(())
}

async fn handle(crawl: &Arc<Crawl>, source: &Arc<str>, item: Item) {
    let in_flight = crawl.tally.control.in_flight();
    let ended = match item {
        Item::Link(url) => {
            let page = Page::named_by(Arc::clone(source), url.into());
            return crawl.offer_patiently(page).await;
        }
        Item::Nonsense(refusal) => Err(refusal.into()),
        Item::Article(entry) => submit(crawl, Entry { source: source.to_string(), ..*entry }).await,
        Item::Page(page) => saved_page(crawl, source, page).await,
    };
    drop(in_flight);
    crawl.tally.found_and_settled(&ended);
}

async fn submit(crawl: &Crawl, entry: Entry) -> Result<Outcome, Ended> {
    crawl.intake.wait_for_demand().await?;
    let content = content_of(&entry);
    crawl.publisher.submit(entry, content).await?;
    Ok(Outcome::Submitted)
}

async fn saved_page(crawl: &Crawl, source: &Arc<str>, page: SavedPage) -> Result<Outcome, Ended> {
    let source = Arc::clone(source);
    let _core = crawl.cores.acquire().await;
    let limit = crawl.config.max_page_time();
    let now = || crawl.handler.clock.unix_ms();
    let fetched_at_ms = Some(page.observed_at.map_or_else(now, |at| at.0));
    let context = Context { fetched_at_ms, is_listed: false };
    let read = tokio::task::spawn_blocking(move || entry_of(&page, source, context, limit)).await;
    let entry = read.unwrap_or(Err(Refusal::Unreadable))?;
    submit(crawl, entry).await
}

fn entry_of(
    page: &SavedPage,
    source: Arc<str>,
    context: Context,
    limit: Duration,
) -> Result<Entry, Refusal> {
    let known = page.url.clone().or_else(|| saved_from(&page.html));
    let base = known.clone().or_else(|| Url::parse(NOWHERE).ok()).ok_or(Refusal::NoUrl)?;
    let content_type = page.content_type.as_deref();
    let extracted = check(read_html(&page.html, content_type, &base, context, limit)?)?;
    let url = known.or_else(|| declared(&extracted)).ok_or(Refusal::NoUrl)?;
    let found = Page::named_by(source, url.into());
    let entry = article(&found.url, &found, extracted, context);
    let text =
        Text::with_flag(entry.text.as_str().to_owned(), entry.text.is_truncated() || page.is_cut);
    Ok(Entry { observed_at: page.observed_at.unwrap_or_default(), text, ..entry })
}

/// Returns the address that the page declares, unless it is only a path.
fn declared(page: &courant_extract::Page) -> Option<Url> {
    let url = Url::parse(page.canonical_url.as_deref()?).ok()?;
    clean(url).ok().filter(|url| url.host_str() != Some("nowhere.invalid"))
}

/// Returns the address that a browser noted when it saved the page.
fn saved_from(html: &[u8]) -> Option<Url> {
    let head = String::from_utf8_lossy(&html[..html.len().min(2_048)]);
    let (_, note) = head.split_once(SAVED_FROM)?;
    let (_, address) = note.split_once(')')?;
    Url::parse(address.split_whitespace().next()?).ok().and_then(|url| clean(url).ok())
}

/// Receives the items that a reader reads.
struct Sink(mpsc::Sender<Item>);

impl Sink {
    /// Passes an item on. Fails if the crawl has been stopped.
    fn put(&self, item: Item) -> io::Result<()> {
        self.0.blocking_send(item).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

fn read_links(path: &Path, _: usize, sink: &Sink) -> io::Result<()> {
    each_line(path, |_, line| {
        if line.starts_with('#') {
            return Ok(());
        }
        let url = Url::parse(line).map_err(|_| Refusal::InvalidUrl).and_then(named);
        sink.put(url.map_or_else(Item::Nonsense, Item::Link))
    })
}

fn read_articles(path: &Path, _: usize, sink: &Sink) -> io::Result<()> {
    let mut untold = MOST_TOLD;
    each_line(path, |number, line| {
        let article = article_line(line).map_err(|Unusable { refusal, reason }| {
            if untold > 0 {
                untold -= 1;
                let (file, reason) = (path.display(), reason.to_string());
                tracing::warn!(%file, line = number, reason, "a line is not an article");
            }
            refusal
        });
        sink.put(article.map(Box::new).map_or_else(Item::Nonsense, Item::Article))
    })
}

/// A line that is not an article, with the refusal and the reason in words.
#[derive(Debug)]
struct Unusable {
    refusal: Refusal,
    reason: Box<dyn std::error::Error>,
}

impl Unusable {
    fn new(refusal: Refusal, reason: impl Into<Box<dyn std::error::Error>>) -> Self {
        Self { refusal, reason: reason.into() }
    }
}

fn article_line(line: &str) -> Result<Entry, Unusable> {
    let line: Line =
        serde_json::from_str(line).map_err(|error| Unusable::new(Refusal::InvalidRecord, error))?;
    let url = Url::parse(&line.url).map_err(|_| Refusal::InvalidUrl).and_then(clean);
    let url = url.map_err(|refusal| {
        Unusable::new(refusal, format!("url {:?} is none of http or https", line.url))
    })?;
    let published_at = line.published_at.filter(|at| !at.is_empty());
    let published_at = published_at.map(|at| at.parse::<PublishedAt>()).transpose();
    if line.text.trim().is_empty() {
        return Err(Unusable::new(Refusal::NotArticle, "text is empty"));
    }
    let page = PageFields {
        image: line.image,
        tags: line.tags,
        section: line.section,
        modified_at: line.modified_at,
        paywalled: line.paywalled,
        outer_id: None,
    };
    let entry = Entry {
        url: url.into(),
        declared_canonical_url: line.canonical_url,
        title: line.title,
        authors: line.authors,
        published_at: published_at.map_err(|error| Unusable::new(Refusal::InvalidRecord, error))?,
        language: line.language,
        site_name: line.site_name,
        text: Text::new(line.text),
        observed_at: Revision(line.observed_at_ms.unwrap_or_default()),
        page,
        ..Entry::default()
    };
    Ok(entry.bounded())
}

/// Calls `handle` with each line and its number, counted from 1. Skips blank lines. Cuts a line
/// that is too long.
fn each_line(path: &Path, mut handle: impl FnMut(u64, &str) -> io::Result<()>) -> io::Result<()> {
    let mut file = unpacking(BufReader::new(File::open(path)?))?;
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if line.len() as u64 == MAX_LINE_BYTES && line.last() != Some(&b'\n') {
            file.skip_until(b'\n')?;
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            handle(number, text)?;
        }
    }
    Ok(())
}

/// Reads the pages of an archive. Each page counts as seen when it was archived.
fn read_archive(path: &Path, _: usize, sink: &Sink) -> io::Result<()> {
    let (mut pages, mut problem) = (0_u64, None);
    for page in courant_extract::sources::warc(BufReader::new(File::open(path)?)) {
        let refusal = match page {
            Ok(page) => {
                pages += 1;
                sink.put(archived(page))?;
                continue;
            }
            Err(WarcError::Read(error)) => return Err(error),
            Err(error) => {
                let refusal = why_unreadable(&error);
                problem.get_or_insert_with(|| error.to_string());
                refusal
            }
        };
        sink.put(Item::Nonsense(refusal))?;
    }
    match problem {
        Some(problem) if pages == 0 => {
            Err(io::Error::other(format!("no page of the archive; the first problem: {problem}")))
        }
        _ => Ok(()),
    }
}

fn why_unreadable(error: &WarcError) -> Refusal {
    match error {
        WarcError::TooLarge { .. } => Refusal::TooLarge,
        WarcError::Encoding { .. } | WarcError::Read(_) => Refusal::Unreadable,
        WarcError::Record(_) => Refusal::InvalidRecord,
    }
}

fn archived(page: WarcPage) -> Item {
    let Ok(url) = Url::parse(&page.url).map_err(|_| Refusal::InvalidUrl).and_then(clean) else {
        return Item::Nonsense(Refusal::InvalidUrl);
    };
    let date = page.date.and_then(|date| date.parse::<jiff::Timestamp>().ok());
    Item::Page(SavedPage {
        url: Some(url),
        html: page.body,
        content_type: page.content_type,
        observed_at: date.map(|date| Revision(date.as_millisecond())),
        is_cut: page.is_cut,
    })
}

fn read_page(path: &Path, limit: usize, sink: &Sink) -> io::Result<()> {
    let mut html = Vec::new();
    File::open(path)?.take(limit as u64 + 1).read_to_end(&mut html)?;
    if html.len() > limit {
        return sink.put(Item::Nonsense(Refusal::TooLarge));
    }
    let page = SavedPage { url: None, html, content_type: None, observed_at: None, is_cut: false };
    sink.put(Item::Page(page))
}

/// Reads the files in the order of their names, so that two runs do the same.
fn read_folder(path: &Path, limit: usize, sink: &Sink) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(path).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() && is_html(entry.path()) {
            read_page(entry.path(), limit, sink)?;
        }
    }
    Ok(())
}

fn is_html(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    ["html", "htm", "xhtml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_its_page_declares_and_what_does_not_fit_is_passed_over() {
        let line = |more: &str| {
            let line = format!(r#"{{"url":"https://a.example/1","text":"Text."{more}}}"#);
            article_line(&line).unwrap().page
        };
        let declared = line(
            r#","tags":["a","b"],"section":"Local","image":"https://a.example/1.jpg",
            "modified_at":"2026-03-04","paywalled":true"#,
        );
        assert_eq!((declared.tags.len(), declared.section.as_deref()), (2, Some("Local")));
        assert_eq!(declared.image.as_deref(), Some("https://a.example/1.jpg"));
        assert!(declared.modified_at.is_some() && declared.paywalled);
        let other = r#","tags":"a, b","image":{"src":"x"},"modified_at":"today","paywalled":null"#;
        assert_eq!(line(other), PageFields::default());
    }
}
