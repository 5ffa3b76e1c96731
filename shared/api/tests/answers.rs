//! Clients read answers as services write them.

use courant_api::articles::{ArticleView, Related};
use courant_api::counts::CountAnswer;
use courant_api::decisions::{DecisionAnswer, DecisionsAnswer};
use courant_api::feeds::FeedsPage;
use courant_api::outlets::OutletsAnswer;
use courant_api::search::SearchAnswer;
use courant_api::status::Status;
use courant_api::submissions::Receipt;
use courant_api::words::{Suggestions, WordsAnswer};
use courant_article::Analysis;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Checks that nothing of an answer is lost or added when it is read and written again.
fn is_kept<T: DeserializeOwned + Serialize>(written: &Value) {
    let read: T = serde_json::from_value(written.clone()).expect("an answer is read");
    assert_eq!(serde_json::to_value(read).expect("JSON"), *written);
}

#[test]
fn lists_of_hits_are_kept() {
    let bare = json!({"id": "a", "url": "https://a.example/1", "title": "T", "snippet": "S"});
    let full = json!({
        "id": "b", "url": "https://b.example/1", "title": "T", "snippet": "S",
        "site_name": "B", "published_at": "2026-03-01", "language": "en", "score": 0.5,
        "text_rank": 1, "vector_rank": 2, "title_highlights": [[0, 1]],
        "snippet_highlights": [[0, 1]], "syndicated_of": "a", "copies": 2, "relaxed": true,
        "explanation": {"text_score": 0.5, "cosine": null, "age_weight": 0.5, "rule": "sum"},
    });
    is_kept::<Related>(&json!({"id": "c", "hits": [bare]}));
    is_kept::<SearchAnswer>(&json!({
        "query": "q", "mode": "text", "sort": "newest", "degraded": "no embedder", "total": 2,
        "relaxed": true, "hits": [bare, full], "cursor": "x", "change": 7, "not_indexed_yet": 1,
    }));
}

#[test]
fn an_article_is_kept() {
    let model = json!({"name": "m", "version": "1", "precision": "fp32", "provider": "cpu"});
    let mut article = json!({
        "id": "a", "revision": 1, "url": "https://a.example/1", "title": "T", "authors": [],
        "truncated": false, "text_truncated": false, "source": "s", "decision": "new",
        "paywalled": false, "stored_at": "2026-03-01T00:00:00Z", "model": model,
        "analysis": Analysis::default(),
    });
    is_kept::<ArticleView>(&article);
    article["text"] = "the text".into();
    article["feed"] = json!({"title": "In the feed"});
    article["evidence"] = json!({"title": {"source": "listed"}});
    article["copies"] = json!([{"id": "b", "url": "https://b.example/1", "title": "T"}]);
    is_kept::<ArticleView>(&article);
}

#[test]
fn counts_and_words_are_kept() {
    let value = json!({"value": "medtop:04000000", "label": "economy", "count": 3});
    is_kept::<CountAnswer>(&json!({
        "query": "", "total": 3,
        "facets": {"topic": {"values": [value], "left_out": 0, "without": 0}},
        "series": [{"start": "2026-03-01T00:00:00Z", "count": 3, "values": [value]},
                   {"start": "2026-03-02T00:00:00Z", "count": 0}],
    }));
    let word = json!({"word": "w", "articles": 1, "of_archive": 2, "lift": 1.5});
    is_kept::<WordsAnswer>(&json!({"query": "", "total": 1, "sample": 1, "words": [word]}));
    is_kept::<Suggestions>(&json!({"suggestions": [
        {"kind": "site", "value": "a.example", "articles": 1, "query": "site:a.example"},
        {"kind": "topic", "value": "04000000", "label": "economy", "articles": 1, "query": "q"},
    ]}));
    let headline = json!({"id": "a", "title": "T"});
    is_kept::<OutletsAnswer>(&json!({
        "query": "q", "total": 1,
        "outlets": [{
            "site": "a.example", "articles": 1, "articles_in_all": 2,
            "sentiment": {"positive": 1}, "names": [], "first": headline, "headlines": [headline],
        }],
        "silent": [{"site": "b.example", "articles_in_all": 0}], "further_outlets": 4,
    }));
}

#[test]
fn decisions_and_receipts_are_kept() {
    is_kept::<Receipt>(&json!({"submission_id": "s", "article_id": "a"}));
    is_kept::<Receipt>(&json!({
        "submission_id": "s", "article_id": "a", "decision": "new", "change": 3,
    }));
    is_kept::<DecisionsAnswer>(&json!({"decisions": [{
        "submission_id": "s", "url": "https://a.example/1", "decided_at": "2026-03-01T00:00:00Z",
        "decision": "duplicate", "rule": "parts", "article_id": "a", "of": "b",
        "containment": 0.5, "shared_passage": "the same words",
    }]}));
    is_kept::<DecisionAnswer>(&json!({
        "id": "a", "decision": "unknown", "stored": false, "reasons": ["nothing came"],
    }));
}

#[test]
fn the_state_of_the_pipeline_is_kept() {
    let feed = json!({
        "url": "https://a.example/feed", "kind": "feed", "checked_at": null,
        "next_check_at": "2026-03-01T00:00:00Z", "interval_s": 60, "failures": 1,
        "problem": "no answer",
    });
    is_kept::<FeedsPage>(&json!({"feeds": [feed], "next": null}));
    is_kept::<Status>(&json!({
        "version": "1",
        "pressure": {"level": "none", "reason": "", "suggested_rate": 5.5},
        "queues": [{
            "stream": "ENTRIES", "stage": null, "depth": 1, "in_flight": 0, "redelivered": 0,
            "oldest_age_s": 0.5, "fullness": 0.25,
        }],
        "stored": {"articles": 1, "fingerprints": 2, "visits": 3},
        "index": {"articles": 1, "change": 7, "store_change": 8, "rebuilding": false},
        "feeds": {"followed": 1, "failing": 1, "worst": [feed]},
        "model": null,
        "agents": [{
            "agent": "gateway", "state": "running", "uptime_s": 1.5, "in_flight": 0,
            "succeeded": 1, "retried": 0, "discarded": 0, "details": {"k": "v"},
        }],
    }));
}
