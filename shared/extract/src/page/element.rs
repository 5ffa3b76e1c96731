//! An element of a page, and its place.

use dom_query::Element;

/// The place of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The number of elements up to this one.
    pub(super) at: usize,
    /// True if it stands in a sidebar, a footer or a list of other articles.
    pub(super) is_margin: bool,
    /// True if it stands in a list of other articles or among comments.
    pub(super) is_of_others: bool,
    /// The number of the innermost `article` element around it.
    pub(super) article: Option<usize>,
    /// The number of the outermost `header` element, or other head, around it.
    pub(super) head: Option<usize>,
}

/// Returns the value of an attribute.
pub(super) fn attr<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| attr.value.as_ref())
}
