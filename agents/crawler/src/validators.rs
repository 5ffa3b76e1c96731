//! The headers of conditional requests.

/// The identifiers that a server gave to a version of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Returns true if a conditional request is possible.
    pub(crate) fn name_a_version(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}
