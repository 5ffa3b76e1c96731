//! Computes ROUGE-L (Lin 2004): the part of a reference that a summary contains in the same order.

/// Returns ROUGE-L, 0 to 1: the harmonic mean of the shares that the longest common subsequence of
/// words has in both texts. Words are runs of letters and digits in lower case.
pub(crate) fn rouge_l(summary: &str, reference: &str) -> f64 {
    let (summary, reference) = (words(summary), words(reference));
    let common = longest_common(&summary, &reference) as f64;
    if common > 0.0 { 2.0 * common / (summary.len() + reference.len()) as f64 } else { 0.0 }
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns the length of the longest common subsequence.
fn longest_common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (place, other) in b.iter().enumerate() {
            let above = row[place + 1];
            row[place + 1] = if word == other { diagonal + 1 } else { above.max(row[place]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_words_in_the_same_order_are_all_there_is() {
        assert_eq!(rouge_l("The bridge closed.", "the bridge, closed"), 1.0);
        assert_eq!(rouge_l("Nothing.", "the bridge"), 0.0);
        assert_eq!(rouge_l("", ""), 0.0);
    }

    #[test]
    fn order_counts() {
        // Lin 2004, section 3: "police kill the gunman" has 2 of 4 in order.
        let reference = "police killed the gunman";
        assert_eq!(rouge_l("police kill the gunman", reference), 0.75);
        assert_eq!(rouge_l("the gunman kill police", reference), 0.5);
    }
}
