//! Multinomial logistic regression over sparse rows.
//! Written by hand: `linfa` and `burn` are frameworks, for one model and its gradient.

use crate::lbfgs::Lbfgs;

/// The features that are not zero: index and value, each index once.
pub(crate) type Row = Vec<(u32, f32)>;

/// A row with its class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SparseExample {
    /// The features of the example.
    pub(crate) row: Row,
    /// The true class, below the number of classes.
    pub(crate) class: usize,
}

/// The settings of a regression's fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fit {
    /// The cost of half the sum of the squared weights, in mean losses per example. The
    /// constants cost nothing.
    pub(crate) penalty: f64,
    /// Steps at most.
    pub(crate) max_steps: usize,
}

/// Weights of a row's features for each class.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Softmax {
    classes: usize,
    inputs: usize,
    /// `[classes, inputs + 1]`, the constant last.
    weights: Vec<f64>,
}

impl Softmax {
    /// Fits weights to examples whose indices are below `inputs`: the minimum of
    /// the mean negative log-likelihood plus the penalty, from zero.
    pub(crate) fn fit(
        classes: usize,
        inputs: usize,
        examples: &[&SparseExample],
        how: Fit,
    ) -> Self {
        let start = vec![0.0; classes * (inputs + 1)];
        let search = Lbfgs { max_steps: how.max_steps, gradient_tolerance: 1e-5, memory: 10 };
        let found = search.minimize(start, |at, gradient| {
            let model = View { classes, inputs, weights: at };
            model.loss(examples, how.penalty, gradient)
        });
        Self { classes, inputs, weights: found.at }
    }

    /// Takes `[classes, inputs + 1]` weights, the constant last; `None` where
    /// their number does not fit.
    pub(crate) fn from_weights(classes: usize, inputs: usize, weights: &[f32]) -> Option<Self> {
        let weights: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
        (weights.len() == classes * (inputs + 1)).then_some(Self { classes, inputs, weights })
    }

    /// `[classes, inputs + 1]`, each times `factor`.
    pub(crate) fn weights(&self, factor: f64) -> Vec<f32> {
        self.weights.iter().map(|weight| (weight * factor) as f32).collect()
    }

    /// Returns one logit per class. Indices that are not below `inputs` do not count.
    pub(crate) fn logits(&self, row: &[(u32, f32)]) -> Vec<f64> {
        let view = View { classes: self.classes, inputs: self.inputs, weights: &self.weights };
        view.logits(row)
    }
}

/// Weights in the hands of the search.
struct View<'w> {
    classes: usize,
    inputs: usize,
    weights: &'w [f64],
}

impl View<'_> {
    fn logits(&self, row: &[(u32, f32)]) -> Vec<f64> {
        let width = self.inputs + 1;
        let logit = |class: usize| {
            let weights = &self.weights[class * width..][..width];
            let known = row.iter().filter(|(index, _)| (*index as usize) < self.inputs);
            let sum: f64 =
                known.map(|(index, value)| weights[*index as usize] * f64::from(*value)).sum();
            sum + weights[self.inputs]
        };
        (0..self.classes).map(logit).collect()
    }

    /// The mean loss plus the penalty, and its gradient.
    fn loss(&self, examples: &[&SparseExample], penalty: f64, gradient: &mut [f64]) -> f64 {
        let width = self.inputs + 1;
        let share = 1.0 / examples.len() as f64;
        gradient.fill(0.0);
        let mut loss = 0.0;
        for example in examples {
            let shares = softmax(&self.logits(&example.row));
            loss -= share * shares[example.class].max(f64::MIN_POSITIVE).ln();
            for (class, told) in shares.iter().enumerate() {
                let error = share * (told - f64::from(u8::from(class == example.class)));
                let slopes = &mut gradient[class * width..][..width];
                for (index, value) in &example.row {
                    slopes[*index as usize] += error * f64::from(*value);
                }
                slopes[self.inputs] += error;
            }
        }
        for (place, weight) in self.weights.iter().enumerate() {
            if place % width != self.inputs {
                loss += 0.5 * penalty * weight * weight;
                gradient[place] += penalty * weight;
            }
        }
        loss
    }
}

/// Shares that add up to 1. The greatest logit is subtracted first: no
/// exponential overflows, and the sum is not zero.
pub(crate) fn softmax(logits: &[f64]) -> Vec<f64> {
    let greatest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut shares: Vec<f64> = logits.iter().map(|logit| (logit - greatest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(row: &[(u32, f32)], class: usize) -> SparseExample {
        SparseExample { row: row.to_vec(), class }
    }

    fn three_corners() -> Vec<SparseExample> {
        let corner = |class: usize| example(&[(class as u32, 1.0)], class);
        (0..30).map(|i| corner(i % 3)).collect()
    }

    const FIT: Fit = Fit { penalty: 1e-3, max_steps: 100 };

    #[test]
    fn what_was_seen_is_told_again() {
        let examples = three_corners();
        let model = Softmax::fit(3, 3, &examples.iter().collect::<Vec<_>>(), FIT);
        for example in &examples {
            assert!(softmax(&model.logits(&example.row))[example.class] > 0.8);
        }
    }

    #[test]
    fn without_features_the_shares_are_those_of_the_classes() {
        let examples = [example(&[], 0), example(&[], 0), example(&[], 0), example(&[], 1)];
        let model = Softmax::fit(2, 1, &examples.iter().collect::<Vec<_>>(), FIT);
        assert!((softmax(&model.logits(&[]))[0] - 0.75).abs() < 1e-3);
    }

    #[test]
    fn the_same_examples_give_the_same_weights() {
        let examples = three_corners();
        let fit = || Softmax::fit(3, 3, &examples.iter().collect::<Vec<_>>(), FIT);
        assert_eq!(fit(), fit());
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let examples = [example(&[(0, 1.0), (1, -0.5)], 0), example(&[(1, 2.0)], 1)];
        let examples: Vec<_> = examples.iter().collect();
        let at = [0.3, -0.2, 0.1, 0.5, 0.4, -0.7];
        let loss = |at: &[f64], gradient: &mut [f64]| {
            View { classes: 2, inputs: 2, weights: at }.loss(&examples, 0.1, gradient)
        };
        let mut gradient = [0.0; 6];
        loss(&at, &mut gradient);
        for place in 0..6 {
            let mut moved = at;
            moved[place] += 1e-6;
            let above = loss(&moved, &mut [0.0; 6]);
            moved[place] -= 2e-6;
            let below = loss(&moved, &mut [0.0; 6]);
            assert!((gradient[place] - (above - below) / 2e-6).abs() < 1e-6, "{place}");
        }
    }

    #[test]
    fn weights_of_another_shape_are_refused() {
        assert_eq!(Softmax::from_weights(3, 2, &[0.0; 8]), None);
        assert!(Softmax::from_weights(3, 2, &[0.0; 9]).is_some());
    }

    proptest! {
        #[test]
        fn shares_add_up_to_one(logits in prop::collection::vec(-1e6_f64..1e6, 1..8)) {
            let sum: f64 = softmax(&logits).iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-9);
        }
    }
}
