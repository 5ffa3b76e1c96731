//! The page's statements that help to find its text.

/// The metadata that help to find the text.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::page) struct About<'a> {
    /// The title. It is left out of the text.
    pub(in crate::page) title: &'a str,
    /// The description in the page's meta elements.
    pub(in crate::page) description: &'a str,
    /// The article's body in the page's structured data.
    pub(in crate::page) declared_body: Option<&'a str>,
    /// True for a live blog, whose posts have headlines of their own.
    pub(in crate::page) is_live: bool,
}
