//! Treats pages that only send their readers to another page as redirects.

use courant_extract::{Refresh, decoded};
use url::Url;

use crate::web::fetch::Document;

/// Returns the address that a document sends its readers to, if it does nothing else.
pub(crate) fn target(document: &Document) -> Option<Url> {
    let content_type = document.content_type.as_deref();
    if content_type.is_some_and(|content_type| !content_type.to_ascii_lowercase().contains("html"))
        || document.body.len() > Refresh::MAX_STUB_BYTES
    {
        return None;
    }
    let html = decoded(&document.body, content_type, Some(&document.url));
    let refresh = Refresh::of_stub(&html, document.refresh.as_deref())?;
    let mut target = document.url.join(&refresh.url).ok()?;
    // A fragment names a place in the same page.
    target.set_fragment(None);
    (target != document.url).then_some(target)
}
