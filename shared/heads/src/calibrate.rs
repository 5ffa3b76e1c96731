//! Probabilities that mean what they say: temperature scaling (Guo et al., "On
//! Calibration of Modern Neural Networks", 2017).

use crate::softmax::softmax;

/// The temperature that makes the true classes of held-back rows most probable,
/// from 1/8 to 8. Logits are divided by it; the order of the classes stays.
///
/// `rows`: logits and the true class.
pub(crate) fn temperature(rows: &[(Vec<f64>, usize)]) -> f64 {
    // The loss has one minimum over the temperature's logarithm: a golden section
    // search narrows it down.
    let ratio = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (-8.0_f64.ln(), 8.0_f64.ln());
    while high - low > 1e-4 {
        let (left, right) = (high - ratio * (high - low), low + ratio * (high - low));
        if loss(rows, left.exp()) < loss(rows, right.exp()) {
            high = right;
        } else {
            low = left;
        }
    }
    f64::midpoint(low, high).exp()
}

/// The mean negative log-likelihood of the true classes.
pub(crate) fn loss(rows: &[(Vec<f64>, usize)], temperature: f64) -> f64 {
    let surprise = |(logits, class): &(Vec<f64>, usize)| {
        let cooled: Vec<f64> = logits.iter().map(|logit| logit / temperature).collect();
        -softmax(&cooled)[*class].max(f64::MIN_POSITIVE).ln()
    };
    rows.iter().map(surprise).sum::<f64>() / rows.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::calibration_error;

    /// Says 0.98 and is right in 7 of 10 cases.
    fn boastful() -> Vec<(Vec<f64>, usize)> {
        (0..100).map(|i| (vec![4.0, 0.0], usize::from(i % 10 >= 7))).collect()
    }

    #[test]
    fn a_boastful_model_is_cooled_down_until_its_confidence_comes_true() {
        let rows = boastful();
        let temperature = temperature(&rows);
        let confidence = softmax(&[4.0 / temperature, 0.0])[0];
        assert!((confidence - 0.7).abs() < 1e-3, "{confidence}");
        let told: Vec<_> = rows.iter().map(|(_, class)| (confidence, *class == 0)).collect();
        assert!(calibration_error(&told, 10) < 1e-3);
    }

    #[test]
    fn a_fair_model_keeps_its_temperature() {
        let logit = (0.7_f64 / 0.3).ln();
        let fair: Vec<_> = (0..100).map(|i| (vec![logit, 0.0], usize::from(i % 10 >= 7))).collect();
        assert!((temperature(&fair) - 1.0).abs() < 1e-2);
    }
}
