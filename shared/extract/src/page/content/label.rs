//! The labels of elements, from their class, id and role.

use dom_query::Element;

use super::hidden;
use super::phrases;

mod names;

use names::Meaning;
pub(super) use names::Names;

/// The kinds of content that an element's names state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Label {
    /// True if a name that content management systems use says that it is the body of an article.
    pub(super) body: bool,
    /// True if the publisher's `itemprop` says that it is the body of an article.
    pub(super) declared_body: bool,
    /// True for sharing, related links, prompts, advertisements and navigation.
    pub(super) boilerplate: bool,
    /// True if readers wrote it below the article.
    pub(super) comments: bool,
    /// True if the page's subject is sold here.
    pub(super) for_sale: bool,
    /// True if it stands between the headline and the body.
    pub(super) lead: bool,
    /// True if its role says that it is the main element.
    pub(super) main: bool,
    /// True if it is not shown at first: a menu, a dialogue, or an article that a script shows.
    pub(super) hidden: bool,
    /// True if a class hides it. Another class may show it again.
    hidden_by_class: bool,
    /// True if it is never shown, but read aloud.
    pub(super) unseen: bool,
    /// True if the publisher marks it as a live blog.
    pub(super) live: bool,
    /// True if it is another article, or text that readers wrote. Its contents show this, never its
    /// name.
    pub(super) others: bool,
}

/// Returns the label of an element. `names` keeps the meanings of the names of the page.
pub(super) fn of(element: &Element, names: &mut Names) -> Label {
    let is_for_no_script = &*element.name.local == "noscript";
    let mut label = Label { hidden: is_for_no_script, ..Label::default() };
    let mut is_streamed = false;
    let mut classes = "";
    for attribute in &element.attrs {
        let value = attribute.value.as_ref();
        match &*attribute.name.local {
            "id" if value.starts_with("S:") => is_streamed = true,
            "class" => {
                value.split_ascii_whitespace().for_each(|name| label.class(name, names));
                classes = value;
            }
            "id" => value.split_ascii_whitespace().for_each(|name| {
                label.name(name, names);
            }),
            "role" => label.role(value),
            "itemprop" => label.property(value),
            "hidden" => label.hidden |= !value.eq_ignore_ascii_case("until-found"),
            "aria-hidden" => label.hidden |= value == "true",
            "aria-label" if !hidden::is_phrase(element) && !is_control(element) => {
                label.spoken_name(value);
            }
            "itemtype" => label.item(value),
            "style" => label.hidden |= hidden::is_hidden_style(element, value),
            "data-testid" | "data-component" | "data-block" => {
                label.name(value, names);
            }
            _ => {}
        }
    }
    if matches!(&*element.name.local, "html" | "body") {
        return Label::default(); // names of the whole page, not of what it holds
    }
    // React sends parts of a page hidden, under such names, and moves them.
    label.hidden |=
        label.hidden_by_class && !classes.split_ascii_whitespace().any(hidden::is_shown_class);
    label.hidden &= !is_streamed;
    label
}

impl Label {
    fn class(&mut self, name: &str, names: &mut Names) {
        let meaning = self.name(name, names);
        self.unseen |= meaning.unseen_class;
        self.hidden_by_class |= meaning.hidden_class;
    }

    /// Notes the meaning of a name.
    fn name(&mut self, name: &str, names: &mut Names) -> Meaning {
        let meaning = names.meaning(name);
        self.comments |= meaning.comments;
        self.boilerplate |= meaning.boilerplate || meaning.author;
        self.for_sale |= meaning.for_sale;
        self.lead |= meaning.lead;
        self.body |= meaning.body && !self.boilerplate;
        meaning
    }

    fn role(&mut self, role: &str) {
        match role {
            "main" => self.main = true,
            "navigation" | "complementary" | "banner" | "contentinfo" | "search" | "dialog"
            | "alertdialog" | "menu" | "menubar" => self.boilerplate = true,
            _ => {}
        }
    }

    /// Notes an `aria-label`, which is the heading of a part for readers who do not see it.
    fn spoken_name(&mut self, name: &str) {
        if phrases::heads_comments(name) {
            (self.comments, self.boilerplate) = (true, true);
        } else {
            self.boilerplate |= phrases::opens_other(name);
        }
    }

    fn item(&mut self, kind: &str) {
        self.live |= kind.rsplit('/').next() == Some("LiveBlogPosting");
    }

    fn property(&mut self, property: &str) {
        match property {
            "articleBody" => self.declared_body = true,
            "description" | "abstract" => self.lead = true,
            "comment" | "commentText" => (self.comments, self.boilerplate) = (true, true),
            _ => {}
        }
    }
}

/// Returns true for elements whose spoken name says what they do, and not what they hold.
fn is_control(element: &Element) -> bool {
    matches!(&*element.name.local, "button" | "input" | "svg" | "img" | "select" | "textarea")
}
