use courant_article::ContentHash;
use courant_store::{Listing, SourceHealth};

use crate::conformance;
use crate::house::House;

conformance!(
    a_listing_is_remembered,
    the_latest_look_counts,
    listings_come_in_the_order_of_their_urls,
    those_that_fail_most_are_named_first,
    listings_are_forgotten,
    an_ended_listing_is_made_due,
);

fn listing(url: &str, checked_at_ms: i64) -> Listing {
    Listing {
        url: url.into(),
        kind: "feed".into(),
        checked_at_ms,
        next_check_at_ms: checked_at_ms + 900_000,
        interval_s: 900,
        failures: 3,
        problem: Some("not fetched: é".into()),
        fingerprint: Some(ContentHash::of_normalized("urls")),
        leads_to: vec!["https://a.com/\"x\".xml".into(), "https://a.com/ü".into()],
    }
}

async fn a_listing_is_remembered(house: House) {
    let full = listing("https://a.com/feed", 5);
    let bare = Listing { url: "https://a.com/".into(), ..Listing::default() };
    for listing in [&full, &bare] {
        house.store.crawl().record_listing(&[], listing).await.unwrap();
    }
    let house = house.reopened().await;
    assert_eq!(house.store.crawl().listing(&full.url).await.unwrap(), Some(full));
    assert_eq!(house.store.crawl().listing(&bare.url).await.unwrap(), Some(bare));
    assert_eq!(house.store.crawl().listing("https://a.com/other").await.unwrap(), None);
}

async fn the_latest_look_counts(house: House) {
    let url = "https://a.com/feed";
    let latest = Listing { failures: 0, problem: None, ..listing(url, 9) };
    for listing in [&listing(url, 5), &latest, &listing(url, 7)] {
        house.store.crawl().record_listing(&[], listing).await.unwrap();
    }
    assert_eq!(house.store.crawl().listing(url).await.unwrap(), Some(latest));
}

async fn listings_come_in_the_order_of_their_urls(house: House) {
    let names = ["https://b.com/", "https://A.com/é", "https://a.com/-", "https://a.com/1"];
    for url in names {
        house.store.crawl().record_listing(&[], &listing(url, 1)).await.unwrap();
    }
    let mut read = Vec::new();
    while let page =
        house.store.crawl().listings(read.last().map_or("", String::as_str), 3).await.unwrap()
        && !page.is_empty()
    {
        read.extend(page.into_iter().map(|listing| listing.url));
    }
    assert_eq!(read, ["https://A.com/é", "https://a.com/-", "https://a.com/1", "https://b.com/"]);
}

async fn those_that_fail_most_are_named_first(house: House) {
    assert_eq!(house.store.crawl().health(2).await.unwrap(), SourceHealth::default());
    for (url, failures) in [("https://a.com/", 1), ("https://b.com/", 0), ("https://c.com/", 9)] {
        house
            .store
            .crawl()
            .record_listing(&[], &Listing { failures, ..listing(url, 1) })
            .await
            .unwrap();
    }
    let health = house.store.crawl().health(1).await.unwrap();
    assert_eq!((health.listings, health.failing), (3, 2));
    assert_eq!(health.worst, [Listing { failures: 9, ..listing("https://c.com/", 1) }]);
}

async fn listings_are_forgotten(house: House) {
    let kept = listing("https://a.com/", 1);
    for listing in [&kept, &listing("https://a.com/feed", 1)] {
        house.store.crawl().record_listing(&[], listing).await.unwrap();
    }
    house.store.crawl().forget_listings(&["https://a.com/feed".into()]).await.unwrap();
    assert_eq!(house.store.crawl().listings("", 9).await.unwrap(), [kept]);
}

async fn an_ended_listing_is_made_due(house: House) {
    let crawl = house.store.crawl();
    let ended = Listing { next_check_at_ms: Listing::NEVER_MS, ..listing("https://a.com/feed", 5) };
    crawl.record_listing(&[], &ended).await.unwrap();
    let urls = [ended.url.clone(), "https://a.com/other".to_owned()];
    assert_eq!(crawl.make_due(&urls, 7).await.unwrap(), 1);
    let due = Listing { next_check_at_ms: 7, ..ended.clone() };
    assert_eq!(crawl.listing(&ended.url).await.unwrap(), Some(due));
}
