//! How well classes are told.

/// How often each class was taken for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// `counts[truth][told]`.
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts pairs of the true class and the one told, each below `classes`.
    ///
    /// # Panics
    /// Where a class is not below `classes`.
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

    /// The share that was told right; not a number where there was nothing.
    pub fn accuracy(&self) -> f64 {
        let right: usize = (0..self.counts.len()).map(|class| self.counts[class][class]).sum();
        let all: usize = self.counts.iter().flatten().sum();
        right as f64 / all as f64
    }

    /// The harmonic mean of a class's precision and recall; 0 where it was never
    /// told right.
    pub fn f1(&self, class: usize) -> f64 {
        let right = self.counts[class][class];
        let told: usize = self.counts.iter().map(|row| row[class]).sum();
        let there: usize = self.counts[class].iter().sum();
        if right == 0 { 0.0 } else { 2.0 * right as f64 / (told + there) as f64 }
    }

    /// The mean of the classes' F1, each of the same weight.
    pub fn macro_f1(&self) -> f64 {
        let sum: f64 = (0..self.counts.len()).map(|class| self.f1(class)).sum();
        sum / self.counts.len() as f64
    }
}

/// Expected calibration error (Naeini et al. 2015): by how much the confidence
/// in what is told differs from the share that is right, over `bins` bins of
/// equal width, weighted by how many fall into each. 0 is best.
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

#[cfg(test)]
mod tests {
    use super::*;

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
