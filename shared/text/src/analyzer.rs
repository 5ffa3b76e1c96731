//! The words of a text, as search, highlights and watches compare them.
//!
//! [`analyze`] reads a document, [`query_words`] a query. Both find the same words in the same
//! text (`segment`). Each word has two forms. The *written* form is folded (`fold`): lower case,
//! the usual width, without the marks that are no part of the language's letters. The *stem*
//! (`stem`) is what the grammatical forms of a word share, without any marks. No word is left out,
//! so phrases stay whole.
//!
//! Both forms of a document's word stand at one position. A word of a query counts as the best of
//! its forms there. On questions and on titles that finds texts as well as stems alone or better,
//! and a higher weight for the written form gains nothing.
//!
//! | text | words | rule |
//! |---|---|---|
//! | `state-of-the-art` | `state` `of` `the` `art` | a hyphen or slash divides |
//! | `U.S.`, `e.g.` | `us`, `eg` | single letters with full stops are one word |
//! | `end.Next`, `example.com` | `end` `next`, `example` `com` | any other full stop divides |
//! | `AT&T`, `S&P` | `at&t`, `s&p` | `&` joins parts of one or two letters |
//! | `C++`, `F#` | `c++`, `f#` | `++` belongs to its word, `#` to a single letter before it |
//! | `#MeToo`, `@nasa` | `metoo`, `nasa` | the sign in front is left out |
//! | `1,000.5`, `1.000,5` | `1000.5` | groups of thousands are joined, the decimal sign is `.` |
//! | `12.05.2020`, `10.0.0.1` | one word for each number | not a decimal number |
//! | `Obama's`, `Ankara'da` (tr) | `obama`, `ankara` | the ending behind the apostrophe goes |
//! | `don't`, `O’Brien` | `don't`, `obrien` | other apostrophes stay; `o'` joins its name |
//! | `l'homme` (ca, fr, it) | `homme` | the article in front goes |
//! | `café`, `Αθήνα`, `ёлка` | `cafe`, `αθηνα`, `елка` | marks go … |
//! | `Malmö` (sv), `Łódź` (pl) | `malmö`, stem `malmo` | … unless they make another letter |
//! | `Straße`, `ﬁ`, `Ａ`, `٣` | `strasse`, `fi`, `a`, `3` | one form for each letter and digit |
//! | Chinese, Japanese, Thai, … | words of a dictionary | scripts without spaces |
//! | Korean | pairs of neighbouring syllables | compounds have no spaces |

mod fold;
mod forms;
mod language;
mod number;
mod query;
mod questions;
mod segment;
mod stem;
mod unspaced;

use std::borrow::Cow;
use std::ops::Range;

pub use fold::MAX_WORD_LETTERS;
pub use query::{QueryWord, query_words};

use forms::Forms;
use language::Rules;

/// The name of the rules. It changes whenever they do: an index made by other rules is rebuilt.
pub const ANALYZER_VERSION: &str = "1";

/// One word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The folded form of the word as it is written.
    pub written: Cow<'a, str>,
    /// The word's stem without marks. `None` if it equals `written`. It ends in `*` in Vietnamese,
    /// where the word without marks is another one.
    pub stem: Option<Cow<'a, str>>,
    /// The byte offsets of the word in the text.
    pub span: Range<usize>,
}

/// Calls `each` with every word of `text`, in order.
///
/// `language`: the ISO 639-1 code of the text's language, with or without a region. Two words
/// that follow each other are at positions n and n + 1. Their spans overlap in Korean alone.
pub fn analyze(text: &str, language: Option<&str>, mut each: impl FnMut(Word<'_>)) {
    let rules = Rules::of(language);
    let mut forms = Forms::default();
    segment::words(text, |span| {
        forms.read(&text[span.clone()], &rules);
        if !forms.written().is_empty() {
            let written = Cow::Borrowed(forms.written());
            each(Word { written, stem: forms.stem().map(Cow::Borrowed), span });
        }
    });
}

#[cfg(test)]
mod tests;
