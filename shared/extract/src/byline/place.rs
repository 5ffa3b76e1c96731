//! The place where an author writes.

use super::people::is_place_of_two;
use super::words::{PLACES, is_all_capitals, lower};

/// Returns the name without the place after it: `Ane Dahl in Skagen`.
pub(super) fn without_place(name: &str) -> &str {
    let words: Vec<&str> = name.split_whitespace().collect();
    let capitals = is_all_capitals(name);
    let start = (2..words.len().saturating_sub(1)).find(|at| {
        let (word, behind) = (words[*at], &words[at + 1..]);
        let is_written_so = capitals || !word.starts_with(char::is_uppercase);
        let is_named = !behind[0].starts_with(char::is_lowercase);
        // A letter between two names may be an initial.
        let is_sure = !capitals || word.chars().count() > 1 || is_place_of_two(behind);
        is_written_so && is_named && is_sure && PLACES.contains(lower(word).as_str())
    });
    start.map_or(name, |at| name[..words[at].as_ptr().addr() - name.as_ptr().addr()].trim_end())
}
