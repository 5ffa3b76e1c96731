//! Why a crawl cannot begin or go on.

use std::path::PathBuf;

use crate::outcome::{Ended, Refusal};
use courant_config::RangeError;

/// The crawler cannot be built or run. What happens to single pages and sources
/// is no error: it is in the [`crate::Report`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting out of its range.
    #[error(transparent)]
    Config(#[from] RangeError),
    /// The HTTP client cannot be built.
    #[error("cannot build the HTTP client")]
    Client(#[source] reqwest::Error),
    /// The pressure on the pipeline cannot be listened to.
    #[error("cannot listen to the pipeline's pressure")]
    Bus(#[source] courant_bus::Error),
    /// The bus takes no more articles. Those that it took are safe, the others are
    /// found again by the next crawl.
    #[error("cannot hand on an article")]
    Publish(#[source] courant_bus::PublishError),
}

/// A source that cannot be crawled.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Neither a URL nor a file or folder.
    #[error("source {0:?} is neither an http(s) URL nor an existing file or folder")]
    NotFound(String),
    /// A URL of another scheme, or a broken one.
    #[error("source {0:?} is no http(s) URL")]
    Url(String),
    /// A file of no kind that is known.
    #[error(
        "source {} is no feed, sitemap, OPML, URL list, WARC, JSONL or HTML file",
        .0.display()
    )]
    NotASource(PathBuf),
    /// A file or folder that cannot be read.
    #[error("cannot read source {}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Why an address gave nothing, and the way out where there is one.
fn why_not(ended: Ended) -> String {
    match ended {
        Ended::Refused(Refusal::PrivateAddress) => {
            "not fetched: private_address; crawler.allow_networks lets it in".into()
        }
        Ended::Refused(Refusal::Gone) => {
            "gone for good (410): it is not asked for again; take it off the sources".into()
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

/// Why a round over a source brought nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fruitless {
    /// Its address gave nothing, as pages give nothing.
    #[error("{}", why_not(*.0))]
    NotFetched(Ended),
    /// A web page answers where a feed, sitemap or list was before.
    #[error("a web page stands in the place of the {kind}: its links are not followed")]
    PageInPlace {
        /// The kind of listing that was here.
        kind: &'static str,
    },
    /// It is neither feed nor sitemap nor site.
    #[error("no feed, sitemap, OPML, URL list or web page")]
    NotASource,
    /// A feed, sitemap or OPML file that is broken.
    #[error("a broken {kind}: {problem}")]
    Broken {
        /// The kind of file that it seems to be.
        kind: &'static str,
        /// The fault, in the parser's words.
        problem: String,
    },
    /// A site that leads nowhere.
    #[error("no feed, no sitemap and no link to a page of the same site")]
    LeadsNowhere,
    /// The problem found at the last look; the next look is not due yet.
    #[error("{0}")]
    NotDue(String),
    /// A file that cannot be read, or not to its end.
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
