//! The loss of a batch and its slope, layer by layer backward.

use super::scale::Scale;
use super::{Dense, EntityExample, Layers, Random, TrainingSettings};
use crate::entities::crf::{Scores, Transitions};
use crate::entities::dense::{add_product, rectify, transposed};
use crate::entities::features::FEATURES;
use crate::entities::head::{as_scores, joined, with_neighbours};
use crate::entities::label::LABELS;

/// Examples with the values that are left out of them this time.
pub(super) struct Batch<'a> {
    examples: &'a [&'a EntityExample],
    /// Scaled states of all words, some of them 0.
    states: Vec<f32>,
    /// The factors of the first and the second layer's values.
    masks: [Vec<f32>; 2],
    words: usize,
}

/// The values that the layers gave on the way to the scores.
struct Forward {
    first: Vec<f32>,
    beside: Vec<f32>,
    second: Vec<f32>,
    scores: Vec<Scores>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(
        examples: &'a [&'a EntityExample],
        scale: &Scale,
        settings: &TrainingSettings,
        random: &mut Random,
    ) -> Self {
        let words = examples.iter().map(|example| example.labels.len()).sum();
        let values = words * settings.hidden;
        let mut states = mask(words * scale.mean.len(), settings.state_dropout, random);
        let rows = examples.iter().flat_map(|one| one.states.chunks_exact(scale.mean.len()));
        for (out, row) in states.chunks_exact_mut(scale.mean.len()).zip(rows) {
            for (at, (out, value)) in out.iter_mut().zip(row).enumerate() {
                *out *= (value - scale.mean[at]) * scale.factor[at];
            }
        }
        let masks = [(), ()].map(|()| mask(values, settings.hidden_dropout, random));
        Self { examples, states, masks, words }
    }

    /// The slope of [`Self::loss`] in every value of `layers`.
    pub(super) fn gradient(&self, layers: &Layers) -> Layers {
        let forward = self.forward(layers);
        let mut transitions = Transitions::default();
        let slope = self.score_slope(layers, &forward.scores, &mut transitions);
        let (score, mut slope) = backward(&layers.score, &forward.second, &slope);
        through(&mut slope, &self.masks[1], &forward.second);
        let (mix, slope) = backward(&layers.mix, &forward.beside, &slope);
        let mut slope = self.gather(&slope, layers.project.outputs());
        through(&mut slope, &self.masks[0], &forward.first);
        let project = weight_slope(&layers.project, &self.states, &slope);
        Layers { project, mix, score, transitions }
    }

    /// The mean over the words of how unlikely the true labels are.
    #[cfg(test)]
    pub(super) fn loss(&self, layers: &Layers) -> f32 {
        let forward = self.forward(layers);
        let mut rest = &forward.scores[..];
        let mut loss = 0.0;
        for example in self.examples {
            let (own, behind) = rest.split_at(example.labels.len());
            let marginals = layers.transitions.marginals(own);
            loss += marginals.log_partition - layers.transitions.score(own, &example.labels);
            rest = behind;
        }
        loss / self.words as f32
    }

    fn forward(&self, layers: &Layers) -> Forward {
        let first = masked(layers.project.apply(&self.states), &self.masks[0]);
        let beside = self.beside(&first, layers.project.outputs());
        let second = masked(layers.mix.apply(&beside), &self.masks[1]);
        let scores = as_scores(&layers.score.apply(&second));
        Forward { first, beside, second, scores }
    }

    /// Neighbours within each example.
    fn beside(&self, first: &[f32], hidden: usize) -> Vec<f32> {
        let mut rows = Vec::with_capacity(self.words * 3 * (hidden + FEATURES));
        let mut rest = first;
        for example in self.examples {
            let (own, behind) = rest.split_at(example.labels.len() * hidden);
            rows.extend(with_neighbours(&joined(own, hidden, &example.features)));
            rest = behind;
        }
        rows
    }

    /// Adds up what each word's hidden values got as a word and as a neighbour.
    fn gather(&self, slope: &[f32], hidden: usize) -> Vec<f32> {
        let width = hidden + FEATURES;
        let mut sums = vec![0.0; self.words * hidden];
        let mut start = 0;
        for example in self.examples {
            let end = start + example.labels.len();
            for (at, row) in (start..end).zip(slope[start * 3 * width..].chunks_exact(3 * width)) {
                for (place, part) in row.chunks_exact(width).enumerate() {
                    let word =
                        (at + place).checked_sub(1).filter(|word| (start..end).contains(word));
                    let Some(word) = word else { continue };
                    for (sum, value) in sums[word * hidden..][..hidden].iter_mut().zip(part) {
                        *sum += value;
                    }
                }
            }
            start = end;
        }
        sums
    }

    /// Expected less true labels, and the same for the steps between them.
    fn score_slope(
        &self,
        layers: &Layers,
        scores: &[Scores],
        transitions: &mut Transitions,
    ) -> Vec<f32> {
        let share = 1.0 / self.words as f32;
        let mut slope = Vec::with_capacity(scores.len() * LABELS);
        let mut rest = scores;
        for example in self.examples {
            let (own, behind) = rest.split_at(example.labels.len());
            let mut marginals = layers.transitions.marginals(own);
            for (word, &label) in marginals.labels.iter_mut().zip(&example.labels) {
                word[label] -= 1.0;
            }
            for pair in example.labels.windows(2) {
                marginals.steps[pair[0]][pair[1]] -= 1.0;
            }
            let steps = transitions.step.iter_mut().flatten().zip(marginals.steps.as_flattened());
            let starts = transitions.start.iter_mut().zip(&marginals.labels[0]);
            steps.chain(starts).for_each(|(sum, value)| *sum += share * value);
            slope.extend(marginals.labels.iter().flatten().map(|value| share * value));
            rest = behind;
        }
        slope
    }
}

/// 0 for a share of the values; the others make up for them.
fn mask(values: usize, dropout: f32, random: &mut Random) -> Vec<f32> {
    let kept = 1.0 / (1.0 - dropout);
    (0..values).map(|_| if random.share() < dropout { 0.0 } else { kept }).collect()
}

fn masked(mut values: Vec<f32>, mask: &[f32]) -> Vec<f32> {
    rectify(&mut values);
    values.iter_mut().zip(mask).for_each(|(value, mask)| *value *= mask);
    values
}

/// Back through a mask and a rectifier: where nothing came out, nothing counts.
fn through(slope: &mut [f32], mask: &[f32], out: &[f32]) {
    for ((slope, mask), out) in slope.iter_mut().zip(mask).zip(out) {
        *slope *= if *out > 0.0 { *mask } else { 0.0 };
    }
}

/// The slopes in a layer's values and in its input.
fn backward(layer: &Dense, input: &[f32], slope: &[f32]) -> (Dense, Vec<f32>) {
    let rows = slope.len() / layer.outputs();
    let mut input_slope = vec![0.0; rows * layer.inputs()];
    let turned = transposed(&layer.weight, layer.outputs());
    add_product(&mut input_slope, slope, &turned, layer.outputs(), layer.inputs());
    (weight_slope(layer, input, slope), input_slope)
}

fn weight_slope(layer: &Dense, input: &[f32], slope: &[f32]) -> Dense {
    let rows = slope.len() / layer.outputs();
    let mut weight = vec![0.0; layer.weight.len()];
    let turned = transposed(input, layer.inputs());
    add_product(&mut weight, &turned, slope, rows, layer.outputs());
    let mut bias = vec![0.0; layer.outputs()];
    for row in slope.chunks_exact(layer.outputs()) {
        bias.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    Dense { weight, bias }
}
