//! The language of a text, by the trigrams and letters of `whatlang`.
//!
//! `whatlang` is often not sure of a headline or a sentence. Then `whichlang` is asked. Its
//! answer counts if it is the same, or if the text's function words confirm it.

use courant_article::ModelRef;
use whatlang::Lang;

use crate::{Absent, stop_words};

/// Fewer letters than this tell no language in any script.
const MIN_LETTERS: usize = 12;
/// Enough to be sure (measured: 400 characters leave no error), and a bound on
/// the work.
const MAX_CHARS: usize = 4_000;
/// `whatlang` and `whichlang` as in `Cargo.lock`; a test compares.
const DETECTOR_VERSIONS: [&str; 2] = ["0.18.0", "0.1.1"];

/// Returns the model that detects languages.
pub(crate) fn model() -> ModelRef {
    ModelRef {
        name: "whatlang+whichlang".into(),
        version: DETECTOR_VERSIONS.join("+"),
        precision: "fp64".into(),
        provider: "cpu".into(),
    }
}

/// The language of `text` as ISO 639-1, or of the title where the text says too
/// little by itself.
///
/// # Errors
/// [`Absent`] where there are too few letters, or the detector is less sure than
/// `min_confidence` and nothing else bears it out.
pub(crate) fn detect(title: &str, text: &str, min_confidence: f64) -> Result<&'static str, Absent> {
    let sample = sample(title, text);
    let letters = sample.chars().filter(|c| c.is_alphabetic()).count();
    let too_few = Absent::TooFewLetters { letters, needed: MIN_LETTERS };
    if letters < MIN_LETTERS {
        return Err(too_few);
    }
    let found = whatlang::detect(&sample).ok_or(too_few)?;
    let (best, confidence) = (iso_639_1(found.lang()), found.confidence());
    if confidence >= min_confidence {
        return Ok(best);
    }
    second_opinion(&sample, best).ok_or(Absent::LanguageUncertain { best, confidence })
}

/// The other detector's answer, where it is `best`, too, or the function words bear it out.
fn second_opinion(sample: &str, best: &'static str) -> Option<&'static str> {
    let second = whichlang::detect_language(sample).three_letter_code();
    let second = Lang::from_code(second).map(iso_639_1)?;
    (second == best || stop_words::bear_out(second, sample)).then_some(second)
}

/// The start of the text; a short one is helped by its title.
fn sample(title: &str, text: &str) -> String {
    let start: String = text.chars().take(MAX_CHARS).collect();
    if start.chars().nth(200).is_some() {
        return start;
    }
    let title = title.chars().take(MAX_CHARS);
    title.chain(std::iter::once('\n')).chain(start.chars()).collect()
}

/// `whatlang` names languages by ISO 639-3. Bokmål becomes plain Norwegian: the
/// detector does not tell it from Nynorsk.
fn iso_639_1(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "no",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        Lang::Cym => "cy",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sentences_are_told_apart() {
        let sentences = [
            ("en", "The ministers agreed on Tuesday to cut the tax on fuel for another year."),
            (
                "de",
                "Die Minister einigten sich am Dienstag darauf, die Steuer auf Kraftstoff zu senken.",
            ),
            (
                "fr",
                "Les ministres ont décidé mardi de baisser la taxe sur les carburants pendant un an.",
            ),
            (
                "es",
                "Los ministros acordaron el martes bajar el impuesto sobre los combustibles un año más.",
            ),
            ("ja", "閣僚らは火曜日、燃料税をさらに一年間引き下げることで合意した。"),
            ("zh", "部长们周二同意将燃油税再降低一年，以减轻家庭负担。"),
            ("ru", "Министры во вторник договорились снизить налог на топливо ещё на один год."),
        ];
        for (expected, sentence) in sentences {
            assert_eq!(detect("", sentence, 0.3), Ok(expected), "{sentence}");
        }
    }

    #[test]
    fn too_little_text_has_no_language() {
        for text in ["", "2024", "— 12:30 —", "Goal!"] {
            assert!(matches!(detect("", text, 0.5), Err(Absent::TooFewLetters { .. })), "{text:?}");
        }
    }

    #[test]
    fn a_short_sentence_is_told_where_a_second_opinion_agrees() {
        let sentences = [
            ("en", "He will defend religious liberty."),
            ("en", "But Mueller’s team begs to differ."),
            ("en", "Why Liberals Should Back Neil Gorsuch"),
            ("de", "Nicht nur Lewis erwartet ein „Fifty-Fifty-Ding“."),
        ];
        for (expected, sentence) in sentences {
            assert!(whatlang::detect(sentence).unwrap().confidence() < 0.5, "{sentence}");
            assert_eq!(detect("", sentence, 0.5), Ok(expected), "{sentence}");
        }
    }

    #[test]
    fn an_uncertain_guess_is_not_told() {
        let guess = detect("", "Angela Merkel, Barack Obama", 1.0);
        assert!(matches!(guess, Err(Absent::LanguageUncertain { .. })), "{guess:?}");
    }

    #[test]
    fn the_title_helps_a_short_text() {
        let title = "Why the government wants to change how schools are paid for";
        assert!(detect("", "More soon.", 0.5).is_err());
        assert_eq!(detect(title, "More soon.", 0.5), Ok("en"));
    }

    #[test]
    fn the_stated_versions_are_the_locked_ones() {
        let lock = include_str!("../../../Cargo.lock");
        for (name, version) in ["whatlang", "whichlang"].into_iter().zip(DETECTOR_VERSIONS) {
            let entry = format!("name = \"{name}\"\nversion = \"{version}\"");
            assert!(lock.contains(&entry), "{name}");
        }
    }

    #[test]
    fn every_language_has_a_two_letter_code_of_its_own() {
        let codes: std::collections::BTreeSet<_> =
            Lang::all().iter().map(|lang| iso_639_1(*lang)).collect();
        assert_eq!(codes.len(), Lang::all().len());
        assert!(codes.iter().all(|code| code.len() == 2));
    }

    /// The least that Courant promises.
    #[test]
    fn at_least_sixty_languages_are_told() {
        assert!(Lang::all().len() >= 60, "{}", Lang::all().len());
    }

    proptest! {
        #[test]
        fn any_text_has_a_language_or_a_reason(
            title in any::<String>(),
            text in any::<String>(),
            confidence in 0.0..=1.0,
        ) {
            if let Ok(code) = detect(&title, &text, confidence) {
                prop_assert_eq!(code.len(), 2);
            }
        }
    }
}
