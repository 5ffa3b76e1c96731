//! Differences between two texts, word by word.

/// The most words of the differing middle that are compared with one another: a table of their
/// squares is made. Longer ones are shown as taken out and put in whole.
const MAX_WORDS: usize = 3_000;

/// A run of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Both texts have it.
    Same(String),
    /// The earlier text alone has it.
    Out(String),
    /// The later text alone has it.
    In(String),
}

/// Returns the changes that lead from one text to the other.
pub(crate) fn diff(before: &str, after: &str) -> Vec<Change> {
    let (before, after) = (words(before), words(after));
    let head = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
    let (rest_before, rest_after) = (&before[head..], &after[head..]);
    let tail =
        rest_before.iter().rev().zip(rest_after.iter().rev()).take_while(|(a, b)| a == b).count();
    let (middle_before, end) = rest_before.split_at(rest_before.len() - tail);
    let middle_after = &rest_after[..rest_after.len() - tail];
    let mut changes = Changes::default();
    before[..head].iter().for_each(|word| changes.same(word));
    if middle_before.len().max(middle_after.len()) > MAX_WORDS {
        middle_before.iter().for_each(|word| changes.taken_out(word));
        middle_after.iter().for_each(|word| changes.put_in(word));
    } else {
        compare(middle_before, middle_after, &mut changes);
    }
    end.iter().for_each(|word| changes.same(word));
    changes.0
}

/// Words with the spaces behind them; a paragraph ends a word.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

/// Walks a longest common subsequence.
fn compare(before: &[&str], after: &[&str], changes: &mut Changes) {
    let width = after.len() + 1;
    let mut longest = vec![0_u16; (before.len() + 1) * width];
    for (i, word) in before.iter().enumerate().rev() {
        for (j, other) in after.iter().enumerate().rev() {
            longest[i * width + j] = if word == other {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < before.len() && j < after.len() {
        if before[i] == after[j] {
            changes.same(before[i]);
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            changes.taken_out(before[i]);
            i += 1;
        } else {
            changes.put_in(after[j]);
            j += 1;
        }
    }
    before[i..].iter().for_each(|word| changes.taken_out(word));
    after[j..].iter().for_each(|word| changes.put_in(word));
}

/// Changes, of which those of a kind that follow each other become one.
#[derive(Default)]
struct Changes(Vec<Change>);

impl Changes {
    fn same(&mut self, word: &str) {
        match self.0.last_mut() {
            Some(Change::Same(text)) => text.push_str(word),
            _ => self.0.push(Change::Same(word.to_owned())),
        }
    }

    fn taken_out(&mut self, word: &str) {
        match self.0.last_mut() {
            Some(Change::Out(text)) => text.push_str(word),
            _ => self.0.push(Change::Out(word.to_owned())),
        }
    }

    fn put_in(&mut self, word: &str) {
        match self.0.last_mut() {
            Some(Change::In(text)) => text.push_str(word),
            _ => self.0.push(Change::In(word.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(changes: &[Change]) -> String {
        let one = |change: &Change| match change {
            Change::Same(text) => text.clone(),
            Change::Out(text) => format!("[-{text}]"),
            Change::In(text) => format!("[+{text}]"),
        };
        changes.iter().map(one).collect()
    }

    #[test]
    fn words_are_compared() {
        assert_eq!(
            written(&diff("two men died today", "three men died today")),
            "[-two ][+three ]men died today"
        );
        assert_eq!(written(&diff("", "new")), "[+new]");
        assert_eq!(written(&diff("same text", "same text")), "same text");
        assert_eq!(written(&diff("a b c", "a c")), "a [-b ]c");
    }

    #[test]
    fn both_texts_can_be_read_from_the_changes() {
        let before = "one two three four five six ".repeat(40);
        let after = "one three four  nine five six seven ".repeat(41);
        for (before, after) in
            [(before.as_str(), after.as_str()), (&"x ".repeat(4_000), &"y ".repeat(3_500))]
        {
            let changes = diff(before, after);
            let side = |out: bool| -> String {
                let text = |change: &Change| match change {
                    Change::Same(text) => Some(text.clone()),
                    Change::Out(text) => out.then(|| text.clone()),
                    Change::In(text) => (!out).then(|| text.clone()),
                };
                changes.iter().filter_map(text).collect()
            };
            assert_eq!((side(true).as_str(), side(false).as_str()), (before, after));
        }
    }
}
