//! The walk through a feed in XML.

use std::ops::ControlFlow;
use std::time::Duration;

use url::Url;

use super::construct::{Construct, Form};
use super::entry::Draft;
use super::vocabulary::{Field, Module};
use super::{Feed, FeedEntry, FeedKind, MAX_ENTRIES, field, link};
use crate::xml::{Attributes, Node, local, walk};

/// Elements open at once; what is deeper is passed over.
const MAX_DEPTH: usize = 256;
/// A longer time than a week says nothing about when to look again.
const MAX_TTL: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Reads `text`; `None` if it is no feed. One that breaks off gives what came
/// before.
pub(super) fn read(text: &str, base: Option<&Url>) -> Option<Feed> {
    let mut reader = Reader { document_base: base.cloned(), ..Reader::default() };
    // A syntax error ends the walk: all entries before it count.
    let _ = walk(text, |node| reader.visit(node));
    reader.finish()
}

/// What the elements inside an open one are to be taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing but entries is looked for.
    Outside,
    Channel,
    SkipHours,
    Entry,
    Author,
    /// Nothing at all is looked for.
    Ignored,
}

/// What the text that is being read is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target {
    FeedTitle,
    FeedLink,
    Ttl,
    Period,
    Frequency,
    SkipHour,
    Entry(Field),
    /// Of Atom's `author`: `name`, or what counts where there is none.
    AuthorName,
    AuthorAddress,
}

/// An element that has started and not ended.
struct Open {
    name: String,
    place: Place,
    /// The length of the list of name spaces before it.
    namespaces: usize,
    /// Of its own `xml:base`.
    base: Option<Url>,
}

