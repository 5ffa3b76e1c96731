//! The names of the fields.

/// A field that a query can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Title,
    Author,
    Site,
    Source,
    Lang,
    Topic,
    Entity,
    Person,
    Org,
    Place,
    Sentiment,
    Story,
    Decision,
    Date,
    Observed,
    Has,
}

impl Field {
    pub(crate) const ALL: [(&str, Self); 16] = [
        ("title", Self::Title),
        ("author", Self::Author),
        ("site", Self::Site),
        ("source", Self::Source),
        ("lang", Self::Lang),
        ("topic", Self::Topic),
        ("entity", Self::Entity),
        ("person", Self::Person),
        ("org", Self::Org),
        ("place", Self::Place),
        ("sentiment", Self::Sentiment),
        ("story", Self::Story),
        ("decision", Self::Decision),
        ("date", Self::Date),
        ("observed", Self::Observed),
        ("has", Self::Has),
    ];

    /// Returns the field with this name, in upper or lower case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, field)| *field)
    }

    pub(crate) fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, field)| *field == self);
        found.map_or("", |(name, _)| name)
    }

    /// Returns the way out for someone who wrote an unknown `name`: the nearest field, or all.
    /// A name that begins like a field, as `language` does, is near to it.
    pub(crate) fn advice(name: &str) -> String {
        let name = name.to_ascii_lowercase();
        let changes = |known: &str| match name.starts_with(known) || known.starts_with(&name) {
            true => 0,
            false => distance(&name, known),
        };
        match Self::ALL.iter().map(|(known, _)| (changes(known), *known)).min() {
            Some((0..=2, nearest)) => format!("did you mean `{nearest}`?"),
            _ => format!("the fields are {}", Self::ALL.map(|(known, _)| known).join(", ")),
        }
    }
}

/// Returns the Levenshtein distance of two ASCII texts.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, left) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (below, right) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[below + 1];
            row[below + 1] = replaced.min(row[below] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
