//! The source of a byline's text.

/// The most characters of a name.
pub(super) const MAX_NAME_CHARS: usize = 120;

/// The source of a text, which decides how many words may be removed from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A field for the author's name.
    Field,
    /// A text that readers see, marked as a byline.
    Shown,
    /// A text that readers see and that may be a sentence.
    Prose,
}
