//! Reads an HTML page as an article.

use courant_article::{Evidence, PublishedAt};
use dom_query::Document;
use url::Url;

use crate::charset;
use crate::deadline::{Deadline, TimeIsUp};
use crate::isolate::{Unparsable, document, isolated};
use crate::trees::Signs;

mod authors;
mod content;
mod context;
mod dates;
mod element;
mod json_ld;
mod language;
mod likeness;
mod links;
mod metadata;
mod microdata;
mod print;
mod shown;
mod shown_byline;
mod shown_date;
mod site;
mod structured;
mod survey;
mod tidy;
mod title;
mod verdict;

pub use content::MAX_PAGE_TEXT_BYTES;
use content::{About, Content};
pub use context::Context;
pub(crate) use dates::labels;
pub(crate) use language::iso_639_1;
use metadata::Metadata;
pub use print::is_print_url;
use structured::Structured;
use survey::Survey;
pub(crate) use tidy::tidy;

/// The most bytes of a page. Larger pages are refused.
pub const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;

/// The contents of a page and its links, as `courant extract` prints them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// True if the page is one article, rather than a listing, a form or a bot check.
    pub is_article: bool,
    /// The headline without the site's name; empty if there is none.
    pub title: String,
    /// Names of the authors, in the page's order.
    pub authors: Vec<String>,
    /// The publishing time, in the page's own offset.
    pub published_at: Option<PublishedAt>,
    /// The time of the last change, as the page states it. It never stands in for the publishing
    /// time.
    pub modified_at: Option<PublishedAt>,
    /// The language that the page declares, ISO 639-1.
    pub language: Option<String>,
    /// The publisher's name.
    pub site_name: Option<String>,
    /// The section that the page puts the article into, in the page's own words.
    pub section: Option<String>,
    /// Tags and keywords in the page's words, each once, at most 32.
    pub tags: Vec<String>,
    /// The absolute URL of the lead image. It is not checked.
    pub image: Option<String>,
    /// True if the page declares that not every reader may read all of it.
    pub paywalled: bool,
    /// The absolute URL that the page calls canonical. It is not checked.
    pub canonical_url: Option<String>,
    /// The main text, with a blank line between paragraphs. A page that is no article may have a
    /// text, too.
    pub text: String,
    /// The main text with headings, lists, quotes and links. Links are absolute.
    pub markdown: String,
    /// Feeds that the page announces.
    pub feeds: Vec<Url>,
    /// Links to pages of the same site that look like articles, in the page's order, at most 500.
    pub links: Vec<Url>,
    /// True if the page asks not to be indexed.
    pub noindex: bool,
    /// True if the page is the print view of an article that stands elsewhere.
    pub is_print_view: bool,
    /// The sources that the values come from.
    pub evidence: Evidence,
}

/// The reasons why a page cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The page is larger than [`MAX_PAGE_BYTES`].
    #[error("the page has {0} bytes, more than {MAX_PAGE_BYTES}")]
    TooLarge(usize),
    /// The page is nested too deeply or has too many open tags. Parsing it would take too much
    /// stack, memory or time.
    #[error("the page is too complex to be parsed")]
    TooComplex,
    /// The deadline passed before the page was read.
    #[error("the page was not read before the deadline")]
    TooSlow,
    /// A parser panicked on the page.
    #[error("the HTML parser panicked: {0}")]
    Panicked(String),
}

impl From<TimeIsUp> for PageError {
    fn from(_: TimeIsUp) -> Self {
        Self::TooSlow
    }
}

impl From<Unparsable> for PageError {
    fn from(reason: Unparsable) -> Self {
        match reason {
            Unparsable::TooComplex => Self::TooComplex,
            Unparsable::TimeIsUp => Self::TooSlow,
        }
    }
}

/// Reads an HTML page without a time limit. `charset_hint`: the `Content-Type` of the response, or
/// a charset. `url`: the URL from which the page was fetched; relative links are resolved against
/// it.
///
/// # Errors
/// [`PageError`] if the page cannot be parsed. A page without an article is no error: its
/// [`Page::is_article`] is false.
pub fn page(html: &[u8], charset_hint: Option<&str>, url: &Url) -> Result<Page, PageError> {
    page_within(html, charset_hint, url, Context::default(), &Deadline::never())
}

