//! The normalization of a text: NFC, and then a replacement for some code points.

use courant_article::Span;
use unicode_normalization_alignments::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Code points per page.
const PAGE: u32 = 256;

/// The replacements of single code points.
#[derive(Debug)]
pub(crate) struct Normalization {
    /// In rising order.
    code_points: Vec<u32>,
    replacements: Vec<Box<str>>,
    /// The pages of code points that have any.
    pages: Vec<bool>,
}

/// A character of the normalized text, and the characters of the text that it stands for.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    pub(crate) char: char,
    pub(crate) span: Span,
}

impl Normalization {
    /// `code_points`: in rising order.
    pub(crate) fn new(code_points: Vec<u32>, replacements: Vec<Box<str>>) -> Self {
        let mut pages = vec![false; (char::MAX as u32 / PAGE + 1) as usize];
        for code_point in &code_points {
            if let Some(page) = pages.get_mut((code_point / PAGE) as usize) {
                *page = true;
            }
        }
        Self { code_points, replacements, pages }
    }

    /// The characters of the normalized text.
    pub(crate) fn apply<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Placed> + 't {
        composed(text).flat_map(|placed| self.replaced(placed))
    }

    fn replaced(&self, placed: Placed) -> impl Iterator<Item = Placed> {
        let replacement = self.replacement(placed.char);
        let kept = replacement.is_none().then_some(placed);
        let chars = replacement.unwrap_or_default().chars();
        kept.into_iter().chain(chars.map(move |char| Placed { char, ..placed }))
    }

    fn replacement(&self, char: char) -> Option<&str> {
        let code_point = u32::from(char);
        let is_on_page = self.pages[(code_point / PAGE) as usize];
        let found = is_on_page.then(|| self.code_points.binary_search(&code_point));
        Some(&self.replacements[found?.ok()?])
    }
}

/// The characters of the text in NFC.
fn composed(text: &str) -> Box<dyn Iterator<Item = Placed> + '_> {
    let single = |(at, char): (usize, char)| Placed { char, span: span(at, 1) };
    if is_nfc_quick(text.chars()) == IsNormalized::Yes {
        return Box::new(text.chars().enumerate().map(single));
    }
    let mut behind = 0;
    let mut last = Span { start: 0, end: 0 };
    Box::new(text.nfc().map(move |(char, change)| {
        // An inserted character stands for the same as the one before it.
        if change <= 0 {
            let taken = 1 + change.unsigned_abs();
            last = span(behind, taken);
            behind += taken;
        }
        Placed { char, span: last }
    }))
}

fn span(start: usize, length: usize) -> Span {
    let clamp = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
    Span { start: clamp(start), end: clamp(start + length) }
}
