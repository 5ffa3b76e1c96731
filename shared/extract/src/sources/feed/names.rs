//! Names of authors and terms of categories.

use super::values::{MAX_NAMES, field};

/// Returns the name in `name (mail@host)`, `mail@host (name)` or `name <mail@host>`. Returns the
/// address if there is no name.
pub(super) fn person(text: &str) -> Option<String> {
    let text = field(text.to_owned())?;
    let mut words = text.split_whitespace();
    let Some(address) = words.find(|word| is_address(word)) else { return Some(text) };
    let rest = text.replacen(address, " ", 1);
    let is_mark = |c: char| c.is_whitespace() || "()<>[],;:\"".contains(c);
    let name = rest.trim_matches(is_mark).split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = address.trim_matches(is_mark).trim_start_matches("mailto:").to_owned();
    Some(if name.is_empty() { bare } else { name })
}

fn is_address(word: &str) -> bool {
    word.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
}

/// Returns each name once, in order.
pub(super) fn each_once(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for name in names.filter_map(field) {
        if seen.len() < MAX_NAMES && !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_from_an_address() {
        for (text, expected) in [
            ("Ann Lee", "Ann Lee"),
            ("ann@a.example (Ann Lee)", "Ann Lee"),
            ("Ann Lee (ann@a.example)", "Ann Lee"),
            ("Ann Lee <ann@a.example>", "Ann Lee"),
            ("mailto:ann@a.example", "ann@a.example"),
            ("By @ann", "By @ann"),
        ] {
            assert_eq!(person(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(person(" \n"), None);
    }
}