#[derive(Default)]
struct Reader {
    document_base: Option<Url>,
    kind: Option<FeedKind>,
    open: Vec<Open>,
    namespaces: Vec<(String, Option<Module>)>,
    /// What is being read, and how many elements were open before it.
    text: Option<(Target, Construct, usize)>,
    draft: Option<Draft>,
    author: (Option<String>, Option<String>, String),
    title: Option<String>,
    home: Option<Url>,
    ttl: Option<Duration>,
    period: Option<Duration>,
    frequency: Option<u32>,
    skip_hours: Vec<u8>,
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
        } else if self.place() == Place::Author {
            self.author.2.push_str(text);
        }
    }

    fn start(&mut self, name: &str, attributes: &Attributes<'_>) {
        if self.open.len() >= MAX_DEPTH {
            return;
        }
        let (plain, prefix) = local(name);
        let plain = plain.to_ascii_lowercase();
        if matches!(plain.as_str(), "item" | "entry") && self.module(prefix) == Module::Core {
            self.close_unclosed();
        }
        let namespaces = self.namespaces.len();
        self.declare(attributes);
        let module = self.module(prefix);
        let base = attributes.get("xml:base").and_then(|base| match self.base() {
            Some(outer) => outer.join(base.trim()).ok(),
            None => Url::parse(base.trim()).ok(),
        });
        self.open.push(Open { name: name.to_owned(), place: Place::Ignored, namespaces, base });
        let place = match &mut self.text {
            Some((_, construct, _)) => {
                construct.open(name, attributes);
                Place::Ignored
            }
            None => self.enter(module, &plain, attributes),
        };
        if let Some(open) = self.open.last_mut() {
            open.place = place;
        }
    }

    /// Begins what the element begins, and says what to look for inside it.
    fn enter(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        let around = self.open.iter().rev().nth(1).map_or(Place::Outside, |open| open.place);
        match (module, name, around) {
            (_, _, Place::Ignored) => Place::Ignored,
            (Module::Core, "item" | "entry", _) if self.is_feed(name) => {
                self.draft = Some(Draft::new(attributes, self.base().as_ref()));
                Place::Entry
            }
            (_, _, Place::Entry) => self.enter_entry(module, name, attributes),
            (_, _, Place::Author) => self.enter_author(name),
            (_, _, Place::SkipHours) => self.begin(Target::SkipHour, Form::Text),
            (_, _, Place::Channel) => self.enter_channel(module, name, attributes),
            _ => self.enter_outside(module, name, attributes),
        }
    }

    /// An entry may stand alone, in Atom.
    fn is_feed(&mut self, name: &str) -> bool {
        if self.kind.is_none() && self.open.len() == 1 && name == "entry" {
            self.kind = Some(FeedKind::Atom);
        }
        self.kind.is_some()
    }

    fn enter_outside(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        let is_root = self.kind.is_none() && self.open.len() == 1;
        let kind = match name {
            "rss" if is_root => rss_version(attributes),
            "rdf" if is_root => FeedKind::Rss1,
            "feed" if is_root && module != Module::Other => FeedKind::Atom,
            "channel" if is_root => FeedKind::Cdf,
            "channel" if self.kind.is_some() => return Place::Channel,
            "image" | "textinput" => return Place::Ignored,
            _ => return Place::Outside,
        };
        self.kind = Some(kind);
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
                    self.see_home(attributes.get("href").as_deref());
                }
                self.begin(Target::FeedLink, Form::Text)
            }
            (Module::Core, "ttl") => self.begin(Target::Ttl, Form::Text),
            (Module::Syndication, "updateperiod") => self.begin(Target::Period, Form::Text),
            (Module::Syndication, "updatefrequency") => self.begin(Target::Frequency, Form::Text),
            (Module::Core, "skiphours") => Place::SkipHours,
            (Module::Core, "image" | "textinput" | "author" | "contributor") => Place::Ignored,
            (Module::Core, "channel") => Place::Channel,
            _ => Place::Outside,
        }
    }

    fn enter_entry(&mut self, module: Module, name: &str, attributes: &Attributes<'_>) -> Place {
        let base = self.base();
        let is_atom = self.kind == Some(FeedKind::Atom);
        let Some(draft) = &mut self.draft else { return Place::Ignored };
        let Some(what) = Field::of(module, name) else {
            // CDF links so.
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
            // What Atom only points to is not in the feed.
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

    fn enter_author(&mut self, name: &str) -> Place {
        match name {
            "name" => self.begin(Target::AuthorName, Form::Text),
            "email" | "uri" | "url" | "homepage" => self.begin(Target::AuthorAddress, Form::Text),
            _ => Place::Ignored,
        }
    }

    /// A text that says itself what it is, in Atom; else of this form.
    fn prose(&self, form: Form, attributes: &Attributes<'_>) -> Construct {
        let is_typed = attributes.get("type").is_some() || attributes.get("mode").is_some();
        if self.kind == Some(FeedKind::Atom) || is_typed {
            Construct::atom(attributes, self.base())
        } else {
            Construct::new(form, self.base())
        }
    }

    fn begin(&mut self, target: Target, form: Form) -> Place {
        let construct = Construct::new(form, self.base());
        self.begin_with(target, construct)
    }

    fn begin_with(&mut self, target: Target, construct: Construct) -> Place {
        self.text = Some((target, construct, self.open.len() - 1));
        Place::Ignored
    }

    /// Ends the element with this name that is open innermost, and all in it. An
    /// end tag without a start says nothing.
    fn end(&mut self, name: &str) {
        if let Some(at) = self.open.iter().rposition(|open| open.name == name) {
            self.close(at);
        }
    }

    /// Entries stand neither in each other nor in a text: one that starts there
    /// shows that an end tag is missing.
    fn close_unclosed(&mut self) {
        let entry = self.open.iter().position(|open| open.place == Place::Entry);
        let text = self.text.as_ref().map(|(_, _, depth)| *depth);
        if let Some(at) = entry.into_iter().chain(text).min() {
            self.close(at);
        }
    }

    /// Ends the element at this depth and all in it.
    fn close(&mut self, at: usize) {
        while self.open.len() > at {
            if self.text.as_ref().is_some_and(|(_, _, depth)| self.open.len() - 1 == *depth) {
                self.take_text();
            }
            let Some(ended) = self.open.pop() else { return };
            match (&mut self.text, ended.place) {
                (Some((_, construct, _)), _) => construct.close(&ended.name),
                (None, Place::Author) => self.take_author(),
                (None, Place::Entry) => self.close_entry(),
                _ => {}
            }
            self.namespaces.truncate(ended.namespaces);
        }
    }

    fn take_text(&mut self) {
        let Some((target, construct, _)) = self.text.take() else { return };
        match target {
            Target::FeedTitle => self.title = field(construct.into_prose()),
            Target::FeedLink => self.see_home(Some(&construct.into_text())),
            Target::Ttl => self.ttl = minutes(&construct.into_text()),
            Target::Period => self.period = period(&construct.into_text()),
            Target::Frequency => self.frequency = construct.into_text().trim().parse().ok(),
            Target::SkipHour => self.skip_hours.extend(hour(&construct.into_text())),
            Target::AuthorName => self.author.0 = field(construct.into_text()),
            Target::AuthorAddress => {
                self.author.1 = self.author.1.take().or(field(construct.into_text()));
            }
            Target::Entry(what) => {
                let base = self.base();
                if let Some(draft) = &mut self.draft {
                    draft.take(what, construct, base.as_ref());
                }
            }
        }
    }

    fn take_author(&mut self) {
        let (name, address, text) = std::mem::take(&mut self.author);
        let name = name.or(field(text)).or(address);
        if let (Some(draft), Some(name)) = (&mut self.draft, name) {
            draft.author(&name);
        }
    }

    fn close_entry(&mut self) {
        let base = self.base();
        if let (Some(draft), Some(kind)) = (self.draft.take(), self.kind) {
            self.entries.push(draft.finish(kind, base.as_ref()));
        }
    }

    fn see_home(&mut self, href: Option<&str>) {
        let base = self.base();
        let home = href.and_then(|href| Url::parse(&link(href, base.as_ref())?).ok());
        self.home = self.home.take().or(home);
    }

    /// What links are relative to here.
    fn base(&self) -> Option<Url> {
        let declared = self.open.iter().rev().find_map(|open| open.base.as_ref());
        declared.or(self.document_base.as_ref()).or(self.home.as_ref()).cloned()
    }

    fn place(&self) -> Place {
        self.open.last().map_or(Place::Outside, |open| open.place)
    }

    fn declare(&mut self, attributes: &Attributes<'_>) {
        for (name, uri) in attributes.iter() {
            let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix {
                self.namespaces.push((prefix.to_owned(), Module::of_uri(&uri)));
            }
        }
    }

    fn module(&self, prefix: &str) -> Module {
        let declared = self.namespaces.iter().rev().find(|(known, _)| known == prefix);
        declared.and_then(|(_, module)| *module).unwrap_or_else(|| Module::of_prefix(prefix))
    }

    fn finish(mut self) -> Option<Feed> {
        self.close(0);
        let by_period = self.period.map(|period| period / self.frequency.unwrap_or(1).max(1));
        self.skip_hours.sort_unstable();
        self.skip_hours.dedup();
        Some(Feed {
            title: self.title,
            kind: self.kind?,
            entries: self.entries,
            ttl: self.ttl.or(by_period).filter(|ttl| !ttl.is_zero() && *ttl <= MAX_TTL),
            skip_hours: self.skip_hours,
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

fn minutes(text: &str) -> Option<Duration> {
    let minutes: u32 = text.trim().parse().ok().filter(|minutes| *minutes > 0)?;
    Some(Duration::from_secs(u64::from(minutes) * 60)).filter(|ttl| *ttl <= MAX_TTL)
}

fn period(text: &str) -> Option<Duration> {
    let hours = match text.trim().to_ascii_lowercase().as_str() {
        "hourly" => 1,
        "daily" => 24,
        "weekly" => 7 * 24,
        _ => return None, // a month or a year is longer than we ever wait
    };
    Some(Duration::from_secs(hours * 3_600))
}

/// Some count from 1 to 24.
fn hour(text: &str) -> Option<u8> {
    let hour: u8 = text.trim().parse().ok()?;
    (hour <= 24).then_some(hour % 24)
}
