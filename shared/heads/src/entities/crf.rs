//! A linear-chain conditional random field over the words of a text (Lafferty,
//! McCallum, Pereira 2001): what labels are likely depends on the labels beside
//! them, and the inside of a name without its beginning is impossible.
//!
//! Written by hand: `crfsuite` binds a C library.

use super::label::{LABELS, may_follow, may_start};

/// One value per label.
pub(crate) type Scores = [f32; LABELS];

/// Scores of the first label, and of each label behind each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Transitions {
    pub(crate) start: Scores,
    /// `[before][behind]`.
    pub(crate) step: [Scores; LABELS],
}

/// The probabilities of the labels of one text.
pub(crate) struct Marginals {
    /// Each label's probability, per word.
    pub(crate) labels: Vec<Scores>,
    /// The expected count of each pair of neighbouring labels, `[before][behind]`.
    pub(crate) steps: [Scores; LABELS],
    /// The logarithm of the sum over all labellings.
    #[cfg(test)]
    pub(crate) log_partition: f32,
}

impl Transitions {
    fn start(&self, label: usize) -> f32 {
        if may_start(label) { self.start[label] } else { f32::NEG_INFINITY }
    }

    fn step(&self, label: usize, next: usize) -> f32 {
        if may_follow(label, next) { self.step[label][next] } else { f32::NEG_INFINITY }
    }

    /// The most probable labels.
    pub(crate) fn decode(&self, emissions: &[Scores]) -> Vec<usize> {
        let Some((first, rest)) = emissions.split_first() else { return Vec::new() };
        let mut best: Scores = std::array::from_fn(|label| self.start(label) + first[label]);
        let mut origins: Vec<[usize; LABELS]> = Vec::with_capacity(rest.len());
        for emission in rest {
            let reached: [(f32, usize); LABELS] = std::array::from_fn(|next| {
                let from = |label: usize| (best[label] + self.step(label, next), label);
                let (score, origin) = (1..LABELS).map(from).fold(from(0), greater);
                (score + emission[next], origin)
            });
            best = reached.map(|(score, _)| score);
            origins.push(reached.map(|(_, origin)| origin));
        }
        let (_, mut label) = (1..LABELS).map(|at| (best[at], at)).fold((best[0], 0), greater);
        let mut labels = vec![label];
        for origin in origins.iter().rev() {
            label = origin[label];
            labels.push(label);
        }
        labels.reverse();
        labels
    }

    /// Forward and backward sums, in logarithms.
    pub(crate) fn marginals(&self, emissions: &[Scores]) -> Marginals {
        let forward = self.forward(emissions);
        let backward = self.backward(emissions);
        let log_partition = forward.last().map_or(0.0, |last| log_sum(*last));
        let labels = forward
            .iter()
            .zip(&backward)
            .map(|(f, b)| std::array::from_fn(|label| (f[label] + b[label] - log_partition).exp()))
            .collect();
        let mut steps = [[0.0; LABELS]; LABELS];
        for at in 1..emissions.len() {
            for (label, row) in steps.iter_mut().enumerate() {
                for (next, sum) in row.iter_mut().enumerate() {
                    let behind = emissions[at][next] + backward[at][next];
                    let path = forward[at - 1][label] + self.step(label, next) + behind;
                    *sum += (path - log_partition).exp();
                }
            }
        }
        Marginals {
            labels,
            steps,
            #[cfg(test)]
            log_partition,
        }
    }

    /// The score of one labelling, before normalization.
    #[cfg(test)]
    pub(crate) fn score(&self, emissions: &[Scores], labels: &[usize]) -> f32 {
        let own: f32 = emissions.iter().zip(labels).map(|(scores, &label)| scores[label]).sum();
        let steps: f32 = labels.windows(2).map(|pair| self.step(pair[0], pair[1])).sum();
        own + steps + labels.first().map_or(0.0, |&label| self.start(label))
    }

