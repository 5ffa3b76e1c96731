//! Trains a head on labelled texts. The same examples and settings give the same head: training
//! uses one thread, a fixed order and a seeded generator.

use std::ops::Range;

use courant_article::EntityKind;

mod adam;
mod gradient;
mod scale;

use super::dense::Dense;
use super::features::{FEATURES, features};
use super::head::{EntityHead, Layers, Provenance};
use super::label::{LABELS, labels};
use super::random::Random;
use super::{EntityHeadError, Word, crf::Transitions};
use adam::Adam;
use gradient::Batch;
use scale::Scale;

/// A text with its names.
#[derive(Clone, Debug)]
pub struct EntityExample {
    states: Vec<f32>,
    features: Vec<f32>,
    labels: Vec<usize>,
}

impl EntityExample {
    /// Makes an example. `names`: kinds and ranges of words that do not overlap. `states`: one
    /// row per word, the mean of its tokens' states.
    pub fn new(words: &[Word<'_>], names: &[(EntityKind, Range<usize>)], states: Vec<f32>) -> Self {
        Self { states, features: features(words), labels: labels(words.len(), names) }
    }
}

/// The settings of a training. The defaults were chosen by cross-validation.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainingSettings {
    /// The seed of the random generator.
    pub seed: u64,
    /// Passes over the examples.
    pub epochs: usize,
    /// Examples per step.
    pub batch: usize,
    /// The number of values per word after the first layer.
    pub hidden: usize,
    /// The greatest learning rate. It is reached after the first steps and then falls linearly
    /// to zero.
    pub learning_rate: f32,
    /// The decay of the weights per step, as a share of the learning rate.
    pub weight_decay: f32,
    /// The share of states left out at each step.
    pub state_dropout: f32,
    /// The share of hidden values left out at each step.
    pub hidden_dropout: f32,
}

impl Default for TrainingSettings {
    fn default() -> Self {
        Self {
            seed: 1,
            epochs: 10,
            batch: 32,
            hidden: 64,
            learning_rate: 2e-3,
            weight_decay: 0.01,
            state_dropout: 0.3,
            hidden_dropout: 0.4,
        }
    }
}

/// The reasons why no head can be trained.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum TrainingError {
    /// There are no words to train on.
    #[error("there are no words to learn from")]
    NoWords,
    /// The examples come from encoders of different widths.
    #[error("a text has {found} values for its words, expected are {expected}")]
    States {
        /// The dimension of the first example times the words.
        expected: usize,
        /// Values given.
        found: usize,
    },
    /// A text that was held back has other values than its words need.
    #[error(transparent)]
    HeldBack(#[from] EntityHeadError),
}

/// Steps until the learning rate is reached.
const WARM_UP_STEPS: usize = 50;

/// Trains a head. This takes about a minute of one core for a hundred thousand words.
///
/// # Errors
/// [`TrainingError`] if there are no words, or an example does not have one row of states per
/// word.
pub fn train(
    examples: &[EntityExample],
    settings: &TrainingSettings,
    provenance: Provenance,
) -> Result<EntityHead, TrainingError> {
    let dimension = dimension(examples)?;
    let scale = Scale::of(examples.iter().map(|example| &*example.states), dimension);
    let mut random = Random::new(settings.seed);
    let mut layers = initial(dimension, settings.hidden, &mut random);
    let mut adam = Adam::new(&mut layers, settings.weight_decay);
    let mut order: Vec<&EntityExample> =
        examples.iter().filter(|one| !one.labels.is_empty()).collect();
    let steps = settings.epochs * order.len().div_ceil(settings.batch);
    let mut step = 0;
    for _ in 0..settings.epochs {
        random.shuffle(&mut order);
        for examples in order.chunks(settings.batch) {
            let batch = Batch::new(examples, &scale, settings, &mut random);
            let mut gradient = batch.gradient(&layers);
            let warm_up = (step as f32 / WARM_UP_STEPS as f32).min(1.0);
            let left = 1.0 - step as f32 / steps as f32;
            adam.step(&mut layers, &mut gradient, settings.learning_rate * warm_up * left);
            step += 1;
        }
    }
    scale.fold_into(&mut layers.project);
    let exact = EntityHead { provenance, version: String::new(), layers };
    Ok(EntityHead::from_bytes(&exact.to_bytes()).expect("what was just written can be read"))
}

fn dimension(examples: &[EntityExample]) -> Result<usize, TrainingError> {
    let first = examples.iter().find(|example| !example.labels.is_empty());
    let first = first.ok_or(TrainingError::NoWords)?;
    let dimension = first.states.len() / first.labels.len();
    for example in examples {
        let expected = dimension * example.labels.len();
        if dimension == 0 || example.states.len() != expected {
            return Err(TrainingError::States { expected, found: example.states.len() });
        }
    }
    Ok(dimension)
}

fn initial(dimension: usize, hidden: usize, random: &mut Random) -> Layers {
    Layers {
        project: dense(dimension, hidden, random),
        mix: dense(3 * (hidden + FEATURES), hidden, random),
        score: dense(hidden, LABELS, random),
        transitions: Transitions::default(),
    }
}

/// Evenly spread around zero, less far the more inputs are added up (`LeCun`
/// 1998).
fn dense(inputs: usize, outputs: usize, random: &mut Random) -> Dense {
    let reach = 1.0 / (inputs as f32).sqrt();
    let mut value = || (2.0 * random.share() - 1.0) * reach;
    Dense {
        weight: (0..inputs * outputs).map(|_| value()).collect(),
        bias: (0..outputs).map(|_| value()).collect(),
    }
}

#[cfg(test)]
mod tests;
