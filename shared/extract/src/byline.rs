//! The grammar of bylines: it takes the names of people from a text that names authors.
//!
//! ```text
//! byline = part {(";" | "|") part}
//! part   = [label] person {mark person} [count | date | time | credit]
//! mark   = "," | a word for "and"
//! person = [role] name {"," suffix} [preposition place] [role]
//! ```
//!
//! Each rule removes words or splits the text. No rule adds a word. The words are in `data/names`.

use crate::page::tidy;

mod case;
mod glued;
mod label;
mod name;
mod people;
mod place;
mod role;
mod source;
mod tail;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use name::is_surely_a_person;
use source::MAX_NAME_CHARS;
pub(crate) use source::Source;

const MAX_AUTHORS: usize = 20;

/// Returns the names in texts that are meant to name authors, such as those of a feed. Each name is
/// returned once, in order, at most 20 in all. Labels, roles, places and dates are removed.
pub fn names<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    names_in(texts.into_iter(), Source::Field)
}

/// Returns the names in `texts`, each once, in order. Addresses, handles, roles, dates, accounts
/// and slugs are not names.
pub(crate) fn names_in<'a>(texts: impl Iterator<Item = &'a str>, source: Source) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in texts.flat_map(|text| byline(&tidy(text, 6 * MAX_NAME_CHARS), source)) {
        let is_known = names.iter().any(|known| is_same(known, &name));
        if names.len() < MAX_AUTHORS && !is_known {
            names.push(name);
        }
    }
    // Two fields may name two people of one company by their initials.
    let names = if source == Source::Field { names } else { without_initials(&names) };
    without_described(names)
}

/// Returns true if two names differ at most in case, spaces and marks.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    let plain = |name: &str| {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    plain(one) == plain(other)
}

/// Returns the names in one text. A part after a bar is usually something else, such as a section
/// or a site.
fn byline(text: &str, source: Source) -> Vec<String> {
    let text = label::without_notes(text).replace(['；', '؛'], ";").replace('：', ": ");
    let mut names: Vec<String> = Vec::new();
    for (at, part) in text.split('|').enumerate() {
        let found = part.split(';').flat_map(|part| part_names(part, source));
        names.extend(found.filter(|found| at == 0 || name::is_surely_a_person(found)));
    }
    without_agencies(without_initials(&names))
}

/// Removes the texts that describe a person whom another text only names: `Ann Lee Head Baker`
/// beside `Ann Lee`.
fn without_described(mut names: Vec<String>) -> Vec<String> {
    let all = names.clone();
    names.retain(|name| !all.iter().any(|other| role::is_description(name, other)));
    names
}

/// Removes the initials that stand in for a picture of the author.
fn without_initials(names: &[String]) -> Vec<String> {
    let named: Vec<String> =
        names.iter().map(|name| name::without_own_initials(name).to_owned()).collect();
    let is_initials = |name: &String| named.iter().any(|other| name::are_initials(name, other));
    named.iter().filter(|name| !is_initials(name)).cloned().collect()
}

fn part_names(part: &str, source: Source) -> Vec<String> {
    let part = label::without_label(part, source);
    if role::is_credit(part) {
        return Vec::new();
    }
    let part = label::without_date_before(label::behind_date(part));
    let part = glued::parted(label::without_label(part, source));
    let people = people::split(tail::without_tail(&part));
    people.iter().filter_map(|person| name::of(person, source)).collect()
}

/// Keeps an agency as the author only if nobody else is named.
fn without_agencies(mut names: Vec<String>) -> Vec<String> {
    if names.iter().any(|name| name.contains(' ') && !role::is_agency(name)) {
        names.retain(|name| !role::is_agency(name));
    }
    names
}
