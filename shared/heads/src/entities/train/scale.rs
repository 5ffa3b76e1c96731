//! States differ in size by dimension: they are scaled for learning, and the
//! scale becomes part of the first layer.

use super::Dense;

/// Added to the variance: a dimension that never changes stays finite.
const MIN_VARIANCE: f64 = 1e-8;

pub(super) struct Scale {
    pub(super) mean: Vec<f32>,
    /// One over the standard deviation.
    pub(super) factor: Vec<f32>,
}

impl Scale {
    pub(super) fn of<'a>(states: impl Iterator<Item = &'a [f32]>, dimension: usize) -> Self {
        let mut count = 0.0f64;
        let mut sums = vec![(0.0f64, 0.0f64); dimension];
        for row in states.flat_map(|states| states.chunks_exact(dimension)) {
            count += 1.0;
            for ((sum, squares), &value) in sums.iter_mut().zip(row) {
                *sum += f64::from(value);
                *squares += f64::from(value) * f64::from(value);
            }
        }
        let mean = |sum: f64| sum / count;
        let variance = |(sum, squares): (f64, f64)| mean(squares) - mean(sum) * mean(sum);
        Self {
            mean: sums.iter().map(|&(sum, _)| mean(sum) as f32).collect(),
            factor: sums
                .iter()
                .map(|&sums| (1.0 / (variance(sums).max(0.0) + MIN_VARIANCE).sqrt()) as f32)
                .collect(),
        }
    }

    /// Makes a layer that was trained on scaled states take plain ones.
    pub(super) fn fold_into(&self, layer: &mut Dense) {
        let outputs = layer.outputs();
        let rows = layer.weight.chunks_exact_mut(outputs);
        for (row, (mean, factor)) in rows.zip(self.mean.iter().zip(&self.factor)) {
            for (weight, bias) in row.iter_mut().zip(&mut layer.bias) {
                *weight *= factor;
                *bias -= mean * *weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folded_layer_gives_on_plain_states_what_it_gave_on_scaled_ones() {
        let states = [1.0, 10.0, 3.0, 30.0, 8.0, 20.0];
        let scale = Scale::of([&states[..]].into_iter(), 2);
        let mut layer = Dense { weight: vec![0.5, -1.0, 2.0, 0.25], bias: vec![0.1, 0.2] };
        let scaled: Vec<f32> = states
            .chunks(2)
            .flat_map(|row| (0..2).map(|at| (row[at] - scale.mean[at]) * scale.factor[at]))
            .collect();
        let expected = layer.apply(&scaled);
        scale.fold_into(&mut layer);
        for (expected, found) in expected.iter().zip(layer.apply(&states)) {
            assert!((expected - found).abs() < 1e-4, "{expected} is {found}");
        }
    }
}
