//! The errors that keep a crawl from starting or continuing.

use std::path::PathBuf;

use crate::outcome::{Ended, Refusal};
use courant_config::RangeError;

/// The reason why the crawler cannot be built or run. The outcomes of single pages and sources
/// are not errors: the [`crate::Report`] counts them.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is out of its range.
    #[error(transparent)]
    Config(#[from] RangeError),
    /// The HTTP client cannot be built.
    #[error("cannot build the HTTP client")]
    Client(#[source] reqwest::Error),
    /// The crawler cannot listen to the pipeline's pressure, or take requests.
    #[error("cannot listen to the bus")]
    Bus(#[source] courant_bus::Error),
    /// The bus accepts no more articles. The articles that it accepted are safe. The next crawl
    /// finds the others again.
    #[error("cannot hand on an article")]
    Publish(#[source] courant_bus::PublishError),
}

/// A source that cannot be crawled.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The text names neither a URL nor an existing file or folder.
    #[error("source {0:?} is neither an http(s) URL nor an existing file or folder")]
    NotFound(String),
    /// The URL is invalid, or its scheme is not http or https.
    #[error("source {0:?} is no http(s) URL")]
    Url(String),
    /// The file is of no known kind.
    #[error(
        "source {} is no feed, sitemap, OPML, URL list, WARC, JSONL or HTML file",
        .0.display()
    )]
    NotASource(PathBuf),
    /// The file or folder cannot be read.
    #[error("cannot read source {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The I/O error.
        #[source]
        source: std::io::Error,
    },
}

/// Explains why an address gave nothing, and the remedy if there is one.
fn why_not(ended: Ended) -> String {
    match ended {
        Ended::Refused(Refusal::PrivateAddress) => {
            "not fetched: private_address; crawler.allow_networks lets it in".into()
        }
        Ended::Refused(Refusal::Gone) => {
            "gone for good (410): it is not asked for again; take it off the sources, or check it now".into()
        }
        Ended::Refused(Refusal::BotCheck) => {
            "blocked by a bot check: ask the publisher to let the crawler in, or for a feed that \
             is open to it"
                .into()
        }
        Ended::Refused(Refusal::Login) => {
            "asks for a login: ask the publisher for an address that is open, or take it off the \
             sources"
                .into()
        }
        ended => format!("not fetched: {}", ended.reason()),
    }
}

/// The reason why a round over a source brought no pages.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fruitless {
    /// The source could not be fetched.
    #[error("{}", why_not(*.0))]
    NotFetched(Ended),
    /// The address returns a web page now; before, it returned a feed, sitemap or list.
    #[error("a web page stands in the place of the {kind}: its links are not followed")]
    PageInPlace {
        /// The kind of listing that was there before.
        kind: &'static str,
    },
    /// The document is of no kind that can be a source.
    #[error("no feed, sitemap, OPML, URL list or web page")]
    NotASource,
    /// The feed, sitemap or other document cannot be parsed.
    #[error("a broken {kind}: {problem}")]
    Broken {
        /// The kind that the document seems to be.
        kind: &'static str,
        /// The fault, in the parser's words.
        problem: String,
    },
    /// The site has no feed, no sitemap and no link to one of its pages.
    #[error("no feed, no sitemap and no link to a page of the same site")]
    LeadsNowhere,
    /// The problem that the last check found. The next check is not due yet.
    #[error("{0}")]
    NotDue(String),
    /// The file cannot be read, or not to its end.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
}

impl Fruitless {
    pub(crate) fn broken(kind: &'static str, error: &dyn std::error::Error) -> Self {
        let problem = error.to_string().lines().next().unwrap_or_default().to_owned();
        Self::Broken { kind, problem }
    }
}

impl From<Ended> for Fruitless {
    fn from(ended: Ended) -> Self {
        Self::NotFetched(ended)
    }
}
