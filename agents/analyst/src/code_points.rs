//! Converts spans in code points, which the embedder gives, to byte ranges.

use std::ops::Range;

use courant_article::Span;

/// The byte offset of each code point of a text.
pub(crate) struct CodePoints<'t> {
    text: &'t str,
    /// Byte offsets, with the text's length as the last one.
    offsets: Vec<u32>,
}

impl<'t> CodePoints<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        let starts = text.char_indices().map(|(offset, _)| offset as u32);
        let offsets = starts.chain(std::iter::once(text.len() as u32)).collect();
        Self { text, offsets }
    }

    /// Returns the byte range of a span; `None` if it lies outside the text.
    pub(crate) fn bytes(&self, span: Span) -> Option<Range<usize>> {
        let start = *self.offsets.get(span.start as usize)? as usize;
        let end = *self.offsets.get(span.end as usize)? as usize;
        Some(start..end)
    }

    /// Returns a span and its text without the white space around it; `None` if the span lies
    /// outside the text or has nothing but white space.
    pub(crate) fn trimmed(&self, span: Span) -> Option<(Span, &'t str)> {
        let whole = self.text.get(self.bytes(span)?)?;
        let without_front = whole.trim_start();
        let trimmed = without_front.trim_end();
        let front = whole[..whole.len() - without_front.len()].chars().count() as u32;
        let back = without_front[trimmed.len()..].chars().count() as u32;
        let span = Span { start: span.start + front, end: span.end - back };
        (!trimmed.is_empty()).then_some((span, trimmed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_loses_the_white_space_around_it() {
        let code_points = CodePoints::of("né  à Köln\n!");
        let found = code_points.trimmed(Span { start: 2, end: 11 });
        assert_eq!(found, Some((Span { start: 4, end: 10 }, "à Köln")));
    }

    #[test]
    fn a_span_outside_the_text_holds_nothing() {
        let code_points = CodePoints::of("é è");
        for (start, end) in [(0, 4), (3, 3), (1, 2), (2, 1), (7, 9)] {
            assert_eq!(code_points.trimmed(Span { start, end }), None, "{start}..{end}");
        }
    }
}
