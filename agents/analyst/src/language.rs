//! Detects the language of an article. The declared language is used if the text agrees with it.

use courant_article::ModelRef;
use courant_text::language::{self, Reading};

use crate::{Absent, stop_words};

/// The number of characters up to which a text is read together with its title.
const SHORT_TEXT: usize = 200;
/// The most characters that are read. More text does not make the answer surer.
const MAX_CHARS: usize = 4_000;

/// Returns the model that detects languages.
pub(crate) fn model() -> ModelRef {
    ModelRef {
        name: "courant-language".into(),
        version: language::VERSION.into(),
        precision: "int8".into(),
        provider: "cpu".into(),
    }
}

/// Returns the language of `text` as ISO 639-1. A short text is read together with the title. The
/// language that the page declares is used unless the text contradicts it.
///
/// # Errors
/// [`Absent`] if there are too few letters, or if the detector is less sure than
/// `min_confidence` and the text's function words do not confirm the language.
pub(crate) fn detect(
    title: &str,
    text: &str,
    declared: Option<&str>,
    min_confidence: f64,
) -> Result<&'static str, Absent> {
    let sample = sample(title, text);
    let reading = language::read(&sample);
    let guess = language::with_declared(&reading, declared).ok_or_else(|| too_few(&reading))?;
    let (best, confidence) = (guess.language, guess.confidence);
    if confidence >= min_confidence || stop_words::bear_out(best, &sample) {
        return Ok(best);
    }
    Err(Absent::LanguageUncertain { best, confidence })
}

fn too_few(reading: &Reading) -> Absent {
    Absent::TooFewLetters { letters: reading.letters(), needed: reading.letters_needed() }
}

/// Returns the start of the text, after the title if the text is short.
fn sample(title: &str, text: &str) -> String {
    let start: String = text.chars().take(MAX_CHARS).collect();
    if start.chars().nth(SHORT_TEXT).is_some() {
        return start;
    }
    let title = title.chars().take(MAX_CHARS);
    title.chain(std::iter::once('\n')).chain(start.chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENGLISH: &str = "The ministers agreed on Tuesday to cut the tax on fuel for a year.";

    fn told(text: &str) -> Result<&'static str, Absent> {
        detect("", text, None, 0.5)
    }

    #[test]
    fn too_little_text_has_no_language() {
        for text in ["", "2024", "— 12:30 —", "Goal!"] {
            assert!(matches!(told(text), Err(Absent::TooFewLetters { .. })), "{text:?}");
        }
    }

    #[test]
    fn short_sentences_are_told() {
        let sentences = [
            ("en", "He will defend religious liberty."),
            ("en", "But Mueller’s team begs to differ."),
            ("en", "Why Liberals Should Back Neil Gorsuch"),
            ("de", "Nicht nur Lewis erwartet ein „Fifty-Fifty-Ding“."),
        ];
        for (expected, sentence) in sentences {
            assert_eq!(told(sentence), Ok(expected), "{sentence}");
        }
    }

    #[test]
    fn an_uncertain_guess_is_not_told() {
        let guess = detect("", "Angela Merkel, Barack Obama", None, 1.0);
        assert!(matches!(guess, Err(Absent::LanguageUncertain { .. })), "{guess:?}");
        let gibberish = told("asdkjf qwoeiru zmxncb lkjahsd poiqwe");
        assert!(matches!(gibberish, Err(Absent::LanguageUncertain { .. })), "{gibberish:?}");
    }

    #[test]
    fn the_title_helps_a_short_text() {
        let title = "Why the government wants to change how schools are paid for";
        assert!(told("More soon.").is_err());
        assert_eq!(detect(title, "More soon.", None, 0.5), Ok("en"));
    }

    #[test]
    fn a_declared_language_counts_unless_the_text_contradicts_it() {
        assert_eq!(detect("", ENGLISH, Some("en-GB"), 0.5), Ok("en"));
        assert_eq!(detect("", ENGLISH, Some("de"), 0.5), Ok("en"));
        assert_eq!(detect("", ENGLISH, Some("zh-Hans"), 0.5), Ok("en"));
        assert_eq!(detect("", "Goal!", Some("en"), 0.5), Ok("en"));
    }

    #[test]
    fn the_stated_version_is_that_of_the_table() {
        assert_eq!(model().version, language::VERSION);
    }

    /// The least that Courant promises.
    #[test]
    fn at_least_sixty_languages_are_told() {
        assert!(language::candidates().len() >= 60);
    }

    proptest! {
        #[test]
        fn any_text_has_a_language_or_a_reason(
            title in any::<String>(),
            text in any::<String>(),
            declared in proptest::option::of(any::<String>()),
            confidence in 0.0..=1.0,
        ) {
            if let Ok(code) = detect(&title, &text, declared.as_deref(), confidence) {
                prop_assert_eq!(code.len(), 2);
            }
        }
    }
}
