//! From scores to labels and spans. Pure.

use std::ops::Range;

use super::labels::{Labels, Tags};

/// Probabilities by the place in [`Labels::names`]: the mean of the windows',
/// each counted by its tokens. Of labels with one name the probabilities add up;
/// where they do not exclude each other the greatest counts.
pub(super) fn probabilities<'a>(
    labels: &Labels,
    windows: impl Iterator<Item = (&'a [f32], usize)>,
) -> Vec<f32> {
    let mut sums = vec![0.0; labels.names.len()];
    let mut tokens = 0.0;
    for (scores, own) in windows {
        let mut found = vec![0.0_f64; sums.len()];
        for (&name, probability) in labels.of.iter().zip(of_window(labels, scores)) {
            found[name] = match labels.is_multi_label {
                true => found[name].max(probability),
                false => found[name] + probability,
            };
        }
        sums.iter_mut().zip(found).for_each(|(sum, value)| *sum += own as f64 * value);
        tokens += own as f64;
    }
    sums.into_iter().map(|sum| (sum / tokens) as f32).collect()
}

fn of_window(labels: &Labels, scores: &[f32]) -> Vec<f64> {
    if labels.is_multi_label {
        return scores.iter().map(|&score| 1.0 / (1.0 + f64::from(-score).exp())).collect();
    }
    softmax(scores)
}

fn softmax(scores: &[f32]) -> Vec<f64> {
    let greatest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut shares: Vec<f64> =
        scores.iter().map(|&score| f64::from(score - greatest).exp()).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= sum);
    shares
}

/// A run of words with one name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tagged {
    /// A place in [`Tags::names`].
    pub(super) name: usize,
    pub(super) words: Range<usize>,
    /// The mean probability of the name over the words.
    pub(super) score: f32,
}

/// The spans of the likeliest path through a text's words in which no word goes
/// on with a span of another name. A word may go on where no span is: some
/// classifiers mark only beginnings that follow a span of their name (IOB1).
///
/// `scores`: one row per word.
pub(super) fn spans(tags: &Tags, scores: &[f32]) -> Vec<Tagged> {
    let rows: Vec<Vec<f64>> = scores.chunks_exact(tags.tags.len()).map(softmax).collect();
    let mut open: Option<Tagged> = None;
    let mut found = Vec::new();
    for (word, label) in path(tags, &rows).into_iter().enumerate() {
        let tag = tags.tags[label];
        match (&mut open, tag.name) {
            (Some(span), Some(name)) if span.name == name && !tag.begins => {
                span.words.end = word + 1;
            }
            (_, name) => {
                found.extend(open.take());
                open = name.map(|name| Tagged { name, words: word..word + 1, score: 0.0 });
            }
        }
    }
    found.extend(open);
    found.retain(|span| tags.kept[span.name]);
    for span in &mut found {
        span.score = mean_probability(tags, &rows[span.words.clone()], span.name);
    }
    found
}

fn mean_probability(tags: &Tags, rows: &[Vec<f64>], name: usize) -> f32 {
    let of_word = |row: &Vec<f64>| -> f64 {
        let own = tags.tags.iter().zip(row).filter(|(tag, _)| tag.name == Some(name));
        own.map(|(_, probability)| probability).sum()
    };
    (rows.iter().map(of_word).sum::<f64>() / rows.len() as f64) as f32
}

/// The label of each word (Viterbi 1967).
fn path(tags: &Tags, rows: &[Vec<f64>]) -> Vec<usize> {
    let mut totals = vec![0.0; tags.tags.len()];
    let mut before: Vec<Vec<usize>> = Vec::with_capacity(rows.len());
    for row in rows {
        let best = Best::of(tags, &totals);
        let from: Vec<usize> =
            (0..totals.len()).map(|label| best.before(tags, &totals, label)).collect();
        // A probability of 0 forbids nothing for ever.
        let step = |(&from, &probability): (&usize, &f64)| {
            totals[from] + probability.max(f64::MIN_POSITIVE).ln()
        };
        totals = from.iter().zip(row).map(step).collect();
        before.push(from);
    }
    let mut label = greatest(&totals, 0..totals.len()).unwrap_or(0);
    let mut labels = Vec::with_capacity(rows.len());
    for from in before.iter().rev() {
        labels.push(label);
        label = from[label];
    }
    labels.reverse();
    labels
}

/// The likeliest labels of the word before.
struct Best {
    of_all: usize,
    outside: Option<usize>,
    of_name: Vec<Option<usize>>,
}

impl Best {
    fn of(tags: &Tags, totals: &[f64]) -> Self {
        let named = |name: Option<usize>| {
            let own = (0..totals.len()).filter(|&label| tags.tags[label].name == name);
            greatest(totals, own)
        };
        Self {
            of_all: greatest(totals, 0..totals.len()).unwrap_or(0),
            outside: named(None),
            of_name: (0..tags.names.len()).map(|name| named(Some(name))).collect(),
        }
    }

    /// The likeliest label that `label` may follow.
    fn before(&self, tags: &Tags, totals: &[f64], label: usize) -> usize {
        let tag = tags.tags[label];
        let own = tag.name.filter(|_| tag.goes_on).map(|name| self.of_name[name]);
        let Some(own) = own else { return self.of_all };
        greatest(totals, self.outside.into_iter().chain(own)).unwrap_or(self.of_all)
    }
}

