//! Two extractors over one outline, and the choice between their results.

use super::outline::{Outline, Tag};
use super::score::Scores;

/// The innermost element is taken among those with at least this share of the best score.
const NEARLY_BEST: f64 = 0.9;
/// Names are believed if the named elements have at least this share of the prose of the densest
/// element.
const ENOUGH: f64 = 0.7;
/// The least prose on a page for which density counts. It is about a paragraph.
const LITTLE: f64 = 200.0;
/// Several containers of the same kind are one article if their sum is at least this many times the
/// score of the best one.
const MUCH_MORE: f64 = 1.2;

/// The elements that hold the main text, in the page's order. None of them contains another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) elements: Vec<usize>,
    /// True if the elements are named an article's body, so that everything in them is text.
    pub(super) is_body: bool,
}

impl Choice {
    fn score(&self, scores: &Scores) -> f64 {
        self.elements.iter().map(|element| scores.of_element(*element)).sum()
    }
}

/// Returns the named elements if the text's density agrees, else the densest element. A page
/// without prose gives the named elements nevertheless, or the whole page.
pub(super) fn choose(outline: &Outline, scores: &Scores) -> Choice {
    let dense = densest(outline, scores);
    let best = dense.as_ref().map_or(0.0, |choice| choice.score(scores));
    let mut named = KINDS.iter().filter_map(|kind| named(outline, scores, *kind));
    let is_enough = |choice: &Choice| {
        choice.score(scores) >= best * ENOUGH || best <= 0.0 || choice.is_body && best < LITTLE
    };
    let chosen = named.find(is_enough);
    chosen.or(dense).unwrap_or_else(|| Choice { elements: vec![0], is_body: false })
}

/// Returns the element whose blocks have the largest sum. It is the smallest element that has all
/// of the prose and little else (maximum subsequence segmentation, Pasternack and Roth 2009, on the
/// tree).
fn densest(outline: &Outline, scores: &Scores) -> Option<Choice> {
    let of = |element: &usize| scores.of_element(*element);
    let all = 0..outline.elements.len();
    let best = all.clone().map(|element| of(&element)).fold(0.0, f64::max);
    // Elements come in the page's order, outer before inner.
    let innermost = all.rev().find(|element| best > 0.0 && of(element) >= best * NEARLY_BEST)?;
    Some(Choice { elements: vec![innermost], is_body: false })
}

#[derive(Clone, Copy)]
enum Kind {
    Declared,
    Named,
    Article,
    Main,
}

const KINDS: [Kind; 4] = [Kind::Declared, Kind::Named, Kind::Article, Kind::Main];

/// Returns the elements that are named the article: all of them, or the best one.
fn named(outline: &Outline, scores: &Scores, kind: Kind) -> Option<Choice> {
    let mut found: Vec<usize> = Vec::new();
    let mut behind = 0;
    for (index, element) in outline.elements.iter().enumerate() {
        let is_named = match kind {
            Kind::Declared => element.label.declared_body,
            Kind::Named => element.label.body && !scores.is_outside(index),
            Kind::Article => element.tag == Tag::Article && !scores.is_outside(index),
            Kind::Main => element.tag == Tag::Main || element.label.main,
        };
        if is_named && index >= behind && !element.blocks.is_empty() {
            found.push(index);
            behind = element.end;
        }
    }
    let score = |index: &usize| scores.of_element(*index);
    let best = found.iter().copied().max_by(|one, other| score(one).total_cmp(&score(other)))?;
    let is_body = matches!(kind, Kind::Declared | Kind::Named);
    let all: Vec<usize> = found.into_iter().filter(|index| score(index) > 0.0).collect();
    let sum: f64 = all.iter().map(score).sum();
    let elements = if sum >= score(&best) * MUCH_MORE { all } else { vec![best] };
    Some(Choice { elements, is_body }).filter(|choice| !choice.elements.is_empty())
}
