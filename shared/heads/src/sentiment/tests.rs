use super::*;
use crate::file::sha256;

/// Vectors that point along one of three axes; the texts say nothing but who.
fn examples() -> Vec<SentimentExample> {
    let example = |i: usize| {
        let mut vector = vec![0.1; 4];
        vector[i % 3] = 0.9;
        SentimentExample { vector, text: format!("person number {i}"), class: i % 3 }
    };
    (0..90).map(example).collect()
}

fn trained(examples: &[SentimentExample]) -> Result<SentimentHead, HeadError> {
    let data = TrainingData {
        name: "made up".into(),
        sha256: sha256(b""),
        examples: examples.len(),
        held_back: 0,
    };
    let encoder = EncoderRef { name: "encoder".into(), dimension: 4 };
    SentimentHead::train(examples, encoder, data)
}

#[test]
fn what_was_learned_is_told() {
    let head = trained(&examples()).unwrap();
    for example in examples() {
        let shares = head.sentence(&example.vector, &example.text);
        assert!(shares[example.class] > 0.5, "{shares:?} {example:?}");
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
    }
}

#[test]
fn a_head_from_its_file_tells_the_same() {
    let head = trained(&examples()).unwrap();
    let file = HeadFile::read(&head.file().write(), NAME).unwrap();
    let read = SentimentHead::from_file(file).unwrap();
    let example = &examples()[1];
    assert_eq!(
        read.sentence(&example.vector, &example.text),
        head.sentence(&example.vector, &example.text)
    );
}

#[test]
fn the_same_examples_give_the_same_file() {
    let write = || trained(&examples()).unwrap().file().write();
    assert_eq!(write(), write());
}

#[test]
fn a_head_needs_examples_to_learn_from_and_to_be_judged_by() {
    assert!(matches!(trained(&[]), Err(HeadError::NoExamples)));
    assert!(matches!(trained(&examples()[..1]), Err(HeadError::NoExamples)));
}

#[test]
fn a_head_of_other_shapes_is_refused() {
    let head = trained(&examples()).unwrap();
    let mut other = head.file().clone();
    other.encoder.dimension = 5;
    assert!(matches!(SentimentHead::from_file(other), Err(HeadError::Shape { .. })));
    let mut few = head.file().clone();
    few.labels.pop();
    assert!(matches!(SentimentHead::from_file(few), Err(HeadError::Labels { .. })));
}

#[test]
fn a_text_is_the_mean_of_its_sentences_by_their_length() {
    let head = trained(&examples()).unwrap();
    let (blame, praise) = (vec![0.9, 0.1, 0.1, 0.1], vec![0.1, 0.1, 0.9, 0.1]);
    let long = "one two three four five six";
    let text = head.text([(&blame[..], long), (&praise[..], "one two")]).unwrap();
    let (first, second) = (head.sentence(&blame, long), head.sentence(&praise, "one two"));
    for class in 0..3 {
        let expected = 0.75 * first[class] + 0.25 * second[class];
        assert!((text[class] - expected).abs() < 1e-6);
    }
    assert_eq!(head.text([(&blame[..], "  ")]), None);
    assert_eq!(head.text([]), None);
}
