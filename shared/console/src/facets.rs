//! The most frequent values of a property, each a link that narrows the choice.

use courant_api::counts::{CountAnswer, ValueView};

use crate::card::topic_name;
use crate::choice::{Choice, quoted};
use crate::plain;
use crate::reader::Reader;

/// The values of a property.
pub(crate) struct FacetList {
    pub(crate) title: String,
    pub(crate) values: Vec<FacetValue>,
}

/// A value with its count.
pub(crate) struct FacetValue {
    pub(crate) text: String,
    /// The kind of a name; empty for other properties.
    pub(crate) kind: String,
    pub(crate) count: u64,
    /// The share of the most frequent value, in per cent.
    pub(crate) share: u64,
    pub(crate) href: String,
    pub(crate) is_on: bool,
}

/// Returns the counted properties in the order of `names`, without those that have no value.
pub(crate) fn facets(
    counted: &CountAnswer,
    names: &str,
    choice: &Choice,
    reader: &Reader,
) -> Vec<FacetList> {
    let lists = names.split(',').filter_map(|name| {
        let counted = &counted.facets.get(name)?.values;
        let most = counted.iter().map(|value| value.count).max()?;
        let values = counted.iter().map(|value| one(name, value, most, choice, reader)).collect();
        Some(FacetList { title: reader.texts.word("facet", name), values })
    });
    lists.collect()
}

fn one(
    facet: &str,
    counted: &ValueView,
    most: u64,
    choice: &Choice,
    reader: &Reader,
) -> FacetValue {
    let value = counted.value.as_str();
    let (field, text, kind) = match facet {
        "name" => {
            let (kind, name) = value.split_once(':').unwrap_or(("entity", value));
            let field = match kind {
                "person" => "person",
                "org" => "org",
                "place" => "place",
                _ => "entity",
            };
            (field, name.to_owned(), reader.texts.word("kind", kind))
        }
        "topic" => {
            let label = counted.label.as_deref().unwrap_or(value);
            ("topic", topic_name(value, label, reader), String::new())
        }
        "language" => ("lang", reader.texts.word("language", value), String::new()),
        "sentiment" => ("sentiment", reader.texts.word("sentiment", value), String::new()),
        "decision" => ("decision", reader.texts.word("decision", value), String::new()),
        _ => ("site", value.to_owned(), String::new()),
    };
    let filter = match facet {
        "name" => quoted(&text),
        _ => value.to_owned(),
    };
    let is_on = choice.filter(field).is_some_and(|on| on == filter);
    let href = if is_on { choice.without(field) } else { choice.and(field, &filter) };
    FacetValue {
        text: plain::line(&text),
        kind,
        count: counted.count,
        share: (counted.count * 100).div_ceil(most.max(1)),
        href: href.href(),
        is_on,
    }
}
