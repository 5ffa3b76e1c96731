use proptest::prelude::*;

use super::*;

const TEXT: &str = "The Bank of England raised its interest rate on Thursday. The interest rate is \
    now the highest in years, Governor Jane Miller said. Miller warned that inflation would stay. \
    Markets expect the interest rate to rise again, and inflation to fall. The Bank of England meets \
    in May.";

fn extract(language: &str, title: &str, text: &str) -> Result<Vec<KeyPhrase>, Absent> {
    KeyPhrases::new().extract(Some(language), title, text, 10)
}

fn texts(phrases: &[KeyPhrase]) -> Vec<&str> {
    phrases.iter().map(|phrase| phrase.text.as_str()).collect()
}

#[test]
fn repeated_phrases_and_names_come_first_and_in_full() {
    let phrases = extract("en", "Bank lifts rate", TEXT).unwrap();
    let texts = texts(&phrases);
    assert!(texts[..2].contains(&"interest rate"), "{texts:?}");
    assert!(texts.contains(&"Bank of England"), "{texts:?}");
    assert!(texts.contains(&"inflation"), "{texts:?}");
    assert!(texts.iter().any(|text| text.ends_with("Jane Miller")), "{texts:?}");
    assert!(!texts.contains(&"Miller"), "{texts:?}");
}

#[test]
fn the_best_scores_one_and_the_others_fall() {
    let phrases = extract("en", "", TEXT).unwrap();
    assert_eq!(phrases[0].score, 1.0);
    assert!(phrases.is_sorted_by(|a, b| a.score >= b.score));
    assert!(phrases.iter().all(|phrase| phrase.score > 0.0));
}

#[test]
fn forms_of_one_word_count_as_one() {
    let text = "Elections are held. The election was an election.";
    let phrases = extract("en", "", text).unwrap();
    let forms = phrases.iter().filter(|p| p.text.to_lowercase().starts_with("election")).count();
    assert_eq!(forms, 1);
    assert_eq!(phrases[0].text, "Elections");
}

#[test]
fn a_word_of_the_title_gains() {
    let text = "A drought hurts farmers. Some farmers left after the drought.";
    let with = |title| extract("en", title, text).unwrap()[0].text.clone();
    assert_eq!(with("Farmers in trouble"), "farmers");
    assert_eq!(with("Drought goes on"), "drought");
}

#[test]
fn german_phrases_end_with_nouns() {
    let text = "Der Minister plant neue Steuern. Die neuen Steuern treffen den Handel, und der \
        Handel klagt schnell. Schnell klagt auch der Minister über die Steuern.";
    let phrases = extract("de", "", text).unwrap();
    assert!(phrases[0].text.contains("Steuern"), "{phrases:?}");
    assert!(phrases.iter().all(|p| p.text.contains(char::is_uppercase)), "{phrases:?}");
}

#[test]
fn without_a_language_or_its_stop_words_there_are_none() {
    assert_eq!(KeyPhrases::new().extract(None, "", TEXT, 10), Err(Absent::LanguageUnknown));
    let japanese = extract("ja", "", "閣僚らは火曜日に合意した。");
    assert_eq!(japanese, Err(Absent::NoStopWords { language: "ja".into() }));
    assert_eq!(extract("en", "", "It was what it was, 1984."), Err(Absent::NoPhrase));
}

#[test]
fn no_more_than_asked_for() {
    let phrases = KeyPhrases::new().extract(Some("en"), "", TEXT, 2).unwrap();
    assert_eq!(phrases.len(), 2);
    assert_eq!(KeyPhrases::new().extract(Some("en"), "", TEXT, 0), Ok(Vec::new()));
}

/// Words, names, marks and breaks as real texts mix them.
fn prose() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "tax", "taxes", "Bank", "of", "England", "US", "the", "l'été", "İ", "’s", " ", " ", "-",
        ". ", "\n", "\u{a0}", "2024", "ß", "ﬁ", "日本", "\u{301}", "“",
    ]);
    prop::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn phrases_stand_in_any_text_and_repeat_nothing(
        text in prop_oneof![any::<String>(), prose()],
        title in any::<String>(),
        language in prop::sample::select(Lexicon::LANGUAGES.to_vec()),
    ) {
        let Ok(phrases) = extract(language, &title, &text) else { return Ok(()) };
        prop_assert!(phrases.len() <= 10);
        let mut seen = HashSet::new();
        for phrase in &phrases {
            prop_assert!(text.contains(&phrase.text));
            prop_assert!(phrase.score > 0.0 && phrase.score <= 1.0);
            prop_assert!(seen.insert(phrase.text.to_lowercase()));
        }
    }
}
