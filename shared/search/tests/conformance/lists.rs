//! Articles in the order of their times.

use std::collections::HashSet;

use courant_article::ArticleId;
use courant_search::{ListPage, Listing, TimeCursor, TimeOrder};
use courant_store::StoredArticle;

use crate::archive::{Archive, query, record};
use crate::conformance;
use crate::house::id;

conformance!(
    articles_are_listed_by_time,
    a_page_begins_behind_the_one_before,
    a_walk_meets_each_article_once_while_others_arrive,
    every_filter_holds,
    words_mean_all_of_them_in_a_list,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

fn dated(name: &str, day: &str) -> StoredArticle {
    let mut record = record(name, "Ferry", name, X);
    record.article.published_at = Some(day.parse().unwrap());
    record
}

async fn page(
    archive: &Archive,
    text: &str,
    order: TimeOrder,
    after: Option<TimeCursor>,
    limit: usize,
) -> ListPage {
    let listing = Listing { query: query(text), order, after, limit };
    archive.search.list(&listing).await.unwrap()
}

async fn listed(archive: &Archive, text: &str) -> Vec<ArticleId> {
    let page = page(archive, text, TimeOrder::Newest, None, 100).await;
    assert_eq!((page.total, page.next), (page.hits.len() as u64, None));
    page.hits.iter().map(|hit| hit.id).collect()
}

async fn articles_are_listed_by_time(archive: Archive) {
    let mut undated = dated("undated", "2026-11-01");
    undated.article.published_at = None;
    archive
        .put(&[
            dated("b", "2026-11-02"),
            dated("a", "2026-11-01"),
            dated("c", "2026-11-03"),
            undated,
        ])
        .await;
    let newest = listed(&archive, "").await;
    assert_eq!(newest, [id("c"), id("b"), id("a"), id("undated")], "it was observed in 1970");
    let oldest = page(&archive, "", TimeOrder::Oldest, None, 2).await;
    let ids: Vec<_> = oldest.hits.iter().map(|hit| hit.id).collect();
    assert_eq!((ids, oldest.total), (vec![id("undated"), id("a")], 4));
}

async fn a_page_begins_behind_the_one_before(archive: Archive) {
    // Many of one time: the order of their ids tells them apart.
    let records: Vec<_> = (0..23).map(|n| dated(&n.to_string(), "2026-11-01")).collect();
    archive.put(&records).await;
    for order in [TimeOrder::Newest, TimeOrder::Oldest] {
        let (mut met, mut after) = (Vec::new(), None);
        loop {
            let page = page(&archive, "", order, after, 5).await;
            met.extend(page.hits.iter().map(|hit| hit.id));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        let different: HashSet<_> = met.iter().collect();
        assert_eq!((met.len(), different.len()), (23, 23), "{order:?}");
    }
}

async fn a_walk_meets_each_article_once_while_others_arrive(archive: Archive) {
    let day = |n: usize| format!("2026-{:02}-{:02}", 1 + n / 28 % 12, 1 + n % 28);
    let first: Vec<_> = (0..100).map(|n| dated(&format!("first {n}"), &day(n * 3))).collect();
    archive.put(&first).await;
    let (mut met, mut after, mut arrived) = (Vec::new(), None, 0);
    loop {
        let page = page(&archive, "", TimeOrder::Newest, after, 10).await;
        met.extend(page.hits.iter().map(|hit| hit.id));
        let Some(next) = page.next else { break };
        after = Some(next);
        if arrived < 300 {
            let more: Vec<_> = (arrived..arrived + 50)
                .map(|n| dated(&format!("later {n}"), &day(n * 7)))
                .collect();
            archive.put(&more).await;
            arrived += 50;
        }
    }
    let different: HashSet<_> = met.iter().copied().collect();
    assert_eq!(met.len(), different.len(), "no article came twice");
    let gaps = first.iter().filter(|record| !different.contains(&record.article.id)).count();
    assert_eq!(gaps, 0);
}

async fn every_filter_holds(archive: Archive) {
    use courant_article::{Decision, Entity, EntityKind, Sentiment, Span, Topic};
    let mut one = dated("one", "2026-11-05T10:00:00Z");
    one.article.url = "https://news.example.com/one".into();
    one.article.source = "https://example.com/feed".into();
    one.article.authors = vec!["Ada Lovelace".into()];
    one.article.decision = Decision::Revision;
    one.analysis.language = Some("en".into());
    one.analysis.sentiment = Some(Sentiment::of([0.1, 0.2, 0.7]));
    one.analysis.topics =
        vec![Topic { code: "medtop:15000000".into(), label: "sport".into(), score: 0.8 }];
    let name =
        |text: &str, kind| Entity { text: text.into(), kind, span: Span::default(), score: 1.0 };
    one.analysis.entities = vec![
        name("Angela Merkel", EntityKind::Person),
        name("Bayern  Munich", EntityKind::Organization),
    ];
    let mut other = dated("other", "2026-10-01");
    other.article.url = "https://other.example.org/other".into();
    other.article.source = "wire".into();
    other.article.authors = vec!["Grace Hopper".into()];
    other.article.page.image = None;
    other.analysis.language = Some("de".into());
    other.analysis.sentiment = Some(Sentiment::of([0.8, 0.1, 0.1]));
    archive.put(&[one, other]).await;
    for filter in [
        "site:example.com",
        "site:news.example.com",
        "source:https://example.com/feed",
        "author:lovelace",
        "author:\"Ada Lovelace\"",
        "lang:en",
        "topic:sport",
        "topic:15000000",
        "topic:medtop:15000000",
        "entity:merkel",
        "person:\"angela merkel\"",
        "org:\"Bayern Munich\"",
        "sentiment:positive",
        "sentiment:>0.5",
        "decision:revision",
        "date:2026-11",
        "date:2026-11-05..2026-11-06",
        "-date:..2026-10",
        "has:image",
        "title:ferry lang:en,fr",
        "lang:en OR site:nowhere.example",
        "-lang:de",
    ] {
        assert_eq!(listed(&archive, filter).await, [id("one")], "{filter}");
    }
    for filter in
        ["person:munich", "site:com", "topic:weather", "date:2025", "author:\"Lovelace Ada\""]
    {
        assert_eq!(listed(&archive, filter).await, [], "{filter}");
    }
}

async fn words_mean_all_of_them_in_a_list(archive: Archive) {
    archive
        .put(&[
            record("one", "News", "The harbour is closed.", X),
            record("both", "News", "The harbour has a bridge.", X),
        ])
        .await;
    assert_eq!(listed(&archive, "bridge harbour").await, [id("both")]);
}
