//! Adam with decoupled weight decay (Kingma, Ba 2015; Loshchilov, Hutter 2019).
//! Written by hand: `burn` is a framework, for some fifty lines.

use super::Layers;

const FIRST_DECAY: f32 = 0.9;
const SECOND_DECAY: f32 = 0.999;
const EPSILON: f32 = 1e-8;

pub(super) struct Adam {
    /// Per value, the running means of its gradient and of the gradient's square.
    means: Vec<Vec<(f32, f32)>>,
    weight_decay: f32,
    steps: i32,
}

impl Adam {
    pub(super) fn new(layers: &mut Layers, weight_decay: f32) -> Self {
        let means = tensors(layers).map(|tensor| vec![(0.0, 0.0); tensor.len()]);
        Self { means: means.into(), weight_decay, steps: 0 }
    }

    /// Moves the values against their gradient.
    pub(super) fn step(&mut self, layers: &mut Layers, gradient: &mut Layers, rate: f32) {
        self.steps += 1;
        let first_share = 1.0 - FIRST_DECAY.powi(self.steps);
        let second_share = 1.0 - SECOND_DECAY.powi(self.steps);
        let kept = 1.0 - rate * self.weight_decay;
        let tensors = tensors(layers).into_iter().zip(tensors(gradient));
        for ((values, gradient), means) in tensors.zip(&mut self.means) {
            let values = values.iter_mut().zip(gradient.iter()).zip(means);
            for ((value, &slope), (first, second)) in values {
                *first = FIRST_DECAY * *first + (1.0 - FIRST_DECAY) * slope;
                *second = SECOND_DECAY * *second + (1.0 - SECOND_DECAY) * slope * slope;
                let size = (*second / second_share).sqrt() + EPSILON;
                *value = *value * kept - rate * (*first / first_share) / size;
            }
        }
    }
}

/// All values that are learned.
pub(super) fn tensors(layers: &mut Layers) -> [&mut [f32]; 8] {
    [
        &mut layers.project.weight,
        &mut layers.project.bias,
        &mut layers.mix.weight,
        &mut layers.mix.bias,
        &mut layers.score.weight,
        &mut layers.score.bias,
        &mut layers.transitions.start,
        layers.transitions.step.as_flattened_mut(),
    ]
}
