use courant_article::Sentence;
use half::f16;
use proptest::prelude::*;

use super::*;

/// Builds an article from sentences and their vectors. `vector` is the article's own.
fn article(vector: [f32; 3], sentences: &[(&str, [f32; 3])]) -> (String, Embeddings) {
    let mut text = String::new();
    let mut found = Vec::new();
    for (sentence, values) in sentences {
        let start = text.chars().count() as u32;
        text.push_str(sentence);
        let end = text.chars().count() as u32;
        text.push(' ');
        let vector = values.iter().copied().map(f16::from_f32).collect();
        found.push(Sentence { span: Span { start, end }, vector });
    }
    let embeddings = Embeddings {
        model: ModelRef::default(),
        vector: Embedding::normalized(vector.to_vec()),
        sentences_left_out: 0,
        sentences: found,
        entities: Err("no states".into()),
    };
    (text, embeddings)
}

const NEAR: [f32; 3] = [1.0, 0.0, 0.0];
const FAR: [f32; 3] = [0.0, 0.0, 1.0];
const MIDDLE: [f32; 3] = [0.8, 0.6, 0.0];

fn texts(summary: &[SummarySentence]) -> Vec<&str> {
    summary.iter().map(|sentence| sentence.text.as_str()).collect()
}

#[test]
fn the_central_sentences_come_in_the_text_s_order() {
    let (text, embeddings) = article(
        NEAR,
        &[
            ("Nobody in the town expected any of this.", FAR),
            ("The council voted to close the old bridge.", MIDDLE),
            ("It rained for most of the following day.", FAR),
            ("Engineers had found cracks in the bridge’s piers.", NEAR),
            ("A café nearby remained open as it always had.", FAR),
        ],
    );
    let summary = summarize("", &text, &embeddings, 2).unwrap();
    assert_eq!(
        texts(&summary),
        [
            "The council voted to close the old bridge.",
            "Engineers had found cracks in the bridge’s piers.",
        ]
    );
}

#[test]
fn a_second_sentence_that_says_the_same_gives_way() {
    let (text, embeddings) = article(
        [0.72, 0.69, 0.0],
        &[
            ("Engineers have found deep cracks in the bridge.", NEAR),
            ("Deep cracks in the bridge were found by engineers.", NEAR),
            ("The council will close the bridge from Monday.", [0.0, 1.0, 0.0]),
        ],
    );
    let summary = summarize("", &text, &embeddings, 2).unwrap();
    assert_eq!(summary[1].text, "The council will close the bridge from Monday.");
}

#[test]
fn what_is_no_prose_is_left_out() {
    let (text, embeddings) = article(
        NEAR,
        &[
            ("Council closes old bridge after engineers find cracks", NEAR),
            ("Too short.", NEAR),
            ("Please subscribe to our morning letter for more news.", NEAR),
            ("THE COUNCIL IS GOING TO CLOSE THE BRIDGE NOW.", NEAR),
            ("The council voted to close the old bridge.", MIDDLE),
            ("Council votes to close the old bridge today.", NEAR),
        ],
    );
    let title = "Council votes to close the old bridge today.";
    let summary = summarize(title, &text, &embeddings, 3).unwrap();
    assert_eq!(texts(&summary), ["The council voted to close the old bridge."]);
}

#[test]
fn a_short_text_is_not_repeated_whole() {
    let sentences = [
        ("The council voted to close the old bridge.", NEAR),
        ("Engineers had found deep cracks in its piers.", MIDDLE),
        ("It rained for most of the following day.", FAR),
    ];
    for (count, expected) in [(1, 1), (2, 1), (3, 2)] {
        let (text, embeddings) = article(NEAR, &sentences[..count]);
        assert_eq!(summarize("", &text, &embeddings, 3).unwrap().len(), expected);
    }
}

#[test]
fn what_is_missing_is_said() {
    let (text, embeddings) = article(NEAR, &[("Too short.", NEAR)]);
    assert_eq!(summarize("", &text, &embeddings, 3), Err(Absent::NoSentence));
    let without = Embeddings { sentences: Vec::new(), ..embeddings.clone() };
    assert_eq!(summarize("", &text, &without, 3), Err(Absent::NoSentenceVectors));
    let zero = Embeddings { vector: Embedding::from_unit(vec![0.0; 3]), ..embeddings };
    assert_eq!(summarize("", &text, &zero, 3), Err(Absent::NoVector));
}

#[test]
fn a_sentence_of_another_dimension_is_left_out() {
    let (text, mut embeddings) = article(
        NEAR,
        &[
            ("The council voted to close the old bridge.", NEAR),
            ("Engineers had found deep cracks in its piers.", FAR),
        ],
    );
    embeddings.sentences[0].vector.pop();
    let summary = summarize("", &text, &embeddings, 3).unwrap();
    assert_eq!(texts(&summary), ["Engineers had found deep cracks in its piers."]);
}

fn any_sentence() -> impl Strategy<Value = Sentence> {
    let value = (any::<f32>()).prop_map(f16::from_f32);
    let ordinary = (-1.0_f32..1.0).prop_map(f16::from_f32);
    let values = prop_oneof![
        9 => prop::collection::vec(ordinary, 3),
        1 => prop::collection::vec(value, 0..5),
    ];
    (0_u32..400, 0_u32..120, values).prop_map(|(start, length, vector)| Sentence {
        span: Span { start, end: start + length },
        vector,
    })
}

fn prose() -> impl Strategy<Value = String> {
    let words =
        prop::sample::select(vec!["the ", "Bridge ", "fell. ", "né ", "日本。", "\n", "ok "]);
    prop::collection::vec(words, 0..100).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn spans_are_the_sentences_places_in_order(
        text in prop_oneof![any::<String>(), prose()],
        title in any::<String>(),
        sentences in prop::collection::vec(any_sentence(), 0..30),
        vector in prop::collection::vec(-1.0_f32..1.0, 3),
        limit in 0_usize..4,
    ) {
        let vector = Embedding::normalized(vector);
        let model = ModelRef::default();
        let embeddings = Embeddings {
            model,
            vector,
            sentences_left_out: 0,
            sentences,
            entities: Err("no states".into()),
        };
        let Ok(summary) = summarize(&title, &text, &embeddings, limit) else { return Ok(()) };
        prop_assert!(summary.len() <= limit);
        prop_assert!(summary.is_sorted_by(|a, b| a.span.start <= b.span.start));
        for sentence in &summary {
            let Span { start, end } = sentence.span;
            let place: String =
                text.chars().skip(start as usize).take((end - start) as usize).collect();
            prop_assert_eq!(&place, &sentence.text);
        }
    }
}
