//! Reads a submission into the entry or the request that it becomes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use courant_api::submissions::Submission;
use courant_article::{
    ArticleId, Entry, FeedFields, MAX_TAGS, Origin, PageFields, PublishedAt, Revision, Text,
    is_on_the_web,
};
use courant_dedup::canonical_url;
use courant_extract::{Context, Deadline, Page, decoded, gate, page_within};
use courant_proto::v1;
use courant_proto::v1::crawl_requested::Kind;
use courant_telemetry::Clock;
use tokio::sync::Semaphore;
use url::Url;

/// A longer headline or name is a mistake.
const MAX_FIELD_CHARS: usize = 2_000;
/// A longer tag or section is a mistake.
const MAX_TAG_CHARS: usize = 100;
/// More authors are a mistake.
const MAX_AUTHORS: usize = 50;
/// A longer name of a submission is a mistake.
const MAX_SUBMISSION_ID_CHARS: usize = 200;

/// The source of a submission that names none.
const API: &str = "api";
/// The longest time that reading a submitted page may take.
const MAX_PAGE_TIME: Duration = Duration::from_secs(2);

/// The reason why a submission cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SubmissionError {
    /// The submission is invalid. The message says how to correct it.
    #[error("{0}")]
    Invalid(String),
    /// The reading of a page ended without a result.
    #[error("the page could not be read")]
    Stopped,
}

/// Reads submissions.
#[derive(Debug)]
pub struct SubmissionReader {
    clock: Clock,
    max_ahead_s: u64,
    /// One permit for each processor. A submitted page holds one while it is read.
    cores: Semaphore,
    /// Tells submissions of the same millisecond apart.
    count: AtomicU64,
}

impl SubmissionReader {
    /// Makes a reader. `max_ahead_s`: the seconds that a time of observation may be ahead of
    /// `clock`.
    pub fn new(clock: Clock, max_ahead_s: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { clock, max_ahead_s, cores: Semaphore::new(cores), count: AtomicU64::new(0) }
    }

    /// The entry of a submission with a text or a page, and the id of its article.
    ///
    /// # Errors
    /// [`SubmissionError`].
    pub async fn whole_entry(
        &self,
        mut submission: Submission,
    ) -> Result<(ArticleId, Entry), SubmissionError> {
        let Some(html) = submission.html.take() else { return self.entry(submission) };
        if submission.text.is_some() {
            let message = "there are both text and html; give one of them";
            return Err(SubmissionError::Invalid(message.into()));
        }
        check_fields(&submission)?;
        let url = Url::parse(submission.url.trim())
            .map_err(|error| invalid("url", &error, "give the page's http or https address"))?;
        let page = self.read_page(html, url).await?;
        self.entry_of_page(submission, page)
    }

    /// Reads a page as the crawler reads it. Each processor reads one at a time.
    async fn read_page(&self, html: String, url: Url) -> Result<Page, SubmissionError> {
        // The semaphore is never closed.
        let _core = self.cores.acquire().await;
        let fetched_at_ms = Some(self.clock.unix_ms());
        let context = Context { fetched_at_ms, is_listed: false };
        let reading = tokio::task::spawn_blocking(move || {
            let deadline = Deadline::after(MAX_PAGE_TIME);
            let utf_8 = Some("text/html; charset=utf-8");
            let page = page_within(html.as_bytes(), utf_8, &url, context, &deadline);
            page.map(|page| (gate(&decoded(html.as_bytes(), utf_8, Some(&url))), page))
        });
        let read = reading.await.map_err(|_| SubmissionError::Stopped)?;
        let (gate, page) =
            read.map_err(|error| SubmissionError::Invalid(format!("html: {error}")))?;
        let refused = |why: &str| Err(SubmissionError::Invalid(format!("html: {why}")));
        match page {
            page if page.noindex => refused("the page asks not to be indexed"),
            page if page.is_article && !page.text.trim().is_empty() => Ok(page),
            _ if gate.is_some() => refused("the page is a bot check or asks for a login"),
            _ => refused("the page is no article; send its text instead"),
        }
    }

    /// The request for the page at the address of a submission, and the id of its article.
    ///
    /// # Errors
    /// [`SubmissionError`].
    pub fn page_request(
        &self,
        submission: Submission,
    ) -> Result<(ArticleId, v1::CrawlRequested), SubmissionError> {
        check_fields(&submission)?;
        // A repeated submission has its time of observation, which is that of the fetch here.
        let alone = Submission {
            url: submission.url.clone(),
            tags: submission.tags.clone(),
            outer_id: submission.outer_id.clone(),
            source: submission.source.clone(),
            submission_id: submission.submission_id.clone(),
            observed_at: submission.observed_at.clone(),
            ..Submission::default()
        };
        if submission != alone {
            let message = "text is missing; beside an address alone, from which the crawler reads \
                           the rest, only tags, outer_id, source and submission_id are taken";
            return Err(SubmissionError::Invalid(message.into()));
        }
        let Submission { url, tags, outer_id, source, submission_id, .. } = submission;
        let url = web_address(&url)?;
        let canonical = canonical_url(&url, None)
            .map_err(|error| invalid("url", &error, "give the page's http or https address"))?;
        let id = ArticleId::of(&canonical);
        let request = v1::CrawlRequested {
            url,
            kind: Kind::Page.into(),
            requested_at_ms: self.clock.unix_ms(),
            requested_by: source.unwrap_or_else(|| API.into()),
            submission_id: submission_id.unwrap_or_else(|| self.new_submission_id(id)),
            tags,
            outer_id: outer_id.unwrap_or_default(),
        };
        Ok((id, request))
    }

