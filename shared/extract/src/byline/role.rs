//! Roles and occupations around a name, and picture credits.

use super::words::{AGENCIES, CREDITS, ROLE_KINDS, ROLES, lower};

/// Words that join a role and an employer.
const OF: [&str; 8] = ["of", "at", "for", "du", "des", "der", "des", "del"];

/// Returns true if a word is a role.
pub(super) fn has_role(part: &str) -> bool {
    part.split(|c: char| !c.is_alphanumeric()).any(is_role)
}

/// Returns true if the last word of the text is a role.
pub(super) fn ends_with_role(part: &str) -> bool {
    part.split(|c: char| !c.is_alphanumeric()).rfind(|word| !word.is_empty()).is_some_and(is_role)
}

fn is_role(word: &str) -> bool {
    let word = word.to_lowercase();
    ROLES.contains(word.as_str()) || ROLES.contains(word.trim_end_matches('s'))
}

fn is_kind(word: &str) -> bool {
    ROLE_KINDS.contains(lower(word).as_str()) || is_agency(word)
}

/// Returns true if the name is that of an agency or of its staff.
pub(super) fn is_agency(name: &str) -> bool {
    name.split_whitespace().all(|word| AGENCIES.contains(lower(word).as_str()))
}

/// Returns true if the text is a picture credit.
pub(super) fn is_credit(part: &str) -> bool {
    let mut words = part.split_whitespace();
    let is_first = words.next().is_some_and(|word| is_credit_word(&lower(word)));
    is_first && !words.any(is_role)
}

/// Returns true for a word such as "photo", in lower case.
pub(super) fn is_credit_word(word: &str) -> bool {
    CREDITS.contains(word)
}

/// Returns true if a text is `name` with a role behind it, or with words in lower case before it.
pub(super) fn is_description(text: &str, name: &str) -> bool {
    let behind = text.strip_prefix(name).filter(|rest| rest.starts_with(' '));
    let before = text.strip_suffix(name).filter(|rest| rest.ends_with(' '));
    name.contains(' ')
        && (behind.is_some_and(has_role) || before.is_some_and(|rest| rest == rest.to_lowercase()))
}

/// Returns the name without a role before or after it. Returns an empty text if there is only a
/// role.
pub(super) fn without_role(name: &str) -> &str {
    let words: Vec<&str> = name.split_whitespace().collect();
    if words.len() > 2 && words[0] == "The" {
        return name; // an organization
    }
    let Some(last) = words.iter().rposition(|word| is_role(word.trim_end_matches(','))) else {
        return without_staff(name, &words);
    };
    let is_known =
        |word: &&str| is_kind(word) || is_role(word) || OF.contains(&lower(word).as_str());
    let first = words[..last].iter().rposition(|word| !is_known(word)).map_or(0, |at| at + 1);
    let behind = &words[last + 1..];
    match (first, behind.len()) {
        (0, 0) => "",
        (0, 1) => name,
        (0, _) => &name[words[last + 1].as_ptr().addr() - name.as_ptr().addr()..],
        (1, _) => name, // a name may be a word for a role
        (first, 0) if cut(&words, first) < first => {
            name[..words[cut(&words, first)].as_ptr().addr() - name.as_ptr().addr()].trim_end()
        }
        (_, 0) => name[..words[first].as_ptr().addr() - name.as_ptr().addr()].trim_end(),
        _ => name,
    }
}

/// Returns the number of words before the first that specifies a role: `Ann Lee Senior Autos Editor`.
fn cut(words: &[&str], first: usize) -> usize {
    (2..first).find(|at| is_kind(words[*at])).unwrap_or(first)
}

/// Returns an empty text for "Reuters staff", which names nobody.
fn without_staff<'a>(name: &'a str, words: &[&str]) -> &'a str {
    let is_nobody = words.len() > 1 && words.iter().all(|word| is_kind(word));
    if is_nobody { "" } else { name }
}
