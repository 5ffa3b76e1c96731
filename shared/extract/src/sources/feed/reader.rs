//! Walks through a feed in XML.

use std::ops::ControlFlow;

use url::Url;

use super::construct::{Construct, Form};
use super::entry::Draft;
use super::names::{each_once, person};
use super::schedule::{Schedule, Timing};
use super::scope::{MAX_DEPTH, Place, Scope};
use super::types::{Feed, FeedEntry, FeedKind};
use super::values::{MAX_ENTRIES, MAX_NAMES, field};
use super::vocabulary::{Field, Module};
use crate::page::iso_639_1;
use crate::xml::{Attributes, Node, local, walk};

/// Reads `text`. A feed that breaks off gives the part before the break. Returns `None` if the text
/// is no feed.
pub(super) fn read(text: &str, base: Option<&Url>) -> Option<Feed> {
    let mut reader = Reader { scope: Scope::new(base), ..Reader::default() };
    // A syntax error ends the walk. All entries before it count.
    let _ = walk(text, |node| reader.visit(node));
    reader.finish()
}

/// The use of the text that is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    FeedTitle,
    FeedLink,
    FeedLanguage,
    Schedule(Timing),
    Entry(Field),
    /// The `name` in Atom's `author`. The address counts if there is no name.
    AuthorName,
    AuthorAddress,
}

#[derive(Default)]
struct Reader {
    kind: Option<FeedKind>,
    scope: Scope,
    /// The use of the text being read, the text, and the number of elements open before it.
    text: Option<(Target, Construct, usize)>,
    draft: Option<Draft>,
    author: (Option<String>, Option<String>, String),
    title: Option<String>,
    language: Option<String>,
    /// The authors of the feed.
    authors: Vec<String>,
    schedule: Schedule,
    entries: Vec<FeedEntry>,
}

