use courant_article::{Embedding, MAX_TEXT_BYTES, Text};
use courant_store::{Error, StoreCounts, StoredArticle, UpsertOutcome};

use crate::conformance;
use crate::house::{House, id, record, revised};

conformance!(
    a_record_comes_back_as_it_was,
    the_greatest_revision_wins,
    a_batch_may_hold_an_article_twice,
    an_empty_batch_is_no_work,
    a_wrong_dimension_stores_nothing,
    articles_are_listed_in_the_order_of_their_ids,
    nul_characters_are_replaced,
    a_text_made_to_burst_the_index_is_stored,
    concurrent_batches_do_not_deadlock,
    everything_is_counted,
    operations_are_measured,
    a_closed_store_says_so,
    a_ping_is_answered,
);

pub(crate) fn assert_same(stored: &StoredArticle, expected: &StoredArticle) {
    let pairs = stored.vector.as_slice().iter().zip(expected.vector.as_slice());
    for (a, b) in pairs {
        assert!((a - b).abs() < 1e-3, "half precision is enough");
    }
    assert_eq!(stored.vector.dimension(), expected.vector.dimension());
    assert_eq!(StoredArticle { vector: expected.vector.clone(), ..stored.clone() }, *expected);
}

async fn a_record_comes_back_as_it_was(house: House) {
    let full = record(
        "full",
        "Der Zug 🚆 «naht»",
        "Text\n\twith \u{202e}all — kinds.",
        [1.0, 2.0, -3.0, 0.5],
    );
    let mut bare = record("bare", "", "", [0.0; 4]);
    bare.article.authors.clear();
    bare.article.published_at = Some("2024-03-01".parse().unwrap());
    bare.article.declared_language = None;
    bare.article.site_name = None;
    bare.article.syndicated_of = None;
    bare.analysis = Default::default();
    house.put(&[full.clone(), bare.clone()]).await;
    assert_same(&house.store.articles().get(full.article.id).await.unwrap().unwrap(), &full);
    assert_same(&house.store.articles().get(bare.article.id).await.unwrap().unwrap(), &bare);
    assert_eq!(house.store.articles().get(id("unknown")).await.unwrap(), None);
}

async fn the_greatest_revision_wins(house: House) {
    let first = record("a", "Title", "first", [1.0, 0.0, 0.0, 0.0]);
    let second = revised(first.clone(), 2000, "second");
    let mut late = revised(first.clone(), 1500, "late");
    late.article.title = "Late".into();
    let cases = [
        (&first, UpsertOutcome::Inserted),
        (&first, UpsertOutcome::Unchanged),
        (&second, UpsertOutcome::Updated),
        (&second, UpsertOutcome::Unchanged),
        (&late, UpsertOutcome::Unchanged),
        (&first, UpsertOutcome::Unchanged),
    ];
    for (record, expected) in cases {
        let outcome = house.store.articles().upsert(std::slice::from_ref(record)).await.unwrap();
        assert_eq!(outcome, [expected]);
    }
    assert_same(&house.store.articles().get(id("a")).await.unwrap().unwrap(), &second);
    assert_eq!(house.store.counts().await.unwrap().articles, 1);
}

async fn a_batch_may_hold_an_article_twice(house: House) {
    let old = record("a", "Title", "old", [1.0, 0.0, 0.0, 0.0]);
    let new = revised(old.clone(), 2000, "new");
    let other = record("b", "Title", "other", [1.0, 0.0, 0.0, 0.0]);
    let outcomes =
        house.store.articles().upsert(&[old.clone(), other, new.clone(), old]).await.unwrap();
    use UpsertOutcome::{Inserted, Unchanged};
    assert_eq!(outcomes, [Unchanged, Inserted, Inserted, Unchanged]);
    assert_same(&house.store.articles().get(id("a")).await.unwrap().unwrap(), &new);
}

async fn an_empty_batch_is_no_work(house: House) {
    assert_eq!(house.store.articles().upsert(&[]).await.unwrap(), []);
    assert!(house.store.claims().known(&[]).await.unwrap().is_empty());
    house.store.crawl().record_visits(&[], &[]).await.unwrap();
}

async fn a_wrong_dimension_stores_nothing(house: House) {
    let fits = record("a", "Title", "text", [1.0, 0.0, 0.0, 0.0]);
    let mut odd = record("b", "Title", "text", [1.0, 0.0, 0.0, 0.0]);
    odd.vector = Embedding::normalized(vec![1.0; 5]);
    let error = house.store.articles().upsert(&[fits, odd]).await.unwrap_err();
    assert!(matches!(error, Error::Dimension { expected: 4, found: 5 }), "{error}");
    assert!(error.is_permanent() && !error.is_transient());
    assert_eq!(house.store.counts().await.unwrap(), StoreCounts::default());
}