/// The first of the greatest.
fn greatest(totals: &[f64], of: impl Iterator<Item = usize>) -> Option<usize> {
    of.reduce(|best, label| if totals[label] > totals[best] { label } else { best })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::labels::Tag;
    use super::*;

    const LABELS: usize = 6;

    /// O, B-0, I-0, B-1, I-1, and 2 without a prefix, which is kept out.
    fn tags() -> Tags {
        let tag = |name, begins, goes_on| Tag { name, begins, goes_on };
        Tags {
            names: ["person", "location", "MISC"].map(str::to_owned).to_vec(),
            kept: vec![true, true, false],
            tags: vec![
                tag(None, false, false),
                tag(Some(0), true, false),
                tag(Some(0), false, true),
                tag(Some(1), true, false),
                tag(Some(1), false, true),
                tag(Some(2), false, false),
            ],
        }
    }

    fn found(rows: &[[f32; LABELS]]) -> Vec<(usize, Range<usize>)> {
        let spans = spans(&tags(), rows.as_flattened());
        spans.into_iter().map(|span| (span.name, span.words)).collect()
    }

    const O: [f32; LABELS] = [9.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    const B: [f32; LABELS] = [0.0, 9.0, 0.0, 0.0, 0.0, 0.0];
    const I: [f32; LABELS] = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0];

    #[test]
    fn a_span_ends_where_another_begins() {
        assert_eq!(found(&[O, B, I, B, O]), [(0, 1..3), (0, 3..4)]);
        assert_eq!(found(&[I, I, O]), [(0, 0..2)], "as IOB1 has it");
        assert!(found(&[]).is_empty());
    }

    #[test]
    fn no_word_goes_on_with_a_span_of_another_name() {
        let doubtful = [0.0, 0.0, 4.5, 0.0, 5.0, 0.0];
        assert_eq!(found(&[B, doubtful]), [(0, 0..2)]);
        assert_eq!(found(&[O, doubtful]), [(1, 1..2)]);
    }

    #[test]
    fn what_is_kept_out_is_no_span_and_parts_others() {
        let other = [0.0, 0.0, 0.0, 0.0, 0.0, 9.0];
        assert_eq!(found(&[B, other, B]), [(0, 0..1), (0, 2..3)]);
    }

    #[test]
    fn a_span_s_score_is_the_mean_probability_of_its_name() {
        let even = [0.0, 2.0_f32.ln(), 0.0, 0.0, 0.0, 0.0];
        let span = &spans(&tags(), [even, even].as_flattened())[0];
        assert!((span.score - 3.0 / 7.0).abs() < 1e-6, "{span:?}");
    }

    #[test]
    fn windows_count_by_their_tokens() {
        let labels = Labels {
            names: vec!["a".into(), "b".into()],
            of: vec![0, 1, 1],
            is_multi_label: false,
        };
        let [first, second] = [[90.0, 0.0, 0.0], [0.0, 90.0, 0.0]];
        let windows = [(&first[..], 30), (&second[..], 10)];
        assert_eq!(probabilities(&labels, windows.into_iter()), [0.75, 0.25]);
        let labels = Labels { is_multi_label: true, ..labels };
        let found = probabilities(&labels, [(&[0.0, 90.0, 0.0][..], 1)].into_iter());
        assert_eq!(found, [0.5, 1.0]);
    }

    proptest! {
        #[test]
        fn spans_rise_and_have_words_and_a_probability(
            scores in prop::collection::vec(-20.0_f32..20.0, 0..240),
        ) {
            let words = scores.len() / LABELS;
            let mut end = 0;
            for span in spans(&tags(), &scores) {
                prop_assert!(span.words.start >= end && !span.words.is_empty());
                prop_assert!((0.0..=1.0 + 1e-6).contains(&span.score));
                end = span.words.end;
            }
            prop_assert!(end <= words);
        }

        #[test]
        fn no_path_is_likelier_than_the_chosen_one(
            rows in prop::collection::vec(prop::array::uniform6(-3.0_f32..3.0), 1..4),
        ) {
            let tags = tags();
            let rows: Vec<Vec<f64>> = rows.iter().map(|row| softmax(row)).collect();
            let total = |path: &[usize]| -> f64 {
                path.iter().zip(&rows).map(|(&label, row)| row[label].ln()).sum()
            };
            let is_allowed = |path: &[usize]| path.windows(2).all(|pair| {
                let (before, tag) = (tags.tags[pair[0]], tags.tags[pair[1]]);
                !tag.goes_on || before.name.is_none() || before.name == tag.name
            });
            let chosen = path(&tags, &rows);
            prop_assert!(is_allowed(&chosen));
            for number in 0..LABELS.pow(rows.len() as u32) {
                let other: Vec<usize> =
                    (0..rows.len()).map(|at| number / LABELS.pow(at as u32) % LABELS).collect();
                prop_assert!(!is_allowed(&other) || total(&other) <= total(&chosen) + 1e-9);
            }
        }
    }
}
