//! The passage that two texts share.

use std::collections::HashMap;

/// Words that must follow each other in both texts.
const MIN_WORDS: usize = 6;
/// The most words of a text that are compared.
const MAX_WORDS: usize = 4_000;
/// Places of one run of words that are tried: a text may repeat itself.
const MAX_PLACES: usize = 16;
/// The longest passage that is returned, in words.
const MAX_SHOWN: usize = 60;

/// Returns the longest passage of words that stands in both texts, as `own` writes it, cut at 60
/// words. `None` if no six words stand together in both.
pub(super) fn shared_passage(own: &str, other: &str) -> Option<String> {
    let own: Vec<&str> = own.split_whitespace().take(MAX_WORDS).collect();
    let other: Vec<&str> = other.split_whitespace().take(MAX_WORDS).collect();
    let mut places: HashMap<&[&str], Vec<usize>> = HashMap::new();
    for (at, run) in other.windows(MIN_WORDS).enumerate() {
        let places = places.entry(run).or_default();
        if places.len() < MAX_PLACES {
            places.push(at);
        }
    }
    let (mut best, mut start) = (0..0, 0);
    while start + MIN_WORDS <= own.len() {
        let found = places.get(&own[start..start + MIN_WORDS]).into_iter().flatten();
        let equal =
            |at: &usize| own[start..].iter().zip(&other[*at..]).take_while(|(a, b)| a == b).count();
        let longest = found.map(equal).max().unwrap_or(0);
        if longest > best.len() {
            best = start..start + longest;
        }
        // No longer passage begins within this one, but at its last words.
        start += longest.saturating_sub(MIN_WORDS).max(1);
    }
    let shown = own.get(best.start..best.end.min(best.start + MAX_SHOWN))?;
    (!shown.is_empty()).then(|| shown.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_passage_in_both_texts_is_found() {
        let own =
            "By our reporter. The council voted on Monday to keep the old bridge open. More soon.";
        let other =
            "HARBOUR (AP) The council voted on Monday to keep the old bridge open. It is old.";
        let passage = "The council voted on Monday to keep the old bridge open.";
        assert_eq!(shared_passage(own, other).as_deref(), Some(passage));
        assert_eq!(shared_passage(own, "Another text of more than six words is here."), None);
        assert_eq!(shared_passage("", own), None);
    }

    #[test]
    fn a_repeated_word_takes_no_time_and_long_passages_are_cut() {
        let text = "word ".repeat(10_000);
        let passage = shared_passage(&text, &text).unwrap();
        assert_eq!(passage.split(' ').count(), MAX_SHOWN);
    }
}
