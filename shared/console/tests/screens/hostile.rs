//! Answers of the interface whose texts are attacks.

use serde_json::{Value, json};

/// Signs that hide words or turn their direction.
pub(crate) const HIDDEN: [char; 6] =
    ['\u{202E}', '\u{200B}', '\u{2066}', '\u{FEFF}', '\u{7}', '\u{E0041}'];

/// A text with every attack that a headline, a name or an error could carry.
fn attack() -> String {
    let hidden: String = HIDDEN.iter().collect();
    format!(
        "<script>alert(1)</script>\"'><img src=x onerror=alert(1)><b1 hx-get=\"/x\" data-hx-post='/y' \
         onclick=alert(2)>ferry{hidden}</title></textarea><style>*{{}}</style><base href=//evil.example>"
    )
}

const ID: &str = "0123456789abcdef0123456789abcdef";

fn found() -> Value {
    json!({
        "id": ID, "url": "javascript:alert(1)//a.example", "title": attack(),
        "site_name": attack(), "published_at": "2026-11-30T11:00:00Z", "language": "\"><b1>",
        "score": 0.5, "snippet": attack(), "title_highlights": [[0, 4], [2, 900]],
        "snippet_highlights": [[5, 3], [7, 9]], "copies": 2, "relaxed": true,
        "explanation": {"text_score": 1.0, "cosine": null, "rule": attack()},
    })
}

fn article() -> Value {
    let copy = json!({
        "id": ID, "url": "https://b.example/\"onmouseover=alert(1)", "title": attack(),
        "site_name": attack(), "published_at": attack(),
    });
    json!({
        "id": ID, "revision": 1_796_036_400_000_i64, "url": "data:text/html,<script>alert(1)</script>",
        "title": attack(), "authors": [attack()], "published_at": attack(), "language": "\" onload=x",
        "site_name": attack(), "text": format!("{}\n\n{}", attack(), attack()), "truncated": true,
        "text_truncated": true, "source": "javascript:alert(1)", "decision": "syndicated",
        "syndicated_of": "\"><script>", "copies": [copy], "tags": [attack()], "section": attack(),
        "modified_at": attack(), "paywalled": true,
        "evidence": {"title": {"source": "declared"}, "<b1 onclick=x>": {"source": "guessed"}},
        "stored_at": attack(), "model": model(),
        "analysis": {
            "language": "en",
            "topics": [{"code": "\"><script>", "label": attack(), "score": 0.9}],
            "sentiment": {"label": "negative", "score": 0.8, "probabilities": [0.8, 0.1, 0.1]},
            "keyphrases": [{"text": attack(), "score": 1.0}],
            "summary": [{"start": 0, "end": 5, "text": attack()}],
            "entities": [{"text": attack(), "type": "person", "start": 3, "end": 40, "score": 0.9}],
            "skipped": {"<b1>": attack()},
            "models": [model()],
        },
    })
}

fn model() -> Value {
    json!({"name": attack(), "version": attack(), "precision": "int8", "provider": "cpu"})
}

fn counts() -> Value {
    let value = |value: &str| json!({"value": value, "label": attack(), "count": 3});
    let facet =
        json!({"values": [value(&attack()), value("a.example")], "left_out": 0, "without": 0});
    let period = |start: &str| json!({"start": start, "count": 3, "values": [value("a.example"), value(&attack())]});
    json!({
        "query": "ferry", "total": 3,
        "facets": {"topic": facet, "name": facet, "site": facet, "language": facet,
            "sentiment": facet, "decision": facet},
        "series": [period("2026-11-29T10:00:00Z"), period("2026-11-30T11:00:00Z"), period("never")],
        "not_indexed_yet": 2,
    })
}

fn sources() -> Value {
    json!({
        "sources": [{
            "id": ID, "url": "javascript:alert(1)", "origin": "request", "state": "failing",
            "tags": [attack()], "added_at": attack(), "kind": attack(), "checked_at": attack(),
            "next_check_at": attack(), "failures": 3, "problem": attack(),
        }],
        "total": 1, "next": attack(),
    })
}

fn status() -> Value {
    json!({
        "version": attack(), "pressure": {"level": "\"><b1>", "reason": attack(), "suggested_rate": 1.0},
        "queues": [{"stream": attack(), "stage": attack(), "depth": 1, "in_flight": 1,
            "redelivered": 1, "oldest_age_s": 1e300, "fullness": 7.5}],
        "stored": {"articles": 1, "fingerprints": 1, "visits": 1},
        "index": {"articles": 1, "change": 1, "store_change": 5, "rebuilding": true},
        "feeds": {"followed": 1, "failing": 1, "worst": []},
        "model": model(),
        "agents": [{"agent": attack(), "state": "\"><b1>", "uptime_s": -5.0, "in_flight": 0,
            "succeeded": 1, "retried": 1, "discarded": 1, "details": {attack(): attack()}}],
    })
}

fn revisions() -> Value {
    let version = |revision: i64, text: &str| {
        json!({
            "revision": revision, "observed_at": attack(), "title": attack(), "content_hash": attack(),
            "length": 5, "text": text, "stored_at": attack(),
        })
    };
    let later = format!("{}\nlater {}", attack(), attack());
    json!({"id": ID, "revisions": [version(1_796_036_400_000, &later), version(i64::MIN, &attack())]})
}

/// Returns the answer at a path of the interface.
pub(crate) fn answer(path: &str) -> Value {
    match path {
        "/v1/search" => json!({
            "query": attack(), "mode": "text", "sort": "newest", "degraded": attack(), "total": 3,
            "relaxed": true, "hits": [found(), found()], "cursor": attack(), "change": 1,
            "not_indexed_yet": 2,
        }),
        "/v1/counts" => counts(),
        "/v1/words" => json!({"query": "", "total": 3, "sample": 3,
            "words": [{"word": attack(), "articles": 1, "of_archive": 1, "lift": 2.0}]}),
        "/v1/status" => status(),
        "/v1/sources" => {
            let source = sources()["sources"][0].clone();
            let mut both = sources();
            let source = source.as_object().expect("an object").clone();
            both.as_object_mut().expect("an object").extend(source);
            both
        }
        "/v1/sources/opml" => json!({"added": 1, "known": 0, "refused": 0}),
        "/v1/articles" => json!({"submission_id": "a", "article_id": ID}),
        "/v1/decisions" => json!({"decisions": [{
            "submission_id": attack(), "url": attack(), "decided_at": attack(), "decision": "syndicated",
            "rule": "parts", "containment": 0.9, "shared_passage": attack(), "of": ID,
        }]}),
        "/v1/dead-letters" => {
            json!({"letters": [{"number": 7, "subject": attack(), "deliveries": 6,
            "error": attack(), "died_at": attack(), "size_bytes": 5}]})
        }
        "/v1/configuration" => json!({attack(): {attack(): attack(), "n": 1}}),
        path if path.ends_with("/revisions") => revisions(),
        path if path.ends_with("/related") => json!({"id": ID, "hits": [found()]}),
        _ => article(),
    }
}

/// Returns the answer of an archive without articles and sources.
pub(crate) fn empty(path: &str) -> Value {
    match path {
        "/v1/search" => json!({"query": "", "mode": "text", "sort": "newest", "total": 0,
            "relaxed": false, "hits": [], "change": 0}),
        "/v1/sources" => json!({"sources": [], "total": 0, "next": null}),
        _ => status(),
    }
}
