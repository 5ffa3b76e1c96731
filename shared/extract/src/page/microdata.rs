//! Brings microdata (`itemscope`, `itemtype`, `itemprop`) into the form of JSON-LD, so that both
//! are read alike.

use dom_query::{Element, NodeRef};
use serde_json::{Map, Value};

use super::element::attr;
use super::shown::{self, Gaps};

const MAX_ITEMS: usize = 300;
const MAX_VALUE_CHARS: usize = 1000;
/// Properties that are left out. They are longer than a value: the article itself, which is read
/// elsewhere.
const LEFT_OUT: [&str; 4] = ["articlebody", "text", "review", "comment"];

/// The items read so far while the tree is walked.
#[derive(Debug, Default)]
pub(super) struct Microdata {
    open: Vec<Open>,
    done: Vec<Value>,
    count: usize,
}

#[derive(Debug)]
struct Open {
    depth: usize,
    /// The property of the outer item that has this item as its value.
    property: Option<String>,
    item: Map<String, Value>,
}

impl Microdata {
    /// Closes the items that do not reach down to `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        while let Some(open) = self.open.pop_if(|open| open.depth >= depth) {
            let item = Value::Object(open.item);
            match (open.property, self.open.last_mut()) {
                (Some(property), Some(around)) => add(&mut around.item, property, item),
                _ => self.done.push(item),
            }
        }
    }

    pub(super) fn enter(&mut self, node: &NodeRef<'_>, element: &Element, depth: usize) {
        let property =
            attr(element, "itemprop").and_then(|names| names.split_ascii_whitespace().next());
        if attr(element, "itemscope").is_some() && self.count < MAX_ITEMS {
            self.count += 1;
            let property = property.map(str::to_owned);
            self.open.push(Open { depth, property, item: item(node, element) });
        } else if let (Some(property), Some(around)) = (property, self.open.last_mut())
            && let Some(value) = value(node, element, property)
        {
            add(&mut around.item, property.to_owned(), Value::String(value));
        }
    }

    /// Returns the items that are no property of another item.
    pub(super) fn items(mut self) -> Vec<Value> {
        self.leave(0);
        self.done
    }
}

/// Returns a new item. A person or an organization with a short text has the text as its alternate
/// name.
fn item(node: &NodeRef<'_>, element: &Element) -> Map<String, Value> {
    let kind = attr(element, "itemtype").unwrap_or_default();
    let kind = kind.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let mut item = Map::new();
    item.insert("@type".into(), kind.into());
    if matches!(kind, "Person" | "Organization") {
        let text = shown::text(node, 60, Gaps::All);
        item.extend(text.map(|text| ("alternateName".into(), text.into())));
    }
    item
}

fn add(item: &mut Map<String, Value>, property: String, value: Value) {
    match item.get_mut(&property) {
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            item.insert(property, value);
        }
    }
}

fn value(node: &NodeRef<'_>, element: &Element, property: &str) -> Option<String> {
    if LEFT_OUT.iter().any(|name| property.eq_ignore_ascii_case(name)) {
        return None;
    }
    let given = ["content", "datetime"].iter().find_map(|name| attr(element, name));
    let linked = || match element.name.local.as_ref() {
        "img" | "link" => attr(element, "src").or_else(|| attr(element, "href")),
        _ => None,
    };
    match given.filter(|value| !value.trim().is_empty()).or_else(linked) {
        Some(value) => Some(value.chars().take(MAX_VALUE_CHARS).collect()),
        None => shown::text(node, MAX_VALUE_CHARS, Gaps::All),
    }
}
