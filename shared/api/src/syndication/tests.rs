use courant_extract::sources::{FeedKind, feed};

use super::*;

fn channel() -> Channel {
    let item = |id: &str, title: &str, time: &str| ChannelItem {
        id: id.into(),
        url: format!("https://a.example/{id}?x=1&y=2"),
        title: title.into(),
        site_name: Some("Harbour & Sons".into()),
        language: Some("en".into()),
        summary: "Less than <b>5</b> & more\u{1} than \"4\".".into(),
        time: time.parse().unwrap(),
    };
    Channel {
        title: "measles <outbreak>".into(),
        address: "http://localhost:8080/v1/feed?q=a&format=rss".into(),
        items: vec![
            item("1", "Fish & chips <cheap>", "2026-03-01T09:30:00Z"),
            item("2", "]]> is no end", "2026-02-28T23:00:00Z"),
        ],
    }
}

#[test]
fn a_feed_reader_finds_in_each_format_what_was_put_in() {
    for (format, kind) in [
        (FeedFormat::Rss, FeedKind::Rss2),
        (FeedFormat::Atom, FeedKind::Atom),
        (FeedFormat::Json, FeedKind::Json),
    ] {
        let written = format.write(&channel());
        let read = feed(written.as_bytes(), Some(format.media_type()), None).unwrap();
        assert_eq!((read.kind, read.title.as_deref()), (kind, Some("measles <outbreak>")));
        assert_eq!(read.entries.len(), 2, "{written}");
        let first = &read.entries[0];
        assert_eq!(first.url.as_deref(), Some("https://a.example/1?x=1&y=2"), "{written}");
        assert_eq!(first.id, "urn:courant:article:1");
        assert_eq!(first.title.as_deref(), Some("Fish & chips <cheap>"), "{written}");
        let time = first.published_at.as_ref().map(courant_article::PublishedAt::unix_seconds);
        assert_eq!(time, Some(1_772_357_400), "{written}");
        assert_eq!(read.entries[1].title.as_deref(), Some("]]> is no end"), "{written}");
    }
}

#[test]
fn an_empty_feed_is_a_feed() {
    let empty = Channel { items: Vec::new(), ..channel() };
    for format in [FeedFormat::Rss, FeedFormat::Atom, FeedFormat::Json] {
        let read = feed(format.write(&empty).as_bytes(), Some(format.media_type()), None).unwrap();
        assert_eq!(read.entries.len(), 0);
    }
}

#[test]
fn the_description_of_the_search_has_a_template_for_the_words() {
    let written = open_search("http://localhost:8080");
    for template in ["/search?q={searchTerms}", "/v1/feed?q={searchTerms}&amp;format=rss"] {
        assert!(written.contains(&format!("http://localhost:8080{template}\"")), "{written}");
    }
}