/// Reads an HTML page as [`page`] does, with the circumstances of the fetch in `context`. Gives up
/// when `deadline` has passed.
///
/// # Errors
/// The errors of [`page`], and [`PageError::TooSlow`].
pub fn page_within(
    html: &[u8],
    charset_hint: Option<&str>,
    url: &Url,
    context: Context,
    deadline: &Deadline<'_>,
) -> Result<Page, PageError> {
    parsed(html, charset_hint, url, deadline, |document| read(document, url, context, deadline))
}

/// Returns the numbers that decide [`Page::is_article`]. They serve to train that decision.
///
/// # Errors
/// The errors of [`page`].
pub fn signs(html: &[u8], charset_hint: Option<&str>, url: &Url) -> Result<Signs, PageError> {
    let deadline = Deadline::never();
    parsed(html, charset_hint, url, &deadline, |document| {
        let Described { base, structured, metadata } =
            Described::read(document, url, Context::default(), &deadline)?;
        let about = about(&structured, &metadata);
        let content = Content::read(document, &base, about, &deadline)?;
        Ok(verdict::signs(document, url, &metadata, &content))
    })
}

/// Returns the text of each block that may belong to the article, with named numbers. The numbers
/// decide if it does, and serve to train that decision.
///
/// # Errors
/// The errors of [`page`].
pub fn block_signs(
    html: &[u8],
    charset_hint: Option<&str>,
    url: &Url,
) -> Result<Vec<(String, Signs)>, PageError> {
    let deadline = Deadline::never();
    parsed(html, charset_hint, url, &deadline, |document| {
        let described = Described::read(document, url, Context::default(), &deadline)?;
        let about = about(&described.structured, &described.metadata);
        content::block_signs(document, about, &deadline)
    })
}

fn parsed<T>(
    html: &[u8],
    charset_hint: Option<&str>,
    url: &Url,
    deadline: &Deadline<'_>,
    read: impl FnOnce(&Document) -> Result<T, TimeIsUp>,
) -> Result<T, PageError> {
    if html.len() > MAX_PAGE_BYTES {
        return Err(PageError::TooLarge(html.len()));
    }
    let html = charset::decode(html, charset_hint, url.into());
    isolated(|| Ok(read(&document(&html, deadline)?)?)).map_err(PageError::Panicked)?
}

/// The description that a page gives of itself.
struct Described {
    /// Relative links are resolved against it.
    base: Url,
    structured: Structured,
    metadata: Metadata,
}

impl Described {
    fn read(
        document: &Document,
        url: &Url,
        context: Context,
        deadline: &Deadline<'_>,
    ) -> Result<Self, TimeIsUp> {
        let survey = Survey::read(document, deadline)?;
        let structured = Structured::read(&survey);
        deadline.look()?;
        let base = links::base(document, url);
        let metadata = Metadata::read(&survey, &structured, url, &base, context);
        deadline.look()?;
        Ok(Self { base, structured, metadata })
    }
}

fn about<'a>(structured: &'a Structured, metadata: &'a Metadata) -> About<'a> {
    About {
        title: &metadata.title,
        description: &metadata.description,
        declared_body: structured.article_body.as_deref(),
        is_live: structured.is_live,
    }
}

fn read(
    document: &Document,
    url: &Url,
    context: Context,
    deadline: &Deadline<'_>,
) -> Result<Page, TimeIsUp> {
    let Described { base, structured, metadata } =
        Described::read(document, url, context, deadline)?;
    let feeds = links::feeds(document, url, &base);
    let links = links::articles(document, url, &base);
    let content = Content::read(document, &base, about(&structured, &metadata), deadline)?;
    let is_article = verdict::is_article(document, url, &structured, &metadata, &content, context);
    Ok(Page {
        is_article: is_article.is_some(),
        evidence: Evidence { is_article, ..metadata.evidence },
        title: metadata.title,
        authors: metadata.authors,
        published_at: metadata.published_at,
        modified_at: metadata.modified_at,
        language: metadata.language,
        site_name: metadata.site_name,
        section: metadata.section,
        tags: metadata.tags,
        image: metadata.image,
        paywalled: metadata.paywalled,
        canonical_url: metadata.canonical_url,
        text: content.text,
        markdown: content.markdown,
        feeds,
        links,
        noindex: metadata.noindex,
        is_print_view: print::is_print_view(document, url),
    })
}

#[cfg(test)]
mod tests;
