//! One page: visited, read, handed on, remembered, in that order.

use std::time::Duration;

use courant_article::{Entry, Text};
use courant_extract::{Deadline, Page as Extracted, PageError, page_within};
use tokio::time::Instant;
use url::Url;

use crate::crawl::{Crawl, domain_of};
use crate::fetch::Document;
use crate::frontier::Page;
use crate::memory::Remembered;
use crate::outcome::{Ended, Outcome, Refusal};
use crate::submit::{bounded, content_of};
use crate::visit::Visited;

/// Works one page off.
#[tracing::instrument(name = "crawl page", skip_all, fields(source.domain = domain_of(&page.url)))]
pub(crate) async fn page(crawl: &Crawl, page: &Page) -> Result<Outcome, Ended> {
    if crawl.is_known_and_recent(page).await? {
        return Ok(Outcome::Known);
    }
    // The slot is held until the article is on the bus.
    let (url, visit, outcome, _slot) = match crawl.visit(&page.url).await? {
        Visited::NotModified { url, before } => {
            let visit = Remembered { visited_at_ms: crawl.clock.unix_ms(), status: 304, ..before };
            (url, visit, Ok(Outcome::NotModified), None)
        }
        Visited::Document { document, before, slot } => {
            let url = document.url.clone();
            let (visit, outcome) = document_of(crawl, page, document, before).await?;
            (url, visit, outcome, Some(slot))
        }
    };
    if url != page.url {
        let named = Remembered { validators: Default::default(), ..visit.clone() };
        crawl.memory.remember(&page.url, named).await;
    }
    crawl.memory.remember(&url, visit).await;
    outcome
}

/// Hands on what the page says, if it is an article and says something new.
/// `Err` where the visit must not be remembered.
async fn document_of(
    crawl: &Crawl,
    page: &Page,
    document: Document,
    before: Option<Remembered>,
) -> Result<(Remembered, Result<Outcome, Ended>), Ended> {
    crawl.progress.count(|report| report.fetched += 1);
    crawl.metrics.body(document.body.len());
    let url = document.url.clone();
    let mut visit = Remembered {
        validators: document.validators.clone(),
        content: None,
        visited_at_ms: crawl.clock.unix_ms(),
        status: 200,
    };
    let entry = match read(crawl, document).await {
        Ok(extracted) => article(&url, page, extracted),
        Err(refusal) => return Ok((visit, Err(refusal.into()))),
    };
    let content = content_of(&entry);
    visit.content = Some(content);
    if before.is_some_and(|before| before.content == Some(content)) {
        return Ok((visit, Ok(Outcome::NotModified)));
    }
    crawl.submit(entry, content).await?;
    Ok((visit, Ok(Outcome::Submitted)))
}

/// Extracts the article, on a thread of its own: a page may keep a processor busy.
async fn read(crawl: &Crawl, document: Document) -> Result<Extracted, Refusal> {
    if document.noindex {
        return Err(Refusal::NoIndex);
    }
    let _core = crawl.cores.acquire().await;
    let starts = Instant::now();
    let limit = crawl.config.max_page_time();
    let extracted = tokio::task::spawn_blocking(move || extract(&document, limit)).await;
    crawl.metrics.stage("extract", starts.elapsed());
    // A panic in a parser costs its page.
    extracted.unwrap_or(Err(Refusal::Unreadable))
}

fn extract(document: &Document, limit: Duration) -> Result<Extracted, Refusal> {
    let charset = document.content_type.as_deref();
    if charset.is_some_and(|declared| !is_html(declared)) {
        return Err(Refusal::NotHtml);
    }
    check(read_html(&document.body, charset, &document.url, limit)?)
}

/// Reads a page within its time, which begins now.
pub(crate) fn read_html(
    html: &[u8],
    content_type: Option<&str>,
    url: &Url,
    limit: Duration,
) -> Result<Extracted, Refusal> {
    let page = page_within(html, content_type, url, &Deadline::after(limit));
    page.map_err(|error| match error {
        PageError::TooSlow => Refusal::TooSlow,
        PageError::TooLarge(_) => Refusal::TooLarge,
        PageError::TooComplex | PageError::Panicked(_) => Refusal::Unreadable,
    })
}

/// Servers call HTML many things, but not these.
fn is_html(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let other = ["image/", "audio/", "video/", "font/", "application/pdf", "application/json"];
    !other.iter().any(|prefix| media_type.starts_with(prefix))
}

/// Lets articles pass.
pub(crate) fn check(page: Extracted) -> Result<Extracted, Refusal> {
    if page.noindex {
        return Err(Refusal::NoIndex);
    }
    if !page.is_article || page.text.trim().is_empty() {
        return Err(Refusal::NotArticle);
    }
    Ok(page)
}

/// What is handed on: the page's own words, the feed's where it has none.
pub(crate) fn article(url: &Url, found: &Page, page: Extracted) -> Entry {
    let hint = found.hint.clone();
    let title = Some(page.title).filter(|title| !title.is_empty());
    bounded(Entry {
        url: url.to_string(),
        declared_canonical_url: page.canonical_url,
        title: title.or(hint.title).unwrap_or_default(),
        authors: page.authors,
        published_at: page.published_at.or(hint.published_at),
        language: page.language,
        site_name: page.site_name,
        text: Text::new(page.text),
        source: found.source.to_string(),
        ..Entry::default()
    })
}
