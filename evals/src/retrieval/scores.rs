//! The figures of rankings.

use super::sets::Asked;

/// The places of a ranking that count.
const PLACES: usize = 10;

/// Returns the normalized discounted cumulative gain of the first ten places. Every answer has the
/// same worth.
pub(super) fn ndcg<S: AsRef<str>>(ranking: &[S], asked: &Asked) -> f64 {
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let reached: f64 = counted(ranking, asked)
        .take(PLACES)
        .enumerate()
        .filter(|(_, id)| asked.relevant.contains(*id))
        .map(|(place, _)| gain(place))
        .sum();
    let best: f64 = (0..asked.relevant.len().min(PLACES)).map(gain).sum();
    reached / best
}

/// Returns the share of the answers that stand in the first `places`.
pub(super) fn recall<S: AsRef<str>>(ranking: &[S], asked: &Asked, places: usize) -> f64 {
    let found = counted(ranking, asked).take(places).filter(|id| asked.relevant.contains(*id));
    found.count() as f64 / asked.relevant.len() as f64
}

fn counted<'a, S: AsRef<str>>(ranking: &'a [S], asked: &'a Asked) -> impl Iterator<Item = &'a str> {
    ranking.iter().map(AsRef::as_ref).filter(|id| !asked.uncounted.contains(*id))
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let (relevant, uncounted) = (set(&["a", "b"]), set(&["self"]));
        let (id, text) = ("q".into(), "?".into());
        Asked { id, text, relevant, answers: Vec::new(), uncounted }
    }

    #[test]
    fn a_ranking_is_perfect_if_its_first_counted_places_are_the_answers() {
        assert_eq!(ndcg(&["self", "b", "a", "x"], &asked()), 1.0);
        assert_eq!(ndcg(&["x"; 10], &asked()), 0.0);
        let second = 1.0 / 3f64.log2();
        assert!((ndcg(&["a", "x"], &asked()) - 1.0 / (1.0 + second)).abs() < 1e-9);
    }

    #[test]
    fn recall_counts_answers_in_the_first_places() {
        assert_eq!(recall(&["x", "self", "a", "b"], &asked(), 2), 0.5);
        assert_eq!(recall(&["x", "self", "a", "b"], &asked(), 3), 1.0);
    }
}
