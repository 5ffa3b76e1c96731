//! Counts the names that are found, right and expected.

use std::collections::BTreeMap;

use courant_article::EntityKind;
use courant_heads::entities::{NamedSpan, SpanCount};

use super::conll::NamedSentence;
use crate::report::Report;

/// The counts in total, and by set and kind.
#[derive(Default)]
pub(super) struct SpanTotals {
    all: SpanCount,
    parts: BTreeMap<String, SpanCount>,
}

impl SpanTotals {
    /// Adds one text. `found` are the names that a head finds in `text`.
    pub(super) fn add(&mut self, text: &NamedSentence, found: &[NamedSpan], misses: bool) {
        for name in found {
            let is_right = text.names.contains(name);
            if misses && !is_right {
                print_miss("wrong", text, name);
            }
            self.each(text.set, name.0, |count| {
                count.found += 1;
                count.right += usize::from(is_right);
            });
        }
        for name in &text.names {
            if misses && !found.contains(name) {
                print_miss("missed", text, name);
            }
            self.each(text.set, name.0, |count| count.expected += 1);
        }
    }

    fn each(&mut self, set: &str, kind: EntityKind, change: impl Fn(&mut SpanCount)) {
        change(&mut self.all);
        change(self.parts.entry(format!("on {set}")).or_default());
        change(self.parts.entry(format!("of kind {kind:?}")).or_default());
    }

    /// The F1 of all names.
    pub(super) fn f1(&self) -> f64 {
        self.all.f1()
    }

    pub(super) fn report(&self, report: &mut Report, at_least: f64, aim: f64) {
        report.judge("entities: exact-span F1", self.all.f1(), at_least, aim);
        report.state("entities: precision", self.all.precision());
        report.state("entities: recall", self.all.recall());
        for (part, count) in &self.parts {
            report.state(format!("entities: F1 {part} ({} names)", count.expected), count.f1());
        }
    }
}

fn print_miss(what: &str, text: &NamedSentence, (kind, span): &NamedSpan) {
    let characters = text.text.chars().skip(span.start as usize);
    let name: String = characters.take((span.end - span.start) as usize).collect();
    println!("{what}: {kind:?} {name:?} in {:?}", text.text);
}

#[cfg(test)]
mod tests {
    use courant_article::Span;

    use super::*;

    #[test]
    fn only_a_name_of_the_right_kind_and_place_counts() {
        let name = |kind, start| (kind, Span { start, end: start + 2 });
        let (person, place) = (EntityKind::Person, EntityKind::Location);
        let text = NamedSentence {
            set: "wnut17",
            text: "some text".into(),
            names: vec![name(person, 0), name(place, 4)],
            document_sha256: String::new(),
        };
        let mut counts = SpanTotals::default();
        counts.add(&text, &[name(person, 0), name(person, 4), name(place, 5)], false);
        assert!((counts.all.f1() - 2.0 / 5.0).abs() < 1e-9);
        assert!((counts.parts["of kind Location"].f1() - 0.0).abs() < 1e-9);
        assert!((counts.parts["of kind Person"].f1() - 2.0 / 3.0).abs() < 1e-9);
    }
}
