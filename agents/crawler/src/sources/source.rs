//! Sources of articles.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use courant_extract::sources::Kind;
use url::Url;

use crate::error::SourceError;
use crate::urls::clean;

/// The head of a file, by which its kind is seen.
const HEAD_BYTES: u64 = 64 * 1024;

/// A source that exists, and of a kind that can be crawled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A feed, a sitemap, a site, an OPML file or a URL list on the web: its answer
    /// shows which.
    Web(Url),
    /// A file.
    File(PathBuf, FileKind),
    /// The HTML files in a folder and those below it.
    Folder(PathBuf),
}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A list of feeds.
    Opml,
    /// A URL per line.
    UrlList,
    /// A saved feed.
    Feed,
    /// A saved sitemap.
    Sitemap,
    /// Archived responses, packed or not.
    Warc,
    /// An article per line, as JSON.
    Jsonl,
    /// One page.
    Html,
}

impl Source {
    /// Takes what a user writes: an http(s) URL, a file, or a folder.
    ///
    /// # Errors
    /// [`SourceError`] says what is wrong with `text`, and names it.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.contains("://") {
            let url = Url::parse(text).ok().and_then(|url| clean(url).ok());
            return url.map(Self::Web).ok_or_else(|| SourceError::Url(text.into()));
        }
        let path = Path::new(text);
        let unreadable = |source| SourceError::Unreadable { path: path.into(), source };
        match path.metadata() {
            Ok(found) if found.is_dir() => Ok(Self::Folder(path.into())),
            Ok(_) => Self::of_file(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(SourceError::NotFound(text.into()))
            }
            Err(error) => Err(unreadable(error)),
        }
    }

    fn of_file(path: &Path) -> Result<Self, SourceError> {
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
            .map_err(|source| SourceError::Unreadable { path: path.into(), source })?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let kind = match courant_extract::sources::kind(&head, None, name) {
            Kind::Opml => FileKind::Opml,
            Kind::UrlList => FileKind::UrlList,
            Kind::Feed => FileKind::Feed,
            Kind::Sitemap => FileKind::Sitemap,
            Kind::Warc => FileKind::Warc,
            Kind::Jsonl => FileKind::Jsonl,
            Kind::Html => FileKind::Html,
            _ => return Err(SourceError::NotASource(path.into())),
        };
        Ok(Self::File(path.into(), kind))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Web(url) => url.fmt(f),
            Self::File(path, _) | Self::Folder(path) => path.display().fmt(f),
        }
    }
}
