use std::time::Duration;

use courant_article::PublishedAt;
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
    let feed = feed(RSS.as_bytes(), None, Some(&base())).unwrap();
    assert_eq!((feed.kind, feed.title.as_deref()), (FeedKind::Rss2, Some("Harbour")));
    assert_eq!(feed.ttl, Some(Duration::from_secs(1800)));
    let one = &feed.entries[0];
    assert_eq!(one.id, "n-1");
    assert_eq!(one.url.as_deref(), Some("https://a.example/one"));
    assert_eq!(one.title.as_deref(), Some("Quay & crane"));
    assert_eq!(one.published_at.as_ref().unwrap().as_str(), "2024-03-05T09:30:00+05:30");
    assert_eq!(one.updated_at, None);
    assert_eq!(one.summary.html().as_deref(), Some("<p>Short</p>"));
    assert_eq!(one.content.html().as_deref(), Some("<p>Long</p>"));
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
        let feed = feed(text.as_bytes(), None, None).unwrap();
        assert_eq!((feed.kind, feed.title.as_deref()), (kind, Some("T")));
        assert_eq!(feed.entries[0].url.as_deref(), Some("https://a.example/e"), "{kind:?}");
        assert_eq!(feed.entries[0].title.as_deref(), Some("E"));
        let published = feed.entries[0].published_at.as_ref().map(PublishedAt::as_str);
        let expected = (kind != FeedKind::Rss0).then_some("2024-03-05T09:30:00-05:00");
        assert_eq!(published, expected, "{kind:?}");
    }
    let updated = feed(atom.as_bytes(), None, None).unwrap().entries[0].updated_at.clone();
    assert_eq!(updated.unwrap().as_str(), "2024-03-06T00:00:00-05:00");
}

#[test]
fn common_damage_is_repaired() {
    let odd_version = RSS.replace("version=\"2.0\" xmlns", "version=\"2.1\" xmlns");
    assert_eq!(feed(odd_version.as_bytes(), None, None).unwrap().entries.len(), 2);
    let controls = RSS.replace("Harbour", "Har\u{b}bour").replacen("<?xml", "\n\n <?xml", 1);
    assert_eq!(feed(controls.as_bytes(), None, None).unwrap().title.as_deref(), Some("Harbour"));
}

#[test]
fn what_breaks_an_entry_does_not_break_the_others() {
    let text = "<rss><channel><title>T</title><item><title>One</title><link>https://a.example/1</link>\
        <item><title>Two &amp; &nbsp;&hellip; AT&T<item><title>Three</titel></item><!oops>\
        <item><title>Four</title></item><item><title>Fi";
    let titles: Vec<_> = feed(text.as_bytes(), None, None)
        .unwrap()
        .entries
        .into_iter()
        .map(|entry| entry.headline().unwrap_or_default())
        .collect();
    assert_eq!(titles, ["One", "Two & … AT&T", "Three", "Four", "Fi"]);
}

#[test]
fn warnings_of_a_script_before_the_feed_are_passed_over() {
    let text = format!("<br>\n<b>Warning</b>: x in <b>y.php</b><br />\n{RSS}");
    assert_eq!(feed(text.as_bytes(), None, None).unwrap().entries.len(), 2);
}

