//! The headers of conditional requests.

/// A server's names for a version of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Says if there is anything to ask conditionally with.
    pub(crate) fn name_a_version(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}