impl Reader {
    fn visit(&mut self, node: Node<'_>) -> ControlFlow<()> {
        match node {
            Node::Start(name, attributes) => self.start(name, attributes),
            Node::Text(text) => self.push_text(text),
            Node::End(name) => self.end(name),
        }
        if self.entries.len() < MAX_ENTRIES {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn push_text(&mut self, text: &str) {
        if let Some((_, construct, _)) = &mut self.text {
            construct.push_text(text);
        } else if matches!(self.scope.place(), Place::Author | Place::FeedAuthor) {
            self.author.2.push_str(text);
        }
    }

    fn start(&mut self, name: &str, attributes: &Attributes<'_>) {
        if self.scope.open.len() >= MAX_DEPTH {
            return;
        }
        let plain = local(name).0.to_ascii_lowercase();
        let is_entry = matches!(plain.as_str(), "item" | "entry");
        if is_entry && self.scope.module(name) == Module::Core {
            self.close_unclosed();
        }
        self.scope.enter(name, attributes);
        let module = self.scope.module(name);
        let place = match &mut self.text {
            Some((_, construct, _)) => {
                construct.open(name, attributes);
                Place::Ignored
            }
            None => self.enter(module, &plain, attributes),
        };
        if let Some(open) = self.scope.open.last_mut() {
            open.place = place;
        }
    }

    /// Starts the part that the element begins, and returns the place that decides how its contents
    /// are read.
    fn enter(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        let around = self.scope.open.iter().rev().nth(1).map_or(Place::Outside, |open| open.place);
        match (module, name, around) {
            (_, _, Place::Ignored) => Place::Ignored,
            (Module::Core, "item" | "entry", _) if self.is_feed(name) => {
                self.draft = Some(Draft::new(attributes, self.scope.base().as_ref()));
                Place::Entry
            }
            (Module::Media, "group", Place::Entry) => Place::MediaGroup,
            (_, _, Place::Entry) => self.enter_entry(module, name, attributes),
            (Module::Media, _, Place::MediaGroup) => self.enter_entry(module, name, attributes),
            (_, _, Place::MediaGroup) => Place::Ignored,
            (_, _, Place::Source) => self.enter_source(module, name),
            (_, _, Place::Author | Place::FeedAuthor) => self.enter_author(name),
            (_, _, Place::SkipHours) => self.begin(Target::Schedule(Timing::SkipHour), Form::Text),
            (_, _, Place::SkipDays) => self.begin(Target::Schedule(Timing::SkipDay), Form::Text),
            (_, _, Place::Channel) => self.enter_channel(module, name, attributes),
            _ => self.enter_outside(module, name, attributes),
        }
    }

    /// Returns true if the element is the root of a feed. In Atom an entry may stand alone.
    fn is_feed(&mut self, name: &str) -> bool {
        if self.kind.is_none() && self.scope.open.len() == 1 && name == "entry" {
            self.kind = Some(FeedKind::Atom);
        }
        self.kind.is_some()
    }

    fn enter_outside(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        // A script's warning may stand before the root, but an HTML page is no feed.
        let outermost = self.scope.open.first().map_or("", |open| open.name.as_str());
        let is_root = self.kind.is_none() && !outermost.eq_ignore_ascii_case("html");
        let is_outermost = is_root && self.scope.open.len() == 1;
        let kind = match name {
            "rss" if is_root => rss_version(attributes),
            "rdf" if is_root => FeedKind::Rss1,
            "feed" if is_root && module != Module::Other => FeedKind::Atom,
            "channel" if is_outermost => FeedKind::Cdf,
            "channel" if self.kind.is_some() => return Place::Channel,
            "image" | "textinput" => return Place::Ignored,
            _ => return Place::Outside,
        };
        self.kind = Some(kind);
        self.language = attributes.get("xml:lang").and_then(|tag| iso_639_1(&tag));
        match kind {
            FeedKind::Atom | FeedKind::Cdf => Place::Channel,
            _ => Place::Outside,
        }
    }

    fn enter_channel(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        match (module, name) {
            (Module::Core | Module::Dublin, "title") if self.title.is_none() => {
                let construct = self.prose(Form::Guess, attributes);
                self.begin_with(Target::FeedTitle, construct)
            }
            (Module::Core, "link") => {
                if attributes.get("rel").is_none_or(|rel| rel == "alternate") {
                    self.scope.see_home(attributes.get("href").as_deref());
                }
                self.begin(Target::FeedLink, Form::Text)
            }
            (Module::Core, "ttl") => self.begin(Target::Schedule(Timing::Ttl), Form::Text),
            (Module::Syndication, "updateperiod") => {
                self.begin(Target::Schedule(Timing::Period), Form::Text)
            }
            (Module::Syndication, "updatefrequency") => {
                self.begin(Target::Schedule(Timing::Frequency), Form::Text)
            }
            (Module::Core, "skiphours") => Place::SkipHours,
            (Module::Core, "skipdays") => Place::SkipDays,
            (Module::Core, "language") | (Module::Dublin, "language") => {
                self.begin(Target::FeedLanguage, Form::Text)
            }
            (Module::Core, "author") | (Module::Dublin, "creator") | (Module::Itunes, "author") => {
                self.enter_feed_author()
            }
            (Module::Core, "image" | "textinput" | "contributor") => Place::Ignored,
            (Module::Core, "channel") => Place::Channel,
            _ => Place::Outside,
        }
    }

    fn enter_entry(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        let base = self.scope.base();
        let is_atom = self.kind == Some(FeedKind::Atom);
        let Some(draft) = &mut self.draft else { return Place::Ignored };
        if is_atom && module == Module::Core && name == "source" {
            return Place::Source;
        }
        let Some(what) = Field::of(module, name) else {
            // CDF puts its link here.
            if name == "a" {
                draft.link(attributes, base.as_ref());
            }
            return Place::Ignored;
        };
        match what {
            Field::Link => {
                draft.link(attributes, base.as_ref());
                if attributes.get("rel").is_some_and(|rel| rel != "alternate") {
                    return Place::Ignored;
                }
            }
            Field::Category => draft.category(attributes),
            Field::Id => draft.id_is_link(attributes),
            Field::Author { .. } if name == "author" => {
                self.author = Default::default();
                return Place::Author;
            }
            // Content that Atom only points to is not in the feed.
            Field::Content if attributes.get("src").is_some() => return Place::Ignored,
            _ => {}
        }
        let form = match (what, module) {
            (Field::Content, Module::Xhtml) => Form::Xhtml,
            (Field::Content, _) | (Field::Summary { .. }, _) => Form::Html,
            _ => Form::Guess,
        };
        let is_typed = is_atom && module == Module::Core || attributes.get("mode").is_some();
        let construct = if is_typed || form == Form::Guess {
            self.prose(form, attributes)
        } else {
            Construct::new(form, base)
        };
        self.begin_with(Target::Entry(what), construct)
    }

    /// Takes the authors of the feed that an entry was taken from, for this entry.
    fn enter_source(&mut self, module: Module, name: &str) -> Place {
        match (module, name) {
            (Module::Core, "author") => self.enter_feed_author(),
            _ => Place::Ignored,
        }
    }

    fn enter_feed_author(&mut self) -> Place {
        self.author = Default::default();
        Place::FeedAuthor
    }

    fn enter_author(&mut self, name: &str) -> Place {
        match name {
            "name" => self.begin(Target::AuthorName, Form::Text),
            "email" | "uri" | "url" | "homepage" => self.begin(Target::AuthorAddress, Form::Text),
            _ => Place::Ignored,
        }
    }

    /// Starts a text for people to read. Its form is `form`, unless the feed is Atom or the element
    /// states a form.
    fn prose(&self, form: Form, attributes: &Attributes<'_>) -> Construct {
        let is_typed = attributes.get("type").is_some() || attributes.get("mode").is_some();
        if self.kind == Some(FeedKind::Atom) || is_typed {
            Construct::atom(attributes, self.scope.base())
        } else {
            Construct::new(form, self.scope.base())
        }
    }

    fn begin(&mut self, target: Target, form: Form) -> Place {
        let construct = Construct::new(form, self.scope.base());
        self.begin_with(target, construct)
    }

    fn begin_with(&mut self, target: Target, construct: Construct) -> Place {
        self.text = Some((target, construct, self.scope.open.len() - 1));
        Place::Ignored
    }

    /// Ends the innermost open element with this name, and all elements in it. An end tag without a
    /// start tag is ignored.
    fn end(&mut self, name: &str) {
        if let Some(at) = self.scope.open.iter().rposition(|open| open.name == name) {
            self.close(at);
        }
    }

    /// Closes an entry or a text that is still open. An entry cannot stand in either, so a new one
    /// shows that an end tag is missing.
    fn close_unclosed(&mut self) {
        let entry = self.scope.open.iter().position(|open| open.place == Place::Entry);
        let text = self.text.as_ref().map(|(_, _, depth)| *depth);
        if let Some(at) = entry.into_iter().chain(text).min() {
            self.close(at);
        }
    }

    /// Ends the element at this depth and all elements in it.
    fn close(&mut self, at: usize) {
        while self.scope.open.len() > at {
            if self.text.as_ref().is_some_and(|(_, _, depth)| self.scope.open.len() - 1 == *depth) {
                self.take_text();
            }
            let Some(ended) = self.scope.leave() else { return };
            match (&mut self.text, ended.place) {
                (Some((_, construct, _)), _) => construct.close(&ended.name),
                (None, Place::Author) => self.take_author(),
                (None, Place::FeedAuthor) => self.take_feed_author(),
                (None, Place::Entry) => self.close_entry(),
                _ => {}
            }
        }
    }

    fn take_text(&mut self) {
        let Some((target, construct, _)) = self.text.take() else { return };
        match target {
            Target::FeedTitle => self.title = construct.into_prose().html(),
            Target::FeedLanguage => {
                self.language = iso_639_1(&construct.into_text()).or(self.language.take());
            }
            Target::FeedLink => self.scope.see_home(Some(&construct.into_text())),
            Target::Schedule(what) => self.schedule.take(what, &construct.into_text()),
            Target::AuthorName => self.author.0 = field(construct.into_text()),
            Target::AuthorAddress => {
                self.author.1 = self.author.1.take().or(field(construct.into_text()));
            }
            Target::Entry(what) => {
                let base = self.scope.base();
                if let Some(draft) = &mut self.draft {
                    draft.take(what, construct, base.as_ref());
                }
            }
        }
    }

    fn author_name(&mut self) -> Option<String> {
        let (name, address, text) = std::mem::take(&mut self.author);
        name.or(field(text)).or(address)
    }

    fn take_author(&mut self) {
        let name = self.author_name();
        if let (Some(draft), Some(name)) = (&mut self.draft, name) {
            draft.author(&name);
        }
    }

    fn take_feed_author(&mut self) {
        match (self.author_name(), &mut self.draft) {
            (Some(name), Some(draft)) => draft.source_author(&name),
            (Some(name), None) if self.authors.len() < MAX_NAMES => {
                self.authors.extend(person(&name));
            }
            _ => {}
        }
    }

    fn close_entry(&mut self) {
        let base = self.scope.base();
        if let (Some(draft), Some(kind)) = (self.draft.take(), self.kind) {
            self.entries.push(draft.finish(kind, base.as_ref()));
        }
    }

    fn finish(mut self) -> Option<Feed> {
        self.close(0);
        let authors = each_once(self.authors.into_iter());
        let entries = self.entries.into_iter().map(|entry| entry.inheriting(&authors));
        Some(Feed {
            title: self.title,
            kind: self.kind?,
            entries: entries.collect(),
            language: self.language,
            ttl: self.schedule.ttl(),
            skip_hours: self.schedule.skip_hours(),
            skip_days: self.schedule.skip_days(),
        })
    }
}

fn rss_version(attributes: &Attributes<'_>) -> FeedKind {
    match attributes.get("version").unwrap_or_default().trim() {
        version if version.starts_with("0.") => FeedKind::Rss0,
        version if version.starts_with("1.") => FeedKind::Rss1,
        _ => FeedKind::Rss2,
    }
}
