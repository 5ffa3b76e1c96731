//! Tells which messages carry an article.

use std::collections::HashSet;

use courant_article::ArticleId;
use courant_bus::{StoredMessage, Subject};
use courant_dedup::{canonical_url, canonicalize};
use courant_proto::v1;
use prost::Message;
use serde::Deserialize;

/// An entry in JSON, as far as its address goes.
#[derive(Deserialize)]
struct JsonEntry {
    url: Option<String>,
    declared_canonical_url: Option<String>,
}

/// Returns true if the message carries one of the articles, or its address.
pub(super) fn carries(message: &StoredMessage<'_>, articles: &HashSet<ArticleId>) -> bool {
    let named = message.message_id.and_then(|id| id.split(':').next());
    if named.and_then(|id| id.parse().ok()).is_some_and(|id| articles.contains(&id)) {
        return true;
    }
    let is_wanted = |id: Option<ArticleId>| id.is_some_and(|id| articles.contains(&id));
    match message.subject {
        subject if subject == Subject::ENTRY_SUBMITTED.as_str() => is_wanted(submitted(message)),
        subject if subject == Subject::ENTRY_DECIDED.as_str() => {
            let Ok(event) = v1::EntryDecided::decode(message.payload) else { return false };
            let names = [event.own_id, event.article_id, event.of];
            names.iter().any(|id| is_wanted(id.parse().ok())) || is_wanted(at(&event.url, None))
        }
        subject if subject == Subject::CRAWL_REQUESTED.as_str() => {
            let request = v1::CrawlRequested::decode(message.payload);
            request.is_ok_and(|request| is_wanted(at(&request.url, None)))
        }
        _ => false,
    }
}

fn submitted(message: &StoredMessage<'_>) -> Option<ArticleId> {
    if message.is_json {
        let entry: JsonEntry = serde_json::from_slice(message.payload).ok()?;
        return at(&entry.url?, entry.declared_canonical_url.as_deref());
    }
    let entry = v1::Entry::decode(message.payload).ok()?;
    let declared = Some(entry.declared_canonical_url).filter(|url| !url.is_empty());
    at(&entry.url, declared.as_deref())
}

/// The article at an address.
fn at(url: &str, declared: Option<&str>) -> Option<ArticleId> {
    let canonical = canonical_url(url, declared).or_else(|_| canonicalize(url)).ok()?;
    Some(ArticleId::of(&canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<'a>(subject: &'a str, id: &'a str, payload: &'a [u8]) -> StoredMessage<'a> {
        StoredMessage { subject, message_id: Some(id), is_json: false, payload }
    }

    #[test]
    fn an_article_is_known_by_name_and_by_address_in_any_message() {
        let gone = at("https://example.com/a", None).unwrap();
        let articles = HashSet::from([gone]);
        let id = format!("{gone}:17:embedded:v1");
        assert!(carries(&message("article.embedded", &id, b""), &articles));
        let entry = |url: &str| {
            let entry = v1::Entry { url: url.into(), ..v1::Entry::default() };
            prost::Message::encode_to_vec(&entry)
        };
        let submitted =
            |payload: &[u8]| carries(&message("entry.submitted", "s-1", payload), &articles);
        assert!(submitted(&entry("https://www.example.com/a?utm_source=x")));
        assert!(!submitted(&entry("https://example.com/b")));
        assert!(!submitted(b"no message"));
        let json = br#"{"url": "https://example.com/a", "text": "x"}"#;
        let json = StoredMessage { is_json: true, ..message("entry.submitted", "s-2", json) };
        assert!(carries(&json, &articles));
        let decided = v1::EntryDecided { of: gone.to_string(), ..v1::EntryDecided::default() };
        let decided = prost::Message::encode_to_vec(&decided);
        assert!(carries(&message("entry.decided", "s-3:1:decided", &decided), &articles));
    }
}