async fn articles_are_listed_in_the_order_of_their_ids(house: House) {
    let names: Vec<String> = (0..7).map(|n| n.to_string()).collect();
    let records: Vec<_> = names.iter().map(|n| record(n, n, n, [1.0, 0.0, 0.0, 0.0])).collect();
    house.put(&records).await;
    let mut expected: Vec<_> = names.iter().map(|n| id(n)).collect();
    expected.sort();
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = house.store.articles().list(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        assert!(page.len() <= 3);
        listed.extend(page);
    }
    assert_eq!(listed.iter().map(|summary| summary.id).collect::<Vec<_>>(), expected);
    let whole = &records.iter().find(|r| r.article.id == expected[0]).unwrap().article;
    let first = &listed[0];
    assert_eq!(
        (&first.url, &first.title, first.revision),
        (&whole.url, &whole.title, whole.revision)
    );
    assert_eq!(
        (first.content_hash, first.syndicated_of),
        (whole.content_hash, whole.syndicated_of)
    );
    assert_eq!(house.store.articles().list(None, usize::MAX).await.unwrap().len(), 7);
}

async fn nul_characters_are_replaced(house: House) {
    house.put(&[record("a", "A\0title", "a\0text", [1.0, 0.0, 0.0, 0.0])]).await;
    let stored = house.store.articles().get(id("a")).await.unwrap().unwrap().article;
    assert_eq!((stored.title.as_str(), stored.text.as_str()), ("A\u{fffd}title", "a\u{fffd}text"));
}

async fn a_text_made_to_burst_the_index_is_stored(house: House) {
    // Compound words are indexed whole and in parts: the worst case for a
    // tsvector, which may hold 1 MiB.
    let mut text = String::new();
    for number in 0_u32.. {
        let letter = |shift: u32| char::from_u32(0xe0 + (number >> shift) % 31).unwrap();
        text.extend([letter(0), letter(5), '-', letter(10), letter(5), letter(0), ' ']);
        if text.len() > MAX_TEXT_BYTES {
            break;
        }
    }
    for (name, text) in [
        ("compound", text),
        ("one word", "x".repeat(MAX_TEXT_BYTES)),
        ("urls", "a.b/c ".repeat(50_000)),
    ] {
        let mut large = record(name, &"long-title ".repeat(2000), "", [1.0, 0.0, 0.0, 0.0]);
        large.article.text = Text::new(text);
        large.article.text = Text::with_flag(large.article.text.as_str().to_owned(), true);
        house.put(std::slice::from_ref(&large)).await;
        let stored = house.store.articles().get(large.article.id).await.unwrap().unwrap();
        assert_same(&stored, &large);
    }
}

async fn concurrent_batches_do_not_deadlock(house: House) {
    let batch = |revision: i64| -> Vec<StoredArticle> {
        (0..40)
            .map(|n| revised(record(&n.to_string(), "T", "t", [1.0, 0.0, 0.0, 0.0]), revision, "t"))
            .collect()
    };
    let tasks: Vec<_> = (1..=12)
        .map(|revision| {
            let (store, mut records) = (house.store.clone(), batch(revision));
            if revision % 2 == 0 {
                records.reverse();
            }
            tokio::spawn(async move { store.articles().upsert(&records).await.unwrap() })
        })
        .collect();
    let mut inserted = 0;
    for task in tasks {
        inserted += task.await.unwrap().iter().filter(|o| **o == UpsertOutcome::Inserted).count();
    }
    assert_eq!(inserted, 40);
    for summary in house.store.articles().list(None, 100).await.unwrap() {
        assert_eq!(summary.revision.0, 12);
    }
}

async fn everything_is_counted(house: House) {
    assert_eq!(house.store.counts().await.unwrap(), StoreCounts::default());
    house.put(&[record("a", "", "", [0.0; 4]), record("b", "", "", [0.0; 4])]).await;
    crate::claims::claim(&house, "a", "text", 1, "a.com").await;
    let visit = courant_store::Visit { url: "https://a.com/".into(), ..Default::default() };
    house.store.crawl().record_visits(&[], &[visit]).await.unwrap();
    let expected = StoreCounts { articles: 2, fingerprints: 2, visits: 1 };
    assert_eq!(house.store.counts().await.unwrap(), expected);
}

async fn operations_are_measured(house: House) {
    house.put(&[record("a", "", "", [0.0; 4])]).await;
    let text = house.meters.render().unwrap();
    let has = |name: &str, labels: &[&str]| {
        text.lines().any(|l| l.starts_with(name) && labels.iter().all(|label| l.contains(label)))
    };
    assert!(has("courant_store_upserts_total", &["outcome=\"inserted\"", " 1"]), "{text}");
    let labels = ["operation=\"upsert\"", "outcome=\"ok\"", "backend="];
    assert!(has("courant_store_duration_seconds_count", &labels), "{text}");
}

async fn a_closed_store_says_so(house: House) {
    let clone = house.store.clone();
    house.store.close().await.unwrap();
    assert!(matches!(clone.ping().await, Err(Error::Closed)));
    assert!(matches!(clone.articles().get(id("a")).await, Err(Error::Closed)));
    let upsert = clone.articles().upsert(&[record("a", "", "", [0.0; 4])]).await;
    assert!(matches!(upsert, Err(Error::Closed)));
}

async fn a_ping_is_answered(house: House) {
    house.store.ping().await.unwrap();
}
