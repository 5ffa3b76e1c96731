//! Deleted articles, and the names of things that go with them.

use courant_article::{ArticleId, CanonicalUrl, ContentHash};
use courant_store::Error;

/// A deleted article, by the names that a log may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletedArticle {
    /// Its id.
    pub id: ArticleId,
    /// The hash of its last text.
    pub content_hash: ContentHash,
}

/// The key under which the crawler's tables know a URL.
pub(crate) fn url_key(url: &str) -> ArticleId {
    ArticleId::of(&CanonicalUrl::from_canonical(url))
}

pub(crate) fn article_id(bytes: &[u8]) -> Result<ArticleId, Error> {
    Ok(ArticleId::from_bytes(sixteen(bytes)?))
}

pub(crate) fn content_hash(bytes: &[u8]) -> Result<ContentHash, Error> {
    Ok(ContentHash::from_bytes(sixteen(bytes)?))
}

fn sixteen(bytes: &[u8]) -> Result<[u8; 16], Error> {
    let wrong = |_| Error::Corrupt(format!("an id or a hash has {} bytes", bytes.len()));
    bytes.try_into().map_err(wrong)
}
