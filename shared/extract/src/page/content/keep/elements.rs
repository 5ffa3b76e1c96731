//! Numbers about each element, with what its ancestors say of it.

use super::super::by_rules::ByRules;
use super::super::outline::{Element, Outline, Tag};

/// The largest number that counts elements between two.
const MAX_STEPS: u8 = 60;
const NONE: u8 = u8::MAX;

/// The statements of an element and its ancestors about a block in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Around {
    pub(super) flags: Flags,
    /// The number of elements up to one that is called boilerplate; 255 for none.
    boilerplate: u8,
    /// The number of elements up to one that holds, or stands in, the chosen elements.
    pub(super) to_chosen: u8,
    /// The number of elements up to one that has half of the kept text.
    pub(super) depth: u8,
}

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flags {
    pub(super) hidden: bool,
    pub(super) boilerplate: bool,
    pub(super) outside: bool,
    pub(super) others: bool,
    pub(super) comments: bool,
    pub(super) lead: bool,
    pub(super) body: bool,
    pub(super) declared_body: bool,
    pub(super) aside: bool,
    pub(super) footer: bool,
    pub(super) form: bool,
    pub(super) list: bool,
    pub(super) table: bool,
    pub(super) article: bool,
    pub(super) main: bool,
}

impl Flags {
    fn with(self, element: &Element, is_outside: bool) -> Self {
        let (label, tag) = (&element.label, element.tag);
        Self {
            hidden: self.hidden || label.hidden,
            boilerplate: self.boilerplate || label.boilerplate,
            outside: self.outside || is_outside,
            others: self.others || label.others,
            comments: self.comments || label.comments || label.others,
            lead: self.lead || label.lead,
            body: self.body || label.body || label.declared_body,
            declared_body: self.declared_body || label.declared_body,
            aside: self.aside || matches!(tag, Tag::Aside | Tag::Navigation),
            footer: self.footer || tag == Tag::Footer,
            form: self.form || tag == Tag::Form,
            list: self.list || matches!(tag, Tag::List { .. }),
            table: self.table || tag == Tag::Table,
            article: self.article || tag == Tag::Article,
            main: self.main || tag == Tag::Main || label.main,
        }
    }
}

impl Around {
    /// Returns the number of elements up to one that is called boilerplate; -1 for none.
    pub(super) fn boilerplate_at(&self) -> f32 {
        if self.boilerplate == NONE { -1.0 } else { f32::from(self.boilerplate) }
    }
}

/// Returns the statements about each element. `share`: the share of the kept text in an element.
pub(super) fn around(found: &ByRules, share: impl Fn(usize) -> f32) -> Vec<Around> {
    let outline = &found.outline;
    let of_chosen = of_chosen(outline, &found.choice.elements);
    let start =
        Around { flags: Flags::default(), boilerplate: NONE, to_chosen: MAX_STEPS, depth: 0 };
    let mut all: Vec<Around> = Vec::with_capacity(outline.elements.len());
    for (index, element) in outline.elements.iter().enumerate() {
        let parent = all.get(element.parent).copied().unwrap_or(start);
        let next = |steps: u8| (steps + 1).min(MAX_STEPS);
        let boilerplate = match parent.boilerplate {
            _ if element.label.boilerplate => 0,
            NONE => NONE,
            steps => next(steps),
        };
        all.push(Around {
            flags: parent.flags.with(element, found.scores.is_outside(index)),
            boilerplate,
            to_chosen: if of_chosen[index] { 0 } else { next(parent.to_chosen) },
            depth: if share(index) < 0.5 { next(parent.depth) } else { 0 },
        });
    }
    all
}

/// Returns which elements hold, or stand in, the chosen ones.
fn of_chosen(outline: &Outline, chosen: &[usize]) -> Vec<bool> {
    let mut found = vec![false; outline.elements.len()];
    for element in chosen {
        outline.around(*element).for_each(|around| found[around] = true);
        found[*element..outline.elements[*element].end].fill(true);
    }
    found
}