    /// The entry of a submission with a text, and the id by which its article will be found.
    ///
    /// # Errors
    /// [`SubmissionError`].
    pub fn entry(&self, mut submission: Submission) -> Result<(ArticleId, Entry), SubmissionError> {
        check_fields(&submission)?;
        if submission.html.is_some() {
            let message = "html is taken over HTTP and MCP alone; give the text";
            return Err(SubmissionError::Invalid(message.into()));
        }
        let missing = |what: &str| SubmissionError::Invalid(format!("{what} is missing; give it"));
        let text = submission.text.take().ok_or_else(|| missing("text"))?;
        let title = submission.title.take().ok_or_else(|| missing("title"))?;
        if text.trim().is_empty() {
            return Err(SubmissionError::Invalid(
                "text is empty; give the article's plain text".into(),
            ));
        }
        self.entry_of_page(submission, Page { title, text, ..Page::default() })
    }

    /// The entry of a page. What the submission states replaces what the page says.
    fn entry_of_page(
        &self,
        submission: Submission,
        page: Page,
    ) -> Result<(ArticleId, Entry), SubmissionError> {
        let declared = submission.declared_canonical_url.as_deref();
        let declared = declared.or(page.canonical_url.as_deref());
        let url = canonical_url(&submission.url, declared)
            .map_err(|error| invalid("url", &error, "give the article's http or https address"))?;
        let id = ArticleId::of(&url);
        let now = self.clock.now();
        let observed_at = match submission.observed_at.as_deref() {
            None => now,
            Some(time) => time.parse::<jiff::Timestamp>().map_err(|error| {
                invalid("observed_at", &error, "give RFC 3339 with an offset, or leave it out")
            })?,
        };
        let ahead_s = observed_at.duration_since(now).as_secs();
        if u64::try_from(ahead_s).is_ok_and(|ahead_s| ahead_s > self.max_ahead_s) {
            let error = format!("it lies {ahead_s} s ahead of the clock here");
            return Err(invalid("observed_at", &error, "give when it was seen, or leave it out"));
        }
        let published_at = time("published_at", submission.published_at)?;
        let modified_at = time("modified_at", submission.modified_at)?;
        let submission_id = submission.submission_id.unwrap_or_else(|| self.new_submission_id(id));
        let mut evidence = page.evidence;
        let title = stated(submission.title, page.title, &mut evidence.title);
        let authors = Some(submission.authors).filter(|authors| !authors.is_empty());
        let authors = stated(authors, page.authors, &mut evidence.authors);
        let published_at =
            stated(published_at.map(Some), page.published_at, &mut evidence.published_at);
        let language = stated(submission.language.map(Some), page.language, &mut evidence.language);
        let section = stated(submission.section.map(Some), page.section, &mut evidence.section);
        let of_page = page.tags.into_iter().filter(|tag| !submission.tags.contains(tag));
        let tags = submission.tags.iter().cloned().chain(of_page).take(MAX_TAGS).collect();
        let entry = Entry {
            submission_id,
            url: submission.url,
            declared_canonical_url: submission.declared_canonical_url.or(page.canonical_url),
            title,
            authors,
            published_at,
            language,
            site_name: submission.site_name.or(page.site_name),
            text: Text::new(page.text),
            observed_at: Revision(observed_at.as_millisecond()),
            source: submission.source.unwrap_or_else(|| API.into()),
            page: PageFields {
                image: submission.image.or(page.image),
                tags,
                section,
                modified_at: modified_at.or(page.modified_at),
                paywalled: submission.paywalled || page.paywalled,
                outer_id: submission.outer_id,
            },
            feed: FeedFields::default(),
            evidence,
        };
        Ok((id, entry.bounded()))
    }

    /// Makes up a name for a submission.
    fn new_submission_id(&self, id: ArticleId) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        format!("{id}-{:x}-{number:x}", self.clock.unix_ms())
    }
}

/// Returns the value that the submission states, which has no other source, or else the page's.
fn stated<T>(submitted: Option<T>, of_page: T, origin: &mut Option<Origin>) -> T {
    match submitted {
        Some(value) => {
            *origin = None;
            value
        }
        None => of_page,
    }
}