    fn forward(&self, emissions: &[Scores]) -> Vec<Scores> {
        let mut sums: Vec<Scores> = Vec::with_capacity(emissions.len());
        for emission in emissions {
            let sum = match sums.last() {
                None => std::array::from_fn(|label| self.start(label) + emission[label]),
                Some(before) => std::array::from_fn(|next| {
                    let paths = std::array::from_fn(|label| before[label] + self.step(label, next));
                    log_sum(paths) + emission[next]
                }),
            };
            sums.push(sum);
        }
        sums
    }

    fn backward(&self, emissions: &[Scores]) -> Vec<Scores> {
        let mut sums = vec![[0.0; LABELS]; emissions.len()];
        for at in (1..emissions.len()).rev() {
            sums[at - 1] = std::array::from_fn(|label| {
                log_sum(std::array::from_fn(|next| {
                    self.step(label, next) + emissions[at][next] + sums[at][next]
                }))
            });
        }
        sums
    }
}

/// The first one where both are equal.
fn greater(a: (f32, usize), b: (f32, usize)) -> (f32, usize) {
    if b.0 > a.0 { b } else { a }
}

/// The greatest is taken out first: no exponential overflows. Outside is always
/// possible, so one is finite.
fn log_sum(values: Scores) -> f32 {
    let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    greatest + values.iter().map(|value| (value - greatest).exp()).sum::<f32>().ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn transitions() -> Transitions {
        let value = |a: usize, b: usize| ((a * 31 + b * 17) % 13) as f32 / 4.0 - 1.5;
        Transitions {
            start: std::array::from_fn(|label| value(label, 5)),
            step: std::array::from_fn(|a| std::array::from_fn(|b| value(a, b))),
        }
    }

    /// All labellings of three words.
    fn labellings() -> impl Iterator<Item = [usize; 3]> {
        (0..LABELS.pow(3)).map(|n| [n % LABELS, n / LABELS % LABELS, n / LABELS / LABELS])
    }

    fn emissions() -> impl Strategy<Value = Vec<Scores>> {
        prop::collection::vec(prop::array::uniform7(-3.0f32..3.0), 3)
    }

    proptest! {
        #[test]
        fn the_best_of_all_labellings_is_decoded(emissions in emissions()) {
            let transitions = transitions();
            let best = labellings()
                .map(|labels| transitions.score(&emissions, &labels))
                .fold(f32::NEG_INFINITY, f32::max);
            let decoded = transitions.decode(&emissions);
            prop_assert!((transitions.score(&emissions, &decoded) - best).abs() < 1e-4);
        }

        #[test]
        fn marginals_are_the_sums_over_all_labellings(emissions in emissions()) {
            let transitions = transitions();
            let marginals = transitions.marginals(&emissions);
            let mut labels = [[0.0; LABELS]; 3];
            let mut step = 0.0;
            let mut total = 0.0;
            for found in labellings() {
                let share = (transitions.score(&emissions, &found) - marginals.log_partition).exp();
                total += share;
                for (at, label) in found.into_iter().enumerate() {
                    labels[at][label] += share;
                }
                step += share * found.windows(2).filter(|pair| *pair == [1, 2]).count() as f32;
            }
            prop_assert!((total - 1.0).abs() < 1e-3);
            prop_assert!((step - marginals.steps[1][2]).abs() < 1e-3);
            for (expected, found) in labels.iter().flatten().zip(marginals.labels.iter().flatten()) {
                prop_assert!((expected - found).abs() < 1e-3);
            }
        }

        #[test]
        fn decoded_labels_never_break_the_order(emissions in prop::collection::vec(prop::array::uniform7(-9.0f32..9.0), 0..40)) {
            let labels = transitions().decode(&emissions);
            prop_assert_eq!(labels.len(), emissions.len());
            prop_assert!(labels.first().is_none_or(|&label| may_start(label)));
            prop_assert!(labels.windows(2).all(|pair| may_follow(pair[0], pair[1])));
        }
    }
}
