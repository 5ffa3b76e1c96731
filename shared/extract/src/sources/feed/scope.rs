//! The open elements, and the values that they state for the elements inside.

use url::Url;

use super::values::link;
use super::vocabulary::Module;
use crate::xml::{Attributes, local};

/// The most elements that may be open at once. Deeper ones are ignored.
pub(super) const MAX_DEPTH: usize = 256;

/// The way in which the contents of an open element are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Only the start of a feed or an entry is looked for.
    Outside,
    Channel,
    SkipHours,
    SkipDays,
    Entry,
    /// A part of an entry that has the same elements for its media.
    MediaGroup,
    /// The feed that the entry was taken from.
    Source,
    Author,
    /// The author of the feed, or of the feed that the entry was taken from.
    FeedAuthor,
    /// Nothing is looked for.
    Ignored,
}

/// An element that has started and not ended.
pub(super) struct Open {
    pub(super) name: String,
    pub(super) place: Place,
    /// The length of the list of name spaces before this element.
    namespaces: usize,
    /// The URL of the element's own `xml:base`.
    base: Option<Url>,
}

/// The open elements, the outermost first.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) open: Vec<Open>,
    namespaces: Vec<(String, Option<Module>)>,
    document_base: Option<Url>,
    /// The URL of the page that the feed belongs to.
    home: Option<Url>,
}

impl Scope {
    pub(super) fn new(document_base: Option<&Url>) -> Self {
        Self { document_base: document_base.cloned(), ..Self::default() }
    }

    pub(super) fn enter(&mut self, name: &str, attributes: &Attributes<'_>) {
        let namespaces = self.namespaces.len();
        for (name, uri) in attributes.iter() {
            let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix {
                self.namespaces.push((prefix.to_owned(), Module::of_uri(&uri)));
            }
        }
        let base = attributes.get("xml:base").and_then(|base| match self.base() {
            Some(outer) => outer.join(base.trim()).ok(),
            None => Url::parse(base.trim()).ok(),
        });
        self.open.push(Open { name: name.to_owned(), place: Place::Ignored, namespaces, base });
    }

    pub(super) fn leave(&mut self) -> Option<Open> {
        let ended = self.open.pop()?;
        self.namespaces.truncate(ended.namespaces);
        Some(ended)
    }

    /// Returns the place of the innermost element, which says what to look for in it.
    pub(super) fn place(&self) -> Place {
        self.open.last().map_or(Place::Outside, |open| open.place)
    }

    /// Returns the URL that links are relative to at this place.
    pub(super) fn base(&self) -> Option<Url> {
        let declared = self.open.iter().rev().find_map(|open| open.base.as_ref());
        declared.or(self.document_base.as_ref()).or(self.home.as_ref()).cloned()
    }

    /// Takes the first link of the feed that can be resolved as the feed's home page.
    pub(super) fn see_home(&mut self, href: Option<&str>) {
        let base = self.base();
        let home = href.and_then(|href| Url::parse(&link(href, base.as_ref())?).ok());
        self.home = self.home.take().or(home);
    }

    /// Returns the vocabulary of an element with this name.
    pub(super) fn module(&self, name: &str) -> Module {
        let prefix = local(name).1;
        let declared = self.namespaces.iter().rev().find(|(known, _)| known == prefix);
        declared.and_then(|(_, module)| *module).unwrap_or_else(|| Module::of_prefix(prefix))
    }
}
