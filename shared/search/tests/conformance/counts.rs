//! Counts by values and by time.

use courant_article::{Entity, EntityKind, Span};
use courant_search::{CountRequest, Facet, Interval, Listing, TimeOrder};
use courant_store::StoredArticle;

use crate::archive::{Archive, query, record};
use crate::conformance;

conformance!(
    values_are_counted_the_most_frequent_first,
    a_series_counts_by_time_and_value,
    the_count_is_the_sum_of_its_series_and_of_its_pages,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// An article in one of three languages. Each fifth has none.
fn numbered(n: usize) -> StoredArticle {
    let mut record = record(&n.to_string(), "Ferry", &format!("number {n}"), X);
    record.article.published_at =
        Some(format!("2026-{:02}-{:02}", 1 + n % 3, 1 + n % 28).parse().unwrap());
    record.article.declared_language = None;
    let language = ["en", "en", "de", "fr"][n % 4];
    record.analysis.language = (n % 5 != 4).then(|| language.to_owned());
    let name =
        |text: String| Entity { text, kind: EntityKind::Person, span: Span::default(), score: 1.0 };
    record.analysis.entities = vec![name("Ada Lovelace".into()), name(format!("Person {n}"))];
    record
}

async fn values_are_counted_the_most_frequent_first(archive: Archive) {
    archive.put(&(0..40).map(numbered).collect::<Vec<_>>()).await;
    let request = CountRequest {
        facets: vec![Facet::Language, Facet::Name, Facet::Topic, Facet::Day],
        values: 2,
        ..CountRequest::default()
    };
    let counts = archive.search.count(&query("ferry"), &request).await.unwrap();
    assert_eq!(counts.total, 40);
    let languages = &counts.facets[0];
    assert_eq!(languages.values, [("en".to_owned(), 16), ("de".to_owned(), 8)]);
    assert_eq!((languages.left_out, languages.without), (1, 8));
    let names = &counts.facets[1];
    assert_eq!(names.values[0], ("person:Ada Lovelace".to_owned(), 40));
    assert_eq!((names.left_out, names.without), (39, 0));
    assert_eq!((counts.facets[2].values.len(), counts.facets[2].without), (0, 40));
    let days = &counts.facets[3];
    assert_eq!(days.values, [("2026-01-01".to_owned(), 1), ("2026-01-03".to_owned(), 1)]);
    assert_eq!((days.left_out, days.without), (38, 0));
}

async fn a_series_counts_by_time_and_value(archive: Archive) {
    archive.put(&(0..40).map(numbered).collect::<Vec<_>>()).await;
    let request = CountRequest {
        values: 1,
        interval: Some(Interval::Month),
        by: Some(Facet::Language),
        ..CountRequest::default()
    };
    let counts = archive.search.count(&query(""), &request).await.unwrap();
    let january = jiff::civil::date(2026, 1, 1).to_zoned(jiff::tz::TimeZone::UTC).unwrap();
    assert_eq!(counts.series[0].start_ms, january.timestamp().as_millisecond());
    let totals: Vec<u64> = counts.series.iter().map(|period| period.total).collect();
    assert_eq!(totals, [14, 13, 13]);
    let english: u64 = counts.series.iter().map(|period| period.values[0].1).sum();
    assert_eq!((counts.series[0].values[0].0.as_str(), english), ("en", 16));
}

async fn the_count_is_the_sum_of_its_series_and_of_its_pages(archive: Archive) {
    archive.put(&(0..97).map(numbered).collect::<Vec<_>>()).await;
    for text in
        ["", "ferry", "lang:en", "-lang:de date:2026-02..", "number 7", "lang:en OR lang:fr"]
    {
        for interval in [Interval::Day, Interval::Week, Interval::Month, Interval::Hour] {
            let request = CountRequest { interval: Some(interval), ..CountRequest::default() };
            let counts = archive.search.count(&query(text), &request).await.unwrap();
            let sum: u64 = counts.series.iter().map(|period| period.total).sum();
            assert_eq!(counts.total, sum, "{text} by {interval:?}");
        }
        let (mut rows, mut after) = (0, None);
        loop {
            let listing =
                Listing { query: query(text), order: TimeOrder::Newest, after, limit: 10 };
            let page = archive.search.list(&listing).await.unwrap();
            rows += page.hits.len() as u64;
            let total = archive.search.count(&query(text), &CountRequest::default()).await.unwrap();
            assert_eq!(page.total, total.total, "{text}");
            let Some(next) = page.next else {
                assert_eq!(rows, page.total, "{text}");
                break;
            };
            after = Some(next);
        }
    }
}