fn check_fields(submission: &Submission) -> Result<(), SubmissionError> {
    let too_long = |field: &str, most: usize| {
        SubmissionError::Invalid(format!("{field} is longer than {most} characters; shorten it"))
    };
    if submission.authors.len() > MAX_AUTHORS {
        let message = format!("there are more than {MAX_AUTHORS} authors; leave some out");
        return Err(SubmissionError::Invalid(message));
    }
    check_tags(&submission.tags)?;
    if submission.section.as_ref().is_some_and(|section| is_longer(section, MAX_TAG_CHARS)) {
        return Err(too_long("section", MAX_TAG_CHARS));
    }
    check_image(submission.image.as_deref())?;
    for author in &submission.authors {
        if is_longer(author, MAX_FIELD_CHARS) {
            return Err(too_long("an author", MAX_FIELD_CHARS));
        }
    }
    let fields = [
        ("title", submission.title.as_ref()),
        ("language", submission.language.as_ref()),
        ("site_name", submission.site_name.as_ref()),
        ("source", submission.source.as_ref()),
        ("declared_canonical_url", submission.declared_canonical_url.as_ref()),
    ];
    for (name, value) in fields {
        if value.is_some_and(|value| is_longer(value, MAX_FIELD_CHARS)) {
            return Err(too_long(name, MAX_FIELD_CHARS));
        }
    }
    if submission.outer_id.as_ref().is_some_and(|id| is_longer(id, MAX_SUBMISSION_ID_CHARS)) {
        return Err(too_long("outer_id", MAX_SUBMISSION_ID_CHARS));
    }
    let id = submission.submission_id.as_deref();
    if id.is_some_and(|id| is_longer(id, MAX_SUBMISSION_ID_CHARS)) {
        return Err(too_long("submission_id", MAX_SUBMISSION_ID_CHARS));
    }
    if id.is_some_and(|id| id.is_empty() || id.chars().any(char::is_control)) {
        let message = "submission_id is empty or has control characters; use letters and digits";
        return Err(SubmissionError::Invalid(message.into()));
    }
    Ok(())
}

/// Checks the number and the length of tags.
///
/// # Errors
/// [`SubmissionError::Invalid`].
pub fn check_tags(tags: &[String]) -> Result<(), SubmissionError> {
    if tags.len() > MAX_TAGS {
        let message = format!("there are more than {MAX_TAGS} tags; leave some out");
        return Err(SubmissionError::Invalid(message));
    }
    if tags.iter().any(|tag| is_longer(tag, MAX_TAG_CHARS)) {
        let message = format!("a tag is longer than {MAX_TAG_CHARS} characters; shorten it");
        return Err(SubmissionError::Invalid(message));
    }
    Ok(())
}

fn check_image(image: Option<&str>) -> Result<(), SubmissionError> {
    let Some(image) = image else { return Ok(()) };
    if is_longer(image, MAX_FIELD_CHARS) || !is_on_the_web(image) {
        let message = "image is no http or https address, or too long; leave it out";
        return Err(SubmissionError::Invalid(message.into()));
    }
    Ok(())
}

fn is_longer(text: &str, most: usize) -> bool {
    text.chars().nth(most).is_some()
}

fn time(field: &str, text: Option<String>) -> Result<Option<PublishedAt>, SubmissionError> {
    let fix = "give RFC 3339 with an offset, or a date alone";
    text.map(|text| text.parse()).transpose().map_err(|error| invalid(field, &error, fix))
}

fn invalid(field: &str, error: &dyn std::fmt::Display, fix: &str) -> SubmissionError {
    SubmissionError::Invalid(format!("{field}: {error}; {fix}"))
}

/// Returns the address of a source or page as the crawler uses it. The crawler itself checks where
/// it leads.
///
/// # Errors
/// [`SubmissionError::Invalid`].
pub fn web_address(text: &str) -> Result<String, SubmissionError> {
    let wrong = |why: &str| {
        let shown: String = text.chars().take(80).collect();
        SubmissionError::Invalid(format!("url is {shown:?}, {why}"))
    };
    let mut url = Url::parse(text.trim()).map_err(|_| wrong("which is no address"))?;
    if !is_on_the_web(url.as_str()) || !url.has_host() {
        return Err(wrong("which is no http or https address, or too long"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("which has a user name or password; leave it out"));
    }
    url.set_fragment(None);
    Ok(url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_of_the_web_without_secrets() {
        assert_eq!(web_address(" HTTP://A.example/x#y ").unwrap(), "http://a.example/x");
        for wrong in ["", "a.example", "ftp://a.example/", "file:///etc/passwd", "http://u:p@a.b/"]
        {
            assert!(web_address(wrong).is_err(), "{wrong}");
        }
        assert!(web_address(&format!("http://a.example/{}", "x".repeat(5_000))).is_err());
    }
}
