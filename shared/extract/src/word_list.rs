//! Lists of words in data files, with one entry on each line and comments after `#`.

/// Returns the entries of a list, in the order of its file.
pub(crate) fn entries(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// Panics if an entry stands twice in `text`, or the list is empty.
#[cfg(test)]
pub(crate) fn assert_each_once(text: &'static str) {
    let mut seen = std::collections::HashSet::new();
    assert!(entries(text).all(|entry| seen.insert(entry)), "an entry stands twice: {text}");
    assert!(!seen.is_empty());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_blank_lines_are_no_entries() {
        let found: Vec<&str> = entries("# a list\none\n\n two words \n").collect();
        assert_eq!(found, ["one", "two words"]);
    }
}
