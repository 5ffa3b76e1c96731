//! The sources of articles that a user can name.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use courant_extract::sources::Kind;
use url::Url;

use crate::error::SourceError;
use crate::urls::clean;

/// The bytes at the start of a file that show its kind.
const HEAD_BYTES: u64 = 64 * 1024;

/// A source of a kind that can be crawled. Files and folders exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A feed, sitemap, site, OPML file or URL list on the web. Its answer shows which one.
    Web(Url),
    /// A file on disk, and its kind.
    File(PathBuf, FileKind),
    /// A folder with HTML files, including those in its subfolders.
    Folder(PathBuf),
}

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A list of feeds.
    Opml,
    /// One URL per line.
    UrlList,
    /// A saved feed.
    Feed,
    /// A saved sitemap.
    Sitemap,
    /// A WARC archive of responses, compressed or not.
    Warc,
    /// One article per line, as JSON.
    Jsonl,
    /// One saved page.
    Html,
}

impl Source {
    /// Parses a source as a user writes it: an http(s) URL, a file or a folder.
    ///
    /// # Errors
    /// A [`SourceError`] that names `text` and its fault.
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
