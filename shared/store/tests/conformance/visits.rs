use courant_article::ContentHash;
use courant_store::Visit;

use crate::conformance;
use crate::house::House;

conformance!(a_visit_is_remembered, the_latest_visit_counts, any_url_can_be_visited);

fn visit(url: &str, fetched_at_ms: i64) -> Visit {
    Visit {
        url: url.into(),
        etag: Some("W/\"é\"".into()),
        last_modified: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()),
        fetched_at_ms,
        status: 304,
        content_hash: Some(ContentHash::of_normalized("text")),
    }
}

async fn a_visit_is_remembered(house: House) {
    let full = visit("https://a.com/1", 5);
    let bare = Visit { url: "https://a.com/2".into(), status: 404, ..Visit::default() };
    house.store.crawl().record_visits(&[], &[full.clone(), bare.clone()]).await.unwrap();
    let house = house.reopened().await;
    assert_eq!(house.store.crawl().visit(&full.url).await.unwrap(), Some(full));
    assert_eq!(house.store.crawl().visit(&bare.url).await.unwrap(), Some(bare));
    assert_eq!(house.store.crawl().visit("https://a.com/3").await.unwrap(), None);
}

async fn the_latest_visit_counts(house: House) {
    let url = "https://a.com/";
    let latest = Visit { etag: None, status: 200, ..visit(url, 9) };
    let batches = [vec![visit(url, 5)], vec![latest.clone(), visit(url, 7)], vec![visit(url, 6)]];
    for batch in batches {
        house.store.crawl().record_visits(&[], &batch).await.unwrap();
    }
    assert_eq!(house.store.crawl().visit(url).await.unwrap(), Some(latest));
    assert_eq!(house.store.counts().await.unwrap().visits, 1);
}

async fn any_url_can_be_visited(house: House) {
    let long = format!("https://a.com/{}", "x".repeat(100_000));
    house.store.crawl().record_visits(&[], &[visit(&long, 1), visit("", 2)]).await.unwrap();
    assert_eq!(house.store.crawl().visit(&long).await.unwrap().unwrap().url, long);
    assert_eq!(house.store.crawl().visit("").await.unwrap().unwrap().fetched_at_ms, 2);
}
