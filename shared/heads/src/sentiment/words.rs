//! A text's words in lower case, and its n-grams in buckets.

use crate::softmax::Row;

/// The number of buckets that the n-grams share.
pub(super) const BUCKETS: usize = 1 << 14;

/// The words in lower case: letters and digits, with apostrophes and hyphens
/// within them. Marks that colour a text (quotes, `!`, `?`) are words, too.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_letter = chars.peek().is_some_and(|next| next.is_alphabetic());
        match c {
            c if c.is_alphanumeric() => word.extend(c.to_lowercase()),
            '\'' | '’' if !word.is_empty() && next_is_letter => word.push('\''),
            '-' if !word.is_empty() && next_is_letter => word.push('-'),
            _ => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                if matches!(c, '“' | '”' | '"' | '!' | '?') {
                    words.push(c.to_string());
                }
            }
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Which words, pairs of words, and runs of 3 to 5 letters of a word are there,
/// hashed into [`BUCKETS`]; of unit length.
pub(super) fn n_grams(words: &[String]) -> Row {
    let mut buckets: Vec<u32> = Vec::new();
    for word in words {
        buckets.push(bucket(&["w", word]));
        letters(word, &mut buckets);
    }
    buckets.extend(words.windows(2).map(|pair| bucket(&["b", &pair[0], " ", &pair[1]])));
    buckets.sort_unstable();
    buckets.dedup();
    let value = 1.0 / (buckets.len().max(1) as f32).sqrt();
    buckets.into_iter().map(|bucket| (bucket, value)).collect()
}

fn letters(word: &str, buckets: &mut Vec<u32>) {
    let padded = format!(" {word} ");
    let starts: Vec<usize> =
        padded.char_indices().map(|(at, _)| at).chain([padded.len()]).collect();
    for length in 3..=5 {
        let runs = starts.windows(length + 1).map(|run| &padded[run[0]..run[length]]);
        buckets.extend(runs.map(|run| bucket(&["c", run])));
    }
}

/// FNV-1a over 32 bits (Fowler, Noll and Vo), folded into [`BUCKETS`].
fn bucket(parts: &[&str]) -> u32 {
    let hash = parts
        .iter()
        .flat_map(|part| part.bytes())
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    (hash ^ (hash >> 16)) % BUCKETS as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_keep_their_apostrophes_and_hyphens() {
        assert_eq!(
            words("“It’s a witch-hunt!” — he said - 'twas 2024."),
            ["“", "it's", "a", "witch-hunt", "!", "”", "he", "said", "twas", "2024"]
        );
    }

    #[test]
    fn the_hash_is_the_one_that_heads_were_trained_with() {
        assert_eq!(bucket(&["w", "praise"]), 16_359);
    }

    proptest! {
        #[test]
        fn n_grams_of_any_text_have_unit_length(text in any::<String>()) {
            let row = n_grams(&words(&text));
            let squares: f32 = row.iter().map(|(_, value)| value * value).sum();
            prop_assert!(row.is_empty() || (squares - 1.0).abs() < 1e-3);
            prop_assert!(row.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert!(row.iter().all(|(bucket, _)| (*bucket as usize) < BUCKETS));
        }
    }
}
