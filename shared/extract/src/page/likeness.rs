//! Compares titles by their words.

/// Returns the share of words that two titles have in common, 0 to 1.
pub(super) fn likeness(one: &str, other: &str) -> f64 {
    let (mut one, mut other) = (words(one), words(other));
    one.sort_unstable();
    other.sort_unstable();
    let (mut common, mut at) = (0, 0);
    for word in &one {
        while at < other.len() && other[at] < *word {
            at += 1;
        }
        if other.get(at) == Some(word) {
            common += 1;
            at += 1;
        }
    }
    let all = one.len() + other.len();
    if all == 0 { 0.0 } else { 2.0 * f64::from(common) / all as f64 }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}
