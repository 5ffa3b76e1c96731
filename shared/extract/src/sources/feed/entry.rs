//! One entry while it is being read.

use courant_article::PublishedAt;
use url::Url;

use super::construct::Construct;
use super::names::{each_once, person};
use super::prose::Prose;
use super::types::{FeedEntry, FeedKind};
use super::values::{field, link};
use super::vocabulary::Field;
use crate::date::feed_date;
use crate::xml::Attributes;

/// The most links of an entry that are examined.
const MAX_LINKS: usize = 32;

/// A value with the rank of the element that it comes from.
type Ranked<T> = Option<(u8, T)>;

/// The parts of an entry that were read so far.
#[derive(Default)]
pub(super) struct Draft {
    id: Option<String>,
    id_is_no_link: bool,
    links: Vec<Link>,
    original_link: Option<String>,
    title: Ranked<String>,
    published: Ranked<PublishedAt>,
    updated: Ranked<PublishedAt>,
    summary: Ranked<Prose>,
    content: Option<Prose>,
    authors: Vec<(u8, String)>,
    /// The authors of the feed that the entry was taken from (RFC 4287, 4.2.11).
    source_authors: Vec<String>,
    categories: Vec<String>,
}

struct Link {
    href: String,
    is_page: bool,
    is_html: bool,
}

impl Draft {
    /// Starts an entry. RDF and CDF state values in its start tag.
    pub(super) fn new(attributes: &Attributes<'_>, base: Option<&Url>) -> Self {
        let mut draft = Self::default();
        if let Some(href) = attributes.get("href") {
            draft.add_link(&href, None, None, base);
        }
        if let Some(about) = attributes.get("rdf:about").and_then(field) {
            draft.id = Some(about);
        }
        let updated = attributes.get("lastmod").and_then(|text| feed_date(&text));
        draft.updated = updated.map(|date| (0, date));
        draft
    }

    /// Takes Atom's `link` or CDF's `a`. Both state all their values in attributes.
    pub(super) fn link(&mut self, attributes: &Attributes<'_>, base: Option<&Url>) {
        if let Some(href) = attributes.get("href") {
            let (rel, media) = (attributes.get("rel"), attributes.get("type"));
            self.add_link(&href, rel.as_deref(), media.as_deref(), base);
        }
    }

    fn add_link(&mut self, href: &str, rel: Option<&str>, media: Option<&str>, base: Option<&Url>) {
        let Some(href) = link(href, base).filter(|_| self.links.len() < MAX_LINKS) else { return };
        let is_page = rel.is_none_or(|rel| rel.trim().eq_ignore_ascii_case("alternate"));
        let is_html = media.is_none_or(|media| media.contains("html"));
        self.links.push(Link { href, is_page, is_html });
    }

    /// Takes `term` of Atom's `category`.
    pub(super) fn category(&mut self, attributes: &Attributes<'_>) {
        self.categories.extend(attributes.get("term").or_else(|| attributes.get("label")));
    }

    /// Notes if an RSS id says that it is no link.
    pub(super) fn id_is_link(&mut self, attributes: &Attributes<'_>) {
        let said = attributes.get("isPermaLink").unwrap_or_default();
        self.id_is_no_link = said.trim().eq_ignore_ascii_case("false");
    }

    /// Takes the name of an author of the feed that the entry was taken from.
    pub(super) fn source_author(&mut self, name: &str) {
        if self.source_authors.len() < MAX_LINKS {
            self.source_authors.extend(person(name));
        }
    }

    /// Takes a name from Atom's `author`.
    pub(super) fn author(&mut self, name: &str) {
        self.authors.extend(person(name).map(|name| (0, name)));
    }

    /// Takes the text of a whole element.
    pub(super) fn take(&mut self, what: Field, text: Construct, base: Option<&Url>) {
        match what {
            Field::Title { rank } => prefer(&mut self.title, rank, text.into_prose().html()),
            Field::Summary { rank } => self.take_summary(rank, text.into_prose().filled()),
            Field::Content => {
                self.content = self.content.take().or_else(|| text.into_prose().filled());
            }
            Field::Id => self.id = field(text.into_text()).or(self.id.take()),
            Field::Link => self.add_link(&text.into_text(), None, None, base),
            Field::OriginalLink => self.original_link = link(&text.into_text(), base),
            Field::Published { rank } => {
                prefer(&mut self.published, rank, feed_date(&text.into_text()));
            }
            Field::Updated { rank } => {
                prefer(&mut self.updated, rank, feed_date(&text.into_text()));
            }
            Field::AnyDate => {
                let date = feed_date(&text.into_text());
                prefer(&mut self.published, 2, date.clone());
                prefer(&mut self.updated, 1, date);
            }
            Field::Author { rank } => {
                self.authors.extend(person(&text.into_text()).map(|name| (rank, name)));
            }
            Field::Category => self.categories.push(text.into_text()),
            Field::Tags => self.categories.extend(text.into_text().split(',').map(str::to_owned)),
        }
    }

    /// Takes a summary. A second one is the whole article, since RSS feeds use `description` so.
    fn take_summary(&mut self, rank: u8, text: Option<Prose>) {
        match self.summary {
            Some((known, _)) if known == rank && rank == 0 => {
                self.content = self.content.take().or(text);
            }
            _ => prefer(&mut self.summary, rank, text),
        }
    }

    /// Returns the finished entry, with links resolved against `base`.
    pub(super) fn finish(self, kind: FeedKind, base: Option<&Url>) -> FeedEntry {
        let url = self.url(base);
        let title = self.title.map(|(_, title)| title);
        let id = self.id.map(|id| match kind {
            // An id that is a path is resolved as a link. Any other id stays as it is.
            FeedKind::Atom if id.starts_with('/') => link(&id, base).unwrap_or(id),
            _ => id,
        });
        let best_rank = self.authors.iter().map(|(rank, _)| *rank).min();
        let authors = self.authors.into_iter().filter(|(rank, _)| Some(*rank) == best_rank);
        let entry = FeedEntry {
            id: id.or_else(|| url.clone()).or_else(|| title.clone()).unwrap_or_default(),
            url,
            title,
            published_at: self.published.map(|(_, date)| date),
            updated_at: self.updated.map(|(_, date)| date),
            summary: self.summary.map(|(_, text)| text).unwrap_or_default(),
            content: self.content.unwrap_or_default(),
            authors: each_once(authors.map(|(_, name)| name)),
            authors_are_inherited: false,
            categories: each_once(self.categories.into_iter()),
        };
        entry.inheriting(&each_once(self.source_authors.into_iter()))
    }

    /// Returns the URL of the entry's own page. The id counts if no link gives the URL and the id
    /// is one.
    fn url(&self, base: Option<&Url>) -> Option<String> {
        let pages = || self.links.iter().filter(|link| link.is_page);
        let page = pages().find(|link| link.is_html).or_else(|| pages().next());
        let by_id = || self.id.as_deref().filter(|_| !self.id_is_no_link);
        let by_id = || by_id().and_then(|id| link(id, base.filter(|_| id.starts_with('/'))));
        let by_link = self.original_link.clone().or_else(|| page.map(|link| link.href.clone()));
        by_link.or_else(by_id)
    }
}

fn prefer<T>(known: &mut Ranked<T>, rank: u8, value: Option<T>) {
    if known.as_ref().is_none_or(|(best, _)| rank < *best) {
        *known = value.map(|value| (rank, value)).or(known.take());
    }
}
