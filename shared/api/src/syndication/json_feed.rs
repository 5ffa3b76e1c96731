//! JSON Feed 1.1.

use serde_json::{Value, json};

use super::channel::{Channel, ChannelItem};

pub(super) fn write(channel: &Channel) -> String {
    let items: Vec<Value> = channel.items.iter().map(item).collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "feed_url": channel.address,
        "items": items,
    })
    .to_string()
}

fn item(item: &ChannelItem) -> Value {
    let mut written = json!({
        "id": item.urn(),
        "url": item.url,
        "title": item.title,
        "content_text": item.summary,
        "date_published": item.time.to_string(),
    });
    if let Some(name) = &item.site_name {
        written["authors"] = json!([{"name": name}]);
    }
    if let Some(language) = &item.language {
        written["language"] = language.as_str().into();
    }
    written
}
