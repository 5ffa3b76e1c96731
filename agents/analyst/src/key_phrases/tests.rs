use courant_article::{Embedding, Sentence, Span};
use half::f16;
use proptest::prelude::*;

use super::*;

const TEXT: &str = "The Bank of England raised its interest rate on Thursday. The interest rate is \
    now the highest in years, Governor Jane Miller said. Miller warned that inflation would stay. \
    Markets expect the interest rate to rise again, and inflation to fall. The Bank of England meets \
    in May.";

/// Embeddings without vectors.
fn none() -> Embeddings {
    Embeddings {
        model: ModelRef::default(),
        vector: Embedding::from_unit(Vec::new()),
        sentences_left_out: 0,
        sentences: Vec::new(),
        entities: Err("nobody looked for names".into()),
    }
}

/// Embeddings with one vector per sentence, each with the given cosine to the article's vector.
fn near(sentences: &[(&str, f32)]) -> (String, Embeddings) {
    let mut text = String::new();
    let mut embedded = Vec::new();
    for &(sentence, cosine) in sentences {
        let start = text.chars().count() as u32;
        text.push_str(sentence);
        let span = Span { start, end: text.chars().count() as u32 };
        let vector = [cosine, (1.0 - cosine * cosine).sqrt()].map(f16::from_f32);
        embedded.push(Sentence { span, vector: vector.to_vec() });
        text.push(' ');
    }
    let vector = Embedding::from_unit(vec![1.0, 0.0]);
    (text, Embeddings { vector, sentences: embedded, ..none() })
}

fn extract(language: &str, title: &str, text: &str) -> Result<Vec<KeyPhrase>, Absent> {
    KeyPhrases::new().extract(Some(language), title, text, &none(), 10)
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
    let unknown = KeyPhrases::new().extract(None, "", TEXT, &none(), 10);
    assert_eq!(unknown, Err(Absent::LanguageUnknown));
    let japanese = extract("ja", "", "閣僚らは火曜日に合意した。");
    assert_eq!(japanese, Err(Absent::NoStopWords { language: "ja".into() }));
    assert_eq!(extract("en", "", "It was what it was, 1984."), Err(Absent::NoPhrase));
}

#[test]
fn no_more_than_asked_for() {
    let extract = |limit| KeyPhrases::new().extract(Some("en"), "", TEXT, &none(), limit).unwrap();
    assert_eq!(extract(2).len(), 2);
    assert_eq!(extract(0), Vec::new());
}

#[test]
fn phrases_of_the_sentences_that_carry_the_article_win() {
    let first = |weather: f32, ferry: f32| {
        let (text, embeddings) = near(&[
            ("Über dem Hafen: a café hung out flags.", 0.5),
            ("The heavy rain fell on the quay.", weather),
            ("The island ferry is back.", ferry),
            ("Many people cheered the island ferry.", ferry),
            ("They stood in heavy rain.", weather),
        ]);
        let found = KeyPhrases::new().extract(Some("en"), "", &text, &embeddings, 1).unwrap();
        (found[0].text.clone(), KeyPhrases::model(&embeddings).version)
    };
    assert_eq!(first(0.3, 0.8).0, "island ferry");
    assert_eq!(first(0.8, 0.3).0, "heavy rain");
    assert!(first(0.5, 0.5).1.starts_with("2+"));
}

#[test]
fn vectors_that_cannot_be_compared_weigh_nothing() {
    let counted = extract("en", "", TEXT);
    let whole = Span { start: 0, end: TEXT.chars().count() as u32 };
    for (span, vector) in [
        (whole, vec![f16::ONE]),
        (whole, vec![f16::NAN, f16::ONE]),
        (whole, vec![f16::NEG_ONE, f16::ZERO]),
        (Span { start: 9_000, end: 9_001 }, vec![f16::ONE, f16::ZERO]),
    ] {
        let vector_of_all = Embedding::from_unit(vec![1.0, 0.0]);
        let sentences = vec![Sentence { span, vector }];
        let embeddings = Embeddings { vector: vector_of_all, sentences, ..none() };
        let found = KeyPhrases::new().extract(Some("en"), "", TEXT, &embeddings, 10);
        assert_eq!(found, counted);
    }
}

/// A mix of words, names, marks and breaks, as in real texts.
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
        language in prop::sample::select(Lexicon::languages().collect::<Vec<_>>()),
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
