use super::adam::tensors;
use super::*;
use crate::entities::words;

/// States that tell names: a word of one vector is a person.
fn example(text: &str, named: &[(EntityKind, Range<usize>)]) -> EntityExample {
    let words = words(text);
    let states = words.iter().enumerate().flat_map(|(at, word)| {
        let is_named = named.iter().any(|(_, words)| words.contains(&at));
        [word.text.len() as f32, f32::from(u8::from(is_named)), at as f32 % 3.0]
    });
    let states = states.collect();
    EntityExample::new(&words, named, states)
}

fn examples() -> Vec<EntityExample> {
    let person = EntityKind::Person;
    vec![
        example("Ann Lee met the mayor", &[(person, 0..2)]),
        example("they say Bob left", &[(person, 2..3)]),
        example("the mayor of Paris spoke", &[(EntityKind::Location, 3..4)]),
        example("nothing else", &[]),
        example("", &[]),
    ]
}

fn settings() -> TrainingSettings {
    TrainingSettings {
        hidden: 8,
        epochs: 100,
        batch: 2,
        learning_rate: 0.02,
        state_dropout: 0.1,
        hidden_dropout: 0.1,
        ..Default::default()
    }
}

fn provenance() -> Provenance {
    Provenance { encoder: "test".into(), data_sha256: "0".into(), texts: 5, f1: None }
}

#[test]
fn the_slope_is_the_one_that_small_changes_show() {
    let examples = examples();
    let used: Vec<&EntityExample> = examples[..4].iter().collect();
    let scale = Scale::of(used.iter().map(|example| &*example.states), 3);
    let mut random = Random::new(7);
    let mut layers = initial(3, 5, &mut random);
    let batch = Batch::new(&used, &scale, &settings(), &mut random);
    let mut gradient = batch.gradient(&layers);
    let sizes = tensors(&mut gradient).map(|tensor| tensor.len());
    for (tensor, size) in sizes.into_iter().enumerate() {
        for at in (0..size).step_by(size.div_ceil(9)) {
            const CHANGE: f32 = 2e-3;
            let mut loss = |change: f32| {
                tensors(&mut layers)[tensor][at] += change;
                let loss = batch.loss(&layers);
                tensors(&mut layers)[tensor][at] -= change;
                loss
            };
            let expected = (loss(CHANGE) - loss(-CHANGE)) / (2.0 * CHANGE);
            let found = tensors(&mut gradient)[tensor][at];
            assert!((expected - found).abs() < 3e-3, "{tensor}, {at}: {expected} is {found}");
        }
    }
}

#[test]
fn a_head_learns_what_its_examples_show() {
    let examples = examples();
    let head = train(&examples, &settings(), provenance()).unwrap();
    let words = words("they say Bob left");
    let tagged = head.tag(&words, &head.project(&examples[1].states)).unwrap();
    assert_eq!(tagged.len(), 1);
    assert_eq!((tagged[0].kind, tagged[0].words.clone()), (EntityKind::Person, 2..3));
    assert!((0.5..=1.0).contains(&tagged[0].score));
}

#[test]
fn training_twice_gives_the_same_bytes() {
    let once = train(&examples(), &settings(), provenance()).unwrap();
    let again = train(&examples(), &settings(), provenance()).unwrap();
    assert_eq!(once.to_bytes(), again.to_bytes());
}

#[test]
fn examples_that_do_not_fit_are_refused() {
    let train = |examples: &[EntityExample]| train(examples, &settings(), provenance());
    assert_eq!(train(&[]).unwrap_err(), TrainingError::NoWords);
    let mut examples = examples();
    examples[2].states.pop();
    let error = train(&examples).unwrap_err();
    assert_eq!(error, TrainingError::States { expected: 15, found: 14 });
}