#[test]
fn the_encoding_is_what_the_bytes_are() {
    let text = |declared: &str| {
        format!(
            "<?xml version='1.0' encoding='{declared}'?><rss><channel><title>Größe “x”</title></channel></rss>"
        )
    };
    let wide = |order: fn(u16) -> [u8; 2]| {
        text("utf-16").encode_utf16().flat_map(order).collect::<Vec<u8>>()
    };
    for bytes in [
        text("iso-8859-1").into_bytes(),
        encoding_rs::WINDOWS_1252.encode(&text("iso-8859-1")).0.into_owned(),
        encoding_rs::WINDOWS_1252
            .encode(&text("utf-8").replace(" encoding='utf-8'", ""))
            .0
            .into_owned(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        [b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(),
        [b"\n\xef\xbb\xbf".to_vec(), text("utf-8").into_bytes()].concat(),
    ] {
        let title = feed(&bytes, None, None).unwrap().title;
        assert_eq!(title.as_deref(), Some("Größe “x”"), "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn links_are_resolved_where_they_stand() {
    let text = "<feed xmlns='http://www.w3.org/2005/Atom' xml:base='/blog/'><entry xml:base='2024/'>\
        <link rel='enclosure' href='x.mp3'/><link href='one'/><content type='html'>&lt;a href='two'&gt;x&lt;/a&gt;</content>\
        </entry><entry><link href='https://b.example/Ünï'/></entry></feed>";
    let found = feed(text.as_bytes(), None, Some(&base())).unwrap();
    assert_eq!(found.entries[0].url.as_deref(), Some("https://a.example/blog/2024/one"));
    let content = found.entries[0].content.html();
    assert_eq!(content.as_deref(), Some("<a href=\"https://a.example/blog/2024/two\">x</a>"));
    assert_eq!(found.entries[1].url.as_deref(), Some("https://b.example/Ünï"));
    let rss = "<rss><channel><link>https://c.example/home/</link><item><link>one</link></item></channel></rss>";
    let found = feed(rss.as_bytes(), None, None).unwrap();
    assert_eq!(found.entries[0].url.as_deref(), Some("https://c.example/home/one"));
}

#[test]
fn a_podcast_is_a_feed_without_articles() {
    let text = "<rss xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><title>P</title>\
        <itunes:image href='x'/><item><title>E1</title><itunes:title>no</itunes:title><guid isPermaLink='false'>https://a.example/1</guid>\
        <enclosure url='https://a.example/1.mp3' type='audio/mpeg'/></item></channel></rss>";
    let entry = &feed(text.as_bytes(), None, None).unwrap().entries[0];
    assert_eq!((entry.url.as_deref(), entry.title.as_deref()), (None, Some("E1")));
}

#[test]
fn modules_count_by_their_name_spaces() {
    let text = "<r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/' \
        xmlns:d='http://purl.org/dc/elements/1.1/' xmlns:c='http://purl.org/rss/1.0/modules/content/' xmlns:m='http://search.yahoo.com/mrss/'>\
        <channel r:about='x'><title>T</title><items><r:Seq/></items></channel><image><title>no</title></image>\
        <item r:about='https://a.example/1'><m:title>no</m:title><title>A</title><d:creator>Ann</d:creator><d:subject>s</d:subject>\
        <c:encoded>&lt;p>x&lt;/p></c:encoded><m:group><title>no</title></m:group></item></r:RDF>";
    let found = feed(text.as_bytes(), None, None).unwrap();
    assert_eq!((found.kind, found.title.as_deref()), (FeedKind::Rss1, Some("T")));
    let entry = &found.entries[0];
    let content = entry.content.html();
    assert_eq!((entry.title.as_deref(), content.as_deref()), (Some("A"), Some("<p>x</p>")));
    assert_eq!(
        (entry.authors.as_slice(), entry.categories.as_slice()),
        (&["Ann".to_owned()][..], &["s".to_owned()][..])
    );
}

#[test]
fn a_channel_says_when_to_come_again() {
    let ttl = |inside: &str| {
        let text = format!(
            "<rss xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'><channel>{inside}</channel></rss>"
        );
        let found = feed(text.as_bytes(), None, None).unwrap();
        (found.ttl.map(|ttl| ttl.as_secs() / 60), found.skip_hours)
    };
    assert_eq!(ttl("<ttl>30</ttl>").0, Some(30));
    assert_eq!(
        ttl(
            "<sy:updatePeriod> hourly </sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"
        )
        .0,
        Some(30)
    );
    assert_eq!(ttl("<sy:updatePeriod>daily</sy:updatePeriod>").0, Some(24 * 60));
    assert_eq!(ttl("<ttl>15</ttl><sy:updatePeriod>daily</sy:updatePeriod>").0, Some(15));
    for odd in [
        "<ttl>0</ttl>",
        "<ttl>-1</ttl>",
        "<ttl>99999999999</ttl>",
        "<sy:updatePeriod>yearly</sy:updatePeriod>",
    ] {
        assert_eq!(ttl(odd).0, None, "{odd}");
    }
    let hours = "<skipHours><hour>23</hour><hour>0</hour><hour>24</hour><hour>25</hour></skipHours><title>T</title>";
    assert_eq!(ttl(hours).1, [0, 23]);
    let days = "<rss><channel><skipDays><day>Sunday</day><day>saturday</day><day>Sunday</day><day>x</day>\
        </skipDays><title>T</title></channel></rss>";
    let found = feed(days.as_bytes(), None, None).unwrap();
    assert_eq!((found.skip_days, found.title.as_deref()), (vec![5, 6], Some("T")));
}

#[test]
fn nothing_that_runs_comes_out() {
    let text = "<rss><channel><title>&lt;img src=x onerror=a()&gt;T</title><item><title>&lt;script&gt;a()&lt;/script&gt;A</title>\
        <description>&lt;p onclick=a()&gt;B&lt;/p&gt;</description><link>javascript:a()</link></item></channel></rss>";
    let found = feed(text.as_bytes(), None, None).unwrap();
    let printed = serde_json::to_string(&found).unwrap();
    for bad in ["script", "onerror", "onclick"] {
        assert!(!printed.contains(bad), "{printed}");
    }
    assert_eq!(found.entries[0].headline().as_deref(), Some("A"));
}

#[test]
fn the_output_has_the_documented_keys() {
    let json = serde_json::to_value(feed(RSS.as_bytes(), None, None).unwrap()).unwrap();
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
        assert!(feed(bytes, None, None).is_err(), "{bytes:?}");
    }
}

#[test]
fn the_header_says_the_charset_where_it_fits() {
    let title = |start: &str, bytes: &[u8], hint| {
        let feed = [start.as_bytes(), b"<rss><channel><title>", bytes, b"</title></channel></rss>"];
        super::feed(&feed.concat(), hint, None).unwrap().title
    };
    let (latin, utf_8) = (b"caf\xe9".as_slice(), "café".as_bytes());
    let declared = "<?xml version='1.0' encoding='utf-8'?>";
    let header = Some("text/xml; charset=iso-8859-1");
    let expected = Some("café".to_owned());
    assert_eq!(title("", "Мир".as_bytes(), Some("text/xml; charset=utf-8")), Some("Мир".into()));
    assert_eq!(title("", b"\xcc\xe8\xf0", Some("windows-1251")), Some("Мир".into()));
    assert_eq!(title(declared, latin, header), expected, "stronger than the declaration");
    assert_eq!(title(declared, utf_8, header), expected, "but not than what can be nothing else");
    assert_eq!(title("", latin, Some("text/xml; charset=utf-8")), expected, "what does not fit");
    assert_eq!(title(declared, utf_8, Some("text/xml; charset=no-such")), expected);
}

proptest! {
    #[test]
    fn no_bytes_panic(at in 0..RSS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
        let damaged = [&RSS.as_bytes()[..at], &bytes, &RSS.as_bytes()[(at + bytes.len()).min(RSS.len())..]];
        let _ = feed(&damaged.concat(), None, None);
        let _ = feed(&bytes, None, None);
    }
}

#[test]
fn a_video_s_words_stand_in_where_the_entry_has_none() {
    let group = "<media:group><media:title>Tour</media:title><media:content url='v'/>\
                 <media:description>A walk along the quays.</media:description></media:group>";
    let feed_of = |own: &str| {
        let text = format!(
            "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'>\
             <entry>{own}{group}<link href='https://a.example/1'/></entry>\
             <entry><title>Two</title></entry></feed>"
        );
        let feed = feed(text.as_bytes(), None, None).unwrap();
        assert_eq!(feed.entries.len(), 2);
        feed.entries.into_iter().next().unwrap()
    };
    let entry = feed_of("");
    assert_eq!(entry.summary_text().as_deref(), Some("A walk along the quays."));
    assert_eq!(entry.title.as_deref(), Some("Tour"));
    assert_eq!(entry.url.as_deref(), Some("https://a.example/1"));
    let entry = feed_of("<title>Own</title><summary>Own words.</summary>");
    assert_eq!(entry.summary_text().as_deref(), Some("Own words."));
    assert_eq!(entry.title.as_deref(), Some("Own"));
}

#[test]
fn entries_take_the_authors_of_their_feed() {
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='de-DE'><title>T</title>\
        <author><name>The Desk</name></author>\
        <entry><id>1</id><title>One</title></entry>\
        <entry><id>2</id><title>Two</title><author><name>Ann Lee</name></author>\
        <source><title>Other</title><author><name>Elsewhere</name></author></source></entry>\
        <entry><id>3</id><title>Three</title><source><author><name>Elsewhere</name></author></source></entry></feed>";
    let feed = feed(atom.as_bytes(), None, None).unwrap();
    let authors: Vec<_> = feed.entries.iter().map(|entry| entry.authors.join(", ")).collect();
    assert_eq!(authors, ["The Desk", "Ann Lee", "Elsewhere"]);
    let inherited = feed.entries.iter().map(|entry| entry.authors_are_inherited);
    assert_eq!(inherited.collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(feed.language.as_deref(), Some("de"));
    assert_eq!(feed.entries[1].title.as_deref(), Some("Two"));
}

#[test]
fn feeds_of_other_formats_name_their_authors_and_language_too() {
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","language":"fr-FR",
        "authors":[{"name":"The Desk"}],"items":[{"id":"1"},{"id":"2","author":{"name":"Ann Lee"}}]}"#;
    let rss = "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>T</title>\
        <language>fr</language><dc:creator>The Desk</dc:creator><item><title>1</title></item>\
        <item><title>2</title><dc:creator>Ann Lee</dc:creator></item></channel></rss>";
    for text in [json, rss] {
        let feed = feed(text.as_bytes(), None, None).unwrap();
        let authors: Vec<_> = feed.entries.iter().map(|entry| entry.authors.join(", ")).collect();
        assert_eq!(
            (authors.as_slice(), feed.language.as_deref()),
            (&["The Desk".into(), "Ann Lee".into()][..], Some("fr"))
        );
    }
}
