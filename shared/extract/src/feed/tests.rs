use proptest::prelude::*;

use super::*;

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Harbour</title><link>https://a.example/</link><description>x</description><ttl>30</ttl>
<item><title>Quay &amp; crane</title><link>/one</link><guid isPermaLink="false">n-1</guid>
 <pubDate>Tue, 05 Mar 2024 09:30:00 +0530</pubDate><dc:creator>Ann Lee</dc:creator>
 <category>Ports</category><category>Ports</category><description>&lt;p&gt;Short&lt;/p&gt;</description>
 <content:encoded><![CDATA[<p>Long</p>]]></content:encoded></item>
<item><guid>https://a.example/two</guid><pubDate>2024-03-05</pubDate></item>
</channel></rss>"#;

fn base() -> Url {
    "https://a.example/feed.xml".parse().unwrap()
}

#[test]
fn rss_2_gives_every_field_in_its_own_offset() {
    let feed = feed(RSS.as_bytes(), Some(&base())).unwrap();
    assert_eq!((feed.kind, feed.title.as_deref()), (FeedKind::Rss2, Some("Harbour")));
    assert_eq!(feed.ttl, Some(Duration::from_secs(1800)));
    let one = &feed.entries[0];
    assert_eq!(one.id, "n-1");
    assert_eq!(one.url.as_deref(), Some("https://a.example/one"));
    assert_eq!(one.title.as_deref(), Some("Quay & crane"));
    assert_eq!(one.published_at.as_ref().unwrap().as_str(), "2024-03-05T09:30:00+05:30");
    assert_eq!(one.updated_at, None);
    assert_eq!(one.summary.as_deref(), Some("<p>Short</p>"));
    assert_eq!(one.content.as_deref(), Some("<p>Long</p>"));
    assert_eq!(one.authors, ["Ann Lee"]);
    assert_eq!(one.categories, ["Ports"]);
    let two = &feed.entries[1];
    assert_eq!(two.url.as_deref(), Some("https://a.example/two"));
    assert_eq!(two.published_at.as_ref().unwrap().as_str(), "2024-03-05");
}

#[test]
fn atom_json_rdf_and_old_rss_are_read() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>f</id>
      <entry><id>urn:1</id><title>E</title><link rel="self" href="https://a.example/self"/>
      <link href="https://a.example/e"/><published>2024-03-05T09:30:00-05:00</published>
      <updated>2024-03-06T00:00:00-05:00</updated><author><name>Bo</name></author></entry></feed>"#;
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1",
      "url":"https://a.example/e","title":"E","content_text":"c","date_published":"2024-03-05T09:30:00-05:00"}]}"#;
    let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
      xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>T</title></channel><item><title>E</title>
      <link>https://a.example/e</link><dc:date>2024-03-05T09:30:00-05:00</dc:date></item></rdf:RDF>"#;
    let old = r#"<rss version="0.92"><channel><title>T</title><item><title>E</title>
      <link>https://a.example/e</link></item></channel></rss>"#;
    for (text, kind) in [
        (atom, FeedKind::Atom),
        (json, FeedKind::Json),
        (rdf, FeedKind::Rss1),
        (old, FeedKind::Rss0),
    ] {
        let feed = feed(text.as_bytes(), None).unwrap();
        assert_eq!((feed.kind, feed.title.as_deref()), (kind, Some("T")));
        assert_eq!(feed.entries[0].url.as_deref(), Some("https://a.example/e"), "{kind:?}");
        assert_eq!(feed.entries[0].title.as_deref(), Some("E"));
        let published = feed.entries[0].published_at.as_ref().map(PublishedAt::as_str);
        let expected = (kind != FeedKind::Rss0).then_some("2024-03-05T09:30:00-05:00");
        assert_eq!(published, expected, "{kind:?}");
    }
    let updated = feed(atom.as_bytes(), None).unwrap().entries[0].updated_at.clone();
    assert_eq!(updated.unwrap().as_str(), "2024-03-06T00:00:00-05:00");
}

#[test]
fn common_damage_is_repaired() {
    let odd_version = RSS.replace("version=\"2.0\" xmlns", "version=\"2.1\" xmlns");
    assert_eq!(feed(odd_version.as_bytes(), None).unwrap().entries.len(), 2);
    let controls = RSS.replace("Harbour", "Har\u{b}bour").replacen("<?xml", "\n\n <?xml", 1);
    assert_eq!(feed(controls.as_bytes(), None).unwrap().title.as_deref(), Some("Harbour"));
}

#[test]
fn the_output_has_the_documented_keys() {
    let json = serde_json::to_value(feed(RSS.as_bytes(), None).unwrap()).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    assert_eq!(keys(&json), ["entries", "kind", "title"]);
    assert_eq!(json["kind"], "rss2");
    let entry = [
        "authors",
        "categories",
        "content",
        "id",
        "published_at",
        "summary",
        "title",
        "updated_at",
        "url",
    ];
    assert_eq!(keys(&json["entries"][0]), entry);
}

#[test]
fn what_is_no_feed_is_refused() {
    for bytes in [b"".as_slice(), b"<html><p>404</p></html>", b"{\"a\":1}", b"plain", b"\x1f\x8bxx"]
    {
        assert!(feed(bytes, None).is_err(), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(at in 0..RSS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let damaged = [&RSS.as_bytes()[..at], &bytes, &RSS.as_bytes()[(at + bytes.len()).min(RSS.len())..]];
        let _ = feed(&damaged.concat(), None);
        let _ = feed(&bytes, None);
    }
}
