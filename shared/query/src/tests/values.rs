//! The values of the fields, but for dates.

use std::ops::Bound::{Excluded, Included, Unbounded};

use courant_article::{Decision, EntityKind, Sentiment, SentimentLabel};

use super::{error, expr, now, only};
use crate::{Condition, Expr, Query, SentimentFilter, TextField};

#[test]
fn languages_become_the_base_of_their_tag() {
    for (text, base) in
        [("en", "en"), ("EN", "en"), ("en-GB", "en"), ("zh_Hans", "zh"), ("yue", "yue")]
    {
        assert_eq!(only(&format!("lang:{text}")), Condition::Language(base.to_owned()));
    }
    for wrong in ["english", "e", "12", "ру"] {
        assert!(error(&format!("lang:{wrong}")).message.contains("is not a language code"));
    }
}

#[test]
fn a_site_is_a_host_in_the_form_of_urls() {
    for (text, host) in [
        ("News.Example.COM", "news.example.com"),
        ("https://a.example/x?y=1", "a.example"),
        ("a.example:8080", "a.example"),
        ("*.a.example", "a.example"),
        ("münchen.example", "xn--mnchen-3ya.example"),
    ] {
        assert_eq!(only(&format!("site:{text}")), Condition::Site(host.to_owned()), "{text}");
    }
    assert!(error("site:\"a b\"").message.starts_with("`a b` is not a site at character 5"));
}

#[test]
fn texts_of_fields_stay_as_written() {
    assert_eq!(only("author:\"Jane Doe\""), Condition::Author("Jane Doe".to_owned()));
    let feed = "https://a.example/feed?x=1";
    assert_eq!(only(&format!("source:{feed}")), Condition::Source(feed.to_owned()));
    assert_eq!(only("topic:medtop:04000000"), Condition::Topic("medtop:04000000".to_owned()));
    assert_eq!(only("story:0a1b"), Condition::Story("0a1b".to_owned()));
}

#[test]
fn names_have_a_kind_or_any() {
    for (field, kind) in [
        ("entity", None),
        ("person", Some(EntityKind::Person)),
        ("org", Some(EntityKind::Organization)),
        ("place", Some(EntityKind::Location)),
    ] {
        let name = "Rio Tinto".to_owned();
        assert_eq!(only(&format!("{field}:\"Rio Tinto\"")), Condition::Entity { kind, name });
    }
}

#[test]
fn sentiments_are_labels_comparisons_and_ranges() {
    let range = |min, max| Condition::Sentiment(SentimentFilter::Range { min, max });
    for (text, expected) in [
        (">0.3", range(Excluded(0.3), Unbounded)),
        (">=0.3", range(Included(0.3), Unbounded)),
        ("<-.5", range(Unbounded, Excluded(-0.5))),
        ("<=0", range(Unbounded, Included(0.0))),
        ("-0.2..0.4", range(Included(-0.2), Included(0.4))),
        (">-0.2..<0.4", range(Excluded(-0.2), Excluded(0.4))),
        ("0.2..", range(Included(0.2), Unbounded)),
        ("..0.2", range(Unbounded, Included(0.2))),
        ("Negative", Condition::Sentiment(SentimentFilter::Label(SentimentLabel::Negative))),
    ] {
        assert_eq!(only(&format!("sentiment:{text}")), expected, "{text}");
    }
    for wrong in ["0.3", "good", ">2", "<-1.1", "nan", ">inf", "..", "=1", ">", "0.1..0.2..0.3"] {
        let message = error(&format!("sentiment:{wrong}")).message;
        assert!(message.contains("is not a sentiment from -1 to 1 at character 10"), "{message}");
    }
    for backwards in ["0.4..-0.2", "0.3..<0.3"] {
        let message = error(&format!("sentiment:{backwards}")).message;
        assert!(message.contains("ends before it starts at character 10"), "{message}");
    }
}

#[test]
fn a_score_is_the_positive_share_less_the_negative() {
    let sentiment = Sentiment::of([0.1, 0.2, 0.7]);
    let matches = |text: &str| match only(text) {
        Condition::Sentiment(filter) => filter.matches(&sentiment),
        other => panic!("{other:?}"),
    };
    assert!(matches("sentiment:>0.5") && matches("sentiment:positive"));
    assert!(!matches("sentiment:>0.7") && !matches("sentiment:neutral"));
}

#[test]
fn decisions_are_those_of_stored_articles() {
    let is = |decision| Expr::Is(Condition::Decision(decision));
    let all = [Decision::New, Decision::Syndicated, Decision::Revision].map(is);
    assert_eq!(expr("decision:new|syndicated|revision"), Expr::Any(all.to_vec()));
    for wrong in ["duplicate", "refused", "x"] {
        assert!(error(&format!("decision:{wrong}")).message.contains("`new`, `syndicated`"));
    }
}

#[test]
fn only_an_image_can_be_had() {
    assert_eq!(only("has:image"), Condition::HasImage);
    assert!(error("has:video").message.contains("`has:image`"));
}

#[test]
fn a_filter_of_its_own_takes_spaces_and_commas() {
    let filter = |field, value| Query::filter(field, value, now());
    assert_eq!(filter("lang", "en, de").unwrap().expr(), &expr("lang:en,de"));
    assert_eq!(filter("author", " Jane Doe ").unwrap().expr(), &expr("author:\"Jane Doe\""));
    assert_eq!(filter("author", "\"Doe, J\",Roe").unwrap().expr(), &expr("author:\"Doe, J\",Roe"));
    let title = filter("title", "storm (east) \"x").unwrap();
    let text = "storm (east) \"x".to_owned();
    let expected = Condition::Text { field: TextField::Title, text, quoted: true };
    assert_eq!(title, Query::of(expected));
    for (field, value) in [("lang", ""), ("lang", "en,"), ("langs", "en"), ("title", "\"a\" b")] {
        assert!(filter(field, value).is_err(), "{field} {value}");
    }
}
