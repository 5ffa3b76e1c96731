//! The labels of words: outside of names, at the beginning of one, inside one.

use std::ops::Range;

use courant_article::EntityKind;

/// Outside, then begin and inside of each kind.
pub(crate) const LABELS: usize = 1 + 2 * KINDS.len();
pub(crate) const OUTSIDE: usize = 0;

/// In the order of their labels.
pub(crate) const KINDS: [EntityKind; 3] =
    [EntityKind::Person, EntityKind::Organization, EntityKind::Location];

/// As a head's file lists them.
pub(crate) const NAMES: [&str; LABELS] = [
    "outside",
    "begin person",
    "inside person",
    "begin organization",
    "inside organization",
    "begin location",
    "inside location",
];

pub(crate) const fn begin(kind: usize) -> usize {
    1 + 2 * kind
}

pub(crate) const fn inside(kind: usize) -> usize {
    2 + 2 * kind
}

/// The place in [`KINDS`].
pub(crate) const fn kind(label: usize) -> Option<usize> {
    if label == OUTSIDE { None } else { Some((label - 1) / 2) }
}

const fn is_inside(label: usize) -> bool {
    label != OUTSIDE && label.is_multiple_of(2)
}

/// Returns true if a text may start with `label`.
pub(crate) const fn may_start(label: usize) -> bool {
    !is_inside(label)
}

/// Returns true if `next` may stand behind `label`: the inside of a name may stand only behind
/// its beginning or inside.
pub(crate) const fn may_follow(label: usize, next: usize) -> bool {
    !is_inside(next) || label == next || label + 1 == next
}

/// The names that labels spell, as places in [`KINDS`] and ranges of words.
pub(crate) fn names(labels: &[usize]) -> Vec<(usize, Range<usize>)> {
    let mut names: Vec<(usize, Range<usize>)> = Vec::new();
    for (at, &label) in labels.iter().enumerate() {
        match (kind(label), names.last_mut()) {
            (Some(_), Some((_, words))) if is_inside(label) => words.end = at + 1,
            (Some(kind), _) => names.push((kind, at..at + 1)),
            (None, _) => {}
        }
    }
    names
}

/// The labels of `count` words with the given names, which must not overlap.
pub(crate) fn labels(count: usize, names: &[(EntityKind, Range<usize>)]) -> Vec<usize> {
    let mut labels = vec![OUTSIDE; count];
    for (kind, words) in names {
        let place = KINDS.iter().position(|known| known == kind).expect("every kind is listed");
        for at in words.clone() {
            labels[at] = if at == words.start { begin(place) } else { inside(place) };
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_next_to_each_other_stay_apart() {
        let named =
            [(EntityKind::Person, 0..2), (EntityKind::Person, 2..3), (EntityKind::Location, 3..5)];
        let labels = labels(6, &named);
        assert_eq!(labels, [1, 2, 1, 5, 6, 0]);
        assert_eq!(names(&labels), [(0, 0..2), (0, 2..3), (2, 3..5)]);
    }

    #[test]
    fn the_inside_of_a_name_needs_a_beginning_of_its_kind() {
        assert!(!may_start(inside(0)) && may_start(begin(0)) && may_start(OUTSIDE));
        assert!(may_follow(begin(1), inside(1)) && may_follow(inside(1), inside(1)));
        assert!(!may_follow(OUTSIDE, inside(1)) && !may_follow(inside(0), inside(1)));
        assert!((0..LABELS).all(|label| may_follow(label, OUTSIDE) && may_follow(label, begin(2))));
    }
}
