//! The phrases that publishers put between and below an article's paragraphs. They are recognized
//! by their first words, in the languages with most news. The lists are in `data/phrases`.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::word_list::entries;

/// The most characters of a prompt. Longer blocks are read as text, whatever their start.
const MAX_PROMPT_CHARS: usize = 160;
const MAX_HEADING_CHARS: usize = 60;
const MAX_REPLY_BYTES: usize = 48;

const HEADINGS_TEXT: &str = include_str!("../../../data/phrases/headings.txt");
const COMMENTS_TEXT: &str = include_str!("../../../data/phrases/comments.txt");
const REPLIES_TEXT: &str = include_str!("../../../data/phrases/replies.txt");
const PROMPTS_TEXT: &str = include_str!("../../../data/phrases/prompts.txt");

/// The starts of headings above links, comments or notes on the author.
static HEADINGS: LazyLock<Vec<&str>> = LazyLock::new(|| entries(HEADINGS_TEXT).collect());
/// The starts of single lines that ask for something, lead elsewhere or name the owner of a
/// picture.
static PROMPTS: LazyLock<Vec<&str>> = LazyLock::new(|| entries(PROMPTS_TEXT).collect());

/// Headings above readers' comments.
static COMMENTS: LazyLock<HashSet<&str>> = LazyLock::new(|| entries(COMMENTS_TEXT).collect());
/// The texts of buttons and links that answer a comment.
static REPLIES: LazyLock<HashSet<&str>> = LazyLock::new(|| entries(REPLIES_TEXT).collect());

/// Returns true if a text is only a heading of comments: "Comments (12)".
pub(super) fn heads_comments(text: &str) -> bool {
    is_short(text, MAX_HEADING_CHARS) && COMMENTS.contains(plain(text).as_str())
}

/// Returns true if the text of a button or link answers a comment: "Reply".
pub(super) fn is_reply(text: &str) -> bool {
    text.len() <= MAX_REPLY_BYTES && REPLIES.contains(plain(text).as_str())
}

/// Returns the words in lower case, without numbers and marks.
fn plain(text: &str) -> String {
    let is_mark = |c: char| c.is_ascii_punctuation() && c != '\'' || "：（）…–—·•«»“”".contains(c);
    let is_apart = |c: char| c.is_whitespace() || c.is_numeric() || is_mark(c);
    let words = text.split(is_apart).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join(" ").replace('’', "'")
}

/// Returns true if a block is the heading of a part outside the article.
pub(super) fn opens_other(text: &str) -> bool {
    is_short(text, MAX_HEADING_CHARS) && starts(&HEADINGS, text)
}

/// Returns true if a short block does not belong to the text around it.
pub(super) fn is_prompt(text: &str) -> bool {
    is_short(text, MAX_PROMPT_CHARS) && starts(&PROMPTS, text)
}

fn is_short(text: &str, max_chars: usize) -> bool {
    text.len() <= max_chars * 4 && text.chars().count() <= max_chars
}

fn starts(list: &[&str], text: &str) -> bool {
    let start: String = text.chars().take(40).flat_map(char::to_lowercase).collect();
    let start = start.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '©');
    let is_end = |rest: &str| !rest.starts_with(char::is_alphanumeric);
    list.iter().any(|phrase| start.strip_prefix(phrase).is_some_and(is_end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word_list::assert_each_once;

    #[test]
    fn each_phrase_stands_once_and_is_found() {
        let lists = [
            (HEADINGS_TEXT, opens_other as fn(&str) -> bool),
            (PROMPTS_TEXT, is_prompt),
            (COMMENTS_TEXT, heads_comments),
            (REPLIES_TEXT, is_reply),
        ];
        for (text, is_found) in lists {
            assert_each_once(text);
            for phrase in entries(text) {
                assert!(is_found(&phrase.to_uppercase()), "{phrase}");
            }
        }
    }

    #[test]
    fn a_heading_of_comments_may_count_them_and_says_nothing_else() {
        for text in ["Comments", "COMMENTS (12)", "3 Kommentare", "Comments:", "Réactions (4)"] {
            assert!(heads_comments(text), "{text}");
        }
        for text in ["Comments by the minister", "The commentary", "", "12"] {
            assert!(!heads_comments(text), "{text}");
        }
    }
}
