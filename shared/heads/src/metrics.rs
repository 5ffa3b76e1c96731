//! Measures of the quality of classification and ranking.

use std::collections::BTreeMap;

/// The scores that were measured, by name.
pub type Scores = BTreeMap<String, f64>;

/// Bins of the calibration error.
const BINS: usize = 10;

/// Rounds scores to four digits, because more digits differ between machines. Scores that could
/// not be measured are left out.
pub fn scores<'n>(measured: impl IntoIterator<Item = (&'n str, f64)>) -> Scores {
    let known = measured.into_iter().filter(|(_, score)| score.is_finite());
    known.map(|(name, score)| (name.to_owned(), (score * 1e4).round() / 1e4)).collect()
}

/// The predicted class of a text, and the true one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The true class.
    pub truth: usize,
    /// The predicted class.
    pub class: usize,
    /// The probability of the predicted class, 0 to 1.
    pub confidence: f64,
}

impl Prediction {
    /// Predicts the class with the greatest share; of equal shares, the first.
    pub fn of(truth: usize, shares: &[f32]) -> Self {
        let class = (0..shares.len()).fold(0, |a, b| if shares[b] > shares[a] { b } else { a });
        let confidence = shares.get(class).copied().map_or(0.0, f64::from);
        Self { truth, class, confidence }
    }
}

/// Computes accuracy, macro-F1 and the calibration error in 10 bins.
pub fn classification(classes: usize, told: &[Prediction]) -> Scores {
    let confusion = Confusion::of(classes, told.iter().map(|told| (told.truth, told.class)));
    let sure = |told: &Prediction| (told.confidence, told.truth == told.class);
    let sure: Vec<_> = told.iter().map(sure).collect();
    scores([
        ("accuracy", confusion.accuracy()),
        ("macro_f1", confusion.macro_f1()),
        ("calibration_error", calibration_error(&sure, BINS)),
    ])
}

/// A confusion matrix: the numbers of predictions of each class, for each true class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// `counts[truth][told]`.
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts pairs of true and predicted class, each below `classes`.
    ///
    /// # Panics
    /// If a class is not below `classes`.
    pub fn of(classes: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![vec![0; classes]; classes];
        for (truth, told) in pairs {
            counts[truth][told] += 1;
        }
        Self { counts }
    }

    /// `counts[truth][told]`.
    pub fn counts(&self) -> &[Vec<usize>] {
        &self.counts
    }

    /// Returns the share of right predictions. NaN if there are none.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.counts.len()).map(|class| self.counts[class][class]).sum();
        let all: usize = self.counts.iter().flatten().sum();
        right as f64 / all as f64
    }

    /// Returns the harmonic mean of a class's precision and recall; 0 if it was never predicted
    /// right.
    pub fn f1(&self, class: usize) -> f64 {
        let right = self.counts[class][class];
        let told: usize = self.counts.iter().map(|row| row[class]).sum();
        let there: usize = self.counts[class].iter().sum();
        if right == 0 { 0.0 } else { 2.0 * right as f64 / (told + there) as f64 }
    }

    /// Returns the mean of the classes' F1, with equal weights. Classes that occur neither as
    /// true nor as predicted do not count. NaN if there are no predictions.
    pub fn macro_f1(&self) -> f64 {
        let occurs = |class: &usize| {
            self.counts[*class].iter().sum::<usize>() > 0
                || self.counts.iter().any(|row| row[*class] > 0)
        };
        let scores: Vec<f64> =
            (0..self.counts.len()).filter(occurs).map(|class| self.f1(class)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }
}

/// Computes the expected calibration error (Naeini et al. 2015): the difference between the
/// confidence and the share of right predictions, as a weighted mean over `bins` bins of equal
/// width. 0 is best.
///
/// `told`: the confidence, 0 to 1, and whether it was right.
pub fn calibration_error(told: &[(f64, bool)], bins: usize) -> f64 {
    let mut sums = vec![(0.0, 0.0); bins];
    for (confidence, right) in told {
        let bin = ((confidence * bins as f64) as usize).min(bins - 1);
        sums[bin].0 += confidence;
        sums[bin].1 += f64::from(u8::from(*right));
    }
    sums.iter().map(|(confidence, right)| (confidence - right).abs()).sum::<f64>()
        / told.len() as f64
}

/// Computes Spearman's rank correlation, -1 to 1. Equal values share the mean of their ranks.
/// NaN if all values of one side are equal.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    pearson(&ranks(a), &ranks(b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut place = 0;
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &index in group {
            ranks[index] = place as f64 + (group.len() - 1) as f64 / 2.0;
        }
        place += group.len();
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut of_a, mut of_b) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        both += (x - mean_a) * (y - mean_b);
        of_a += (x - mean_a).powi(2);
        of_b += (y - mean_b).powi(2);
    }
    both / (of_a * of_b).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_rank() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
    }

    #[test]
    fn only_the_order_counts() {
        assert!((spearman(&[1.0, 2.0, 30.0], &[0.1, 0.2, 0.3]) - 1.0).abs() < 1e-12);
        assert!((spearman(&[1.0, 2.0, 30.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-12);
    }

    #[test]
    fn classes_that_do_not_occur_do_not_count() {
        let confusion = Confusion::of(17, [(3, 3), (3, 3), (5, 3)]);
        assert!((confusion.macro_f1() - 0.4).abs() < 1e-12);
        assert!(Confusion::of(2, []).macro_f1().is_nan());
    }

    #[test]
    fn what_could_not_be_measured_is_no_score() {
        assert_eq!(classification(3, &[]), Scores::new());
        let told = [Prediction::of(1, &[0.2, 0.4, 0.4]), Prediction::of(0, &[0.1, 0.8, 0.1])];
        assert_eq!(told.map(|told| told.class), [1, 1]);
        assert_eq!(classification(3, &told)["accuracy"], 0.5);
    }

    #[test]
    fn f1_is_the_mean_of_the_classes_however_many_they_are() {
        // Class 0: 3 of 4 found, 1 false. Class 1: 1 of 2 found, 1 false.
        let confusion = Confusion::of(2, [(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 0)]);
        assert!((confusion.f1(0) - 0.75).abs() < 1e-12);
        assert!((confusion.f1(1) - 0.5).abs() < 1e-12);
        assert!((confusion.macro_f1() - 0.625).abs() < 1e-12);
        assert!((confusion.accuracy() - 4.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_class_that_is_never_found_has_no_f1() {
        assert_eq!(Confusion::of(2, [(0, 0), (1, 0)]).f1(1), 0.0);
    }

    #[test]
    fn confidence_that_comes_true_has_no_error() {
        let fair: Vec<_> = (0..10).map(|i| (0.7, i < 7)).collect();
        assert!(calibration_error(&fair, 10) < 1e-9);
        let boastful: Vec<_> = (0..10).map(|i| (1.0, i < 7)).collect();
        assert!((calibration_error(&boastful, 10) - 0.3).abs() < 1e-9);
    }
}
