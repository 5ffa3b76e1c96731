//! JSON Feed 1 and 1.1, with tolerance for wrong types.

use serde_json::{Map, Value};
use url::Url;

use super::construct::{Construct, Form};
use super::names::each_once;
use super::prose::Prose;
use super::types::{Feed, FeedEntry, FeedError, FeedKind};
use super::values::{MAX_ENTRIES, field, link};
use crate::date::feed_date;
use crate::page::iso_639_1;

/// Reads a JSON Feed: an object that has items, or a version that names the format.
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Feed, FeedError> {
    let Value::Object(feed) = serde_json::from_str(text)? else { return Err(FeedError::Unknown) };
    let is_feed = feed.get("version").and_then(Value::as_str).unwrap_or_default();
    let items = feed.get("items").and_then(Value::as_array);
    if items.is_none() && !is_feed.contains("jsonfeed.org/version") {
        return Err(FeedError::Unknown);
    }
    let home = string(&feed, "home_page_url").and_then(|home| Url::parse(&home).ok());
    let base = base.or(home.as_ref());
    let items = items.into_iter().flatten().filter_map(Value::as_object).take(MAX_ENTRIES);
    let names = authors(&feed);
    Ok(Feed {
        title: prose(&feed, "title", Form::Text, base).and_then(|title| title.html()),
        kind: FeedKind::Json,
        entries: items.map(|item| entry(item, base).inheriting(&names)).collect(),
        language: string(&feed, "language").and_then(|tag| iso_639_1(&tag)),
        ttl: None,
        skip_hours: Vec::new(),
        skip_days: Vec::new(),
    })
}

fn entry(item: &Map<String, Value>, base: Option<&Url>) -> FeedEntry {
    let url = string(item, "url").or_else(|| string(item, "external_url"));
    let id = string(item, "id");
    let url = url.or_else(|| id.clone().filter(|id| id.contains("://")));
    let url = url.and_then(|url| link(&url, base));
    let title = prose(item, "title", Form::Text, base).and_then(|title| title.html());
    let html = prose(item, "content_html", Form::Html, base).and_then(Prose::filled);
    let content = html.or_else(|| prose(item, "content_text", Form::Text, base));
    let date = |name| string(item, name).and_then(|text| feed_date(&text));
    FeedEntry {
        id: id.or_else(|| url.clone()).or_else(|| title.clone()).unwrap_or_default(),
        url,
        title,
        published_at: date("date_published"),
        updated_at: date("date_modified"),
        summary: prose(item, "summary", Form::Text, base).unwrap_or_default(),
        content: content.unwrap_or_default(),
        authors: authors(item),
        authors_are_inherited: false,
        categories: each_once(texts(item.get("tags"))),
    }
}

/// Returns the names in `authors` (version 1.1) or `author` (version 1).
fn authors(item: &Map<String, Value>) -> Vec<String> {
    let listed = item.get("authors").and_then(Value::as_array).into_iter().flatten();
    let names = listed.chain(item.get("author")).filter_map(|author| match author {
        Value::Object(author) => string(author, "name"),
        Value::String(name) => Some(name.clone()),
        _ => None,
    });
    each_once(names)
}

fn texts(list: Option<&Value>) -> impl Iterator<Item = String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned)
}

fn string(object: &Map<String, Value>, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::String(text) => field(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn prose(object: &Map<String, Value>, name: &str, form: Form, base: Option<&Url>) -> Option<Prose> {
    let mut construct = Construct::new(form, base.cloned());
    construct.push_text(object.get(name)?.as_str()?);
    Some(construct.into_prose())
}
