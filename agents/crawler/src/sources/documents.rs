//! Caches the last copies of feeds, sitemaps and home pages, for conditional requests.

use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use url::Url;

use crate::outcome::{Ended, Failure};
use crate::validators::Validators;
use crate::web::fetch::Document;
use crate::web::{Copies, Visited, Web};

/// The most bytes that all cached documents may take.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// The documents that were fetched lately, by URL.
pub(crate) struct Documents(Cache<Url, Arc<Document>>);

/// A document that was fetched.
pub(crate) struct Fetched {
    pub(crate) document: Arc<Document>,
    /// The time for which it stays fresh, by the server's headers.
    pub(crate) fresh_for: Duration,
    /// The address that permanent redirects lead to, if there are any.
    pub(crate) moved: Option<Url>,
}

impl Documents {
    pub(crate) fn new() -> Self {
        let weigh = |_: &Url, document: &Arc<Document>| {
            u32::try_from(document.body.len()).unwrap_or(u32::MAX)
        };
        Self(Cache::builder().max_capacity(MAX_BYTES).weigher(weigh).build())
    }

    /// Fetches a feed, sitemap or home page. If its server calls it unchanged, this returns the
    /// cached copy, so that a page that failed before gets another chance.
    pub(crate) async fn fetch(&self, web: &Web, url: &Url) -> Result<Fetched, Ended> {
        match web.listing(url, self).await? {
            Visited::NotModified { before, fresh_for, moved, .. } => {
                Ok(Fetched { document: before, fresh_for, moved })
            }
            Visited::Elsewhere { .. } => Err(Failure::Leased.into()),
            Visited::Document { document, moved, .. } => {
                let document = Arc::new(document);
                self.0.insert(document.url.clone(), Arc::clone(&document)).await;
                let fresh_for = document.fresh_for;
                Ok(Fetched { document, fresh_for, moved })
            }
        }
    }
}

impl Copies for Documents {
    type Copy = Arc<Document>;

    async fn copy_of(&self, url: &Url) -> Result<Option<Arc<Document>>, Ended> {
        Ok(self.0.get(url).await)
    }

    fn validators(document: &Arc<Document>) -> &Validators {
        &document.validators
    }
}
