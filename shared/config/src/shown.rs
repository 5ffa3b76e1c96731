//! A section as it may be shown to people: without secrets.

use serde::Serialize;
use serde_json::Value;

/// Stands in place of the hidden parts.
const HIDDEN: &str = "[hidden]";

/// Returns a section with all of its values. Secrets are hidden, and so are the credentials and the
/// queries of addresses, which may hold keys.
///
/// # Errors
/// If the section cannot be written as JSON.
pub fn shown<T: Serialize>(section: &T) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(section)?;
    hide(&mut value);
    Ok(value)
}

fn hide(value: &mut Value) {
    match value {
        Value::String(text) if text.contains("://") => {
            let addresses: Vec<String> = text.split(',').map(hidden).collect();
            *text = addresses.join(",");
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => members.values_mut().for_each(hide),
        _ => {}
    }
}

/// Returns an address without the parts that may be secret.
fn hidden(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{HIDDEN}@{host}"),
        None => authority.to_owned(),
    };
    match path.find(['?', '#']) {
        Some(at) => format!("{scheme}://{authority}{}?{HIDDEN}", &path[..at]),
        None => format!("{scheme}://{authority}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Secret;

    #[derive(Serialize)]
    struct Section {
        token: Secret,
        url: &'static str,
        sources: Vec<&'static str>,
        min_words: usize,
    }

    #[test]
    fn no_secret_is_shown_wherever_it_stands() {
        let section = Section {
            token: Secret::new("planted-1"),
            url: "nats://user:planted-2@a.example:4222,nats://planted-3@b.example",
            sources: vec![
                "https://a.example/feed?key=planted-4",
                "feeds.opml",
                "https://c.example/x",
            ],
            min_words: 10,
        };
        let shown = shown(&section).unwrap();
        assert!(!shown.to_string().contains("planted"), "{shown}");
        let expected = json!({
            "token": HIDDEN,
            "url": "nats://[hidden]@a.example:4222,nats://[hidden]@b.example",
            "sources": ["https://a.example/feed?[hidden]", "feeds.opml", "https://c.example/x"],
            "min_words": 10,
        });
        assert_eq!(shown, expected);
    }
}
