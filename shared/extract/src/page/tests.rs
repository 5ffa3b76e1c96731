use courant_article::Origin;
use proptest::prelude::*;

use super::*;

const PARAGRAPH: &str = "The council voted on Tuesday to repair the old bridge, which has been closed to \
    lorries since the spring, and to pay for it from the reserve that was set aside for roads.";

fn article(head: &str) -> String {
    let text = format!("<p>{PARAGRAPH}</p>").repeat(5);
    format!(
        "<!doctype html><html lang=en-GB><head><title>Bridge to be repaired | The Gazette</title>{head}</head><body>\
         <nav><a href=/>Home</a><a href=/sport>Sport</a></nav><h1>Bridge to be repaired</h1>\
         <article>{text}</article><footer><a href=/about>About us</a></footer></body></html>"
    )
}

/// The same without a heading and with the site's name for a title.
fn untitled(head: &str) -> String {
    article(head)
        .replace("<h1>Bridge to be repaired</h1>", "")
        .replace("Bridge to be repaired | ", "")
}

fn url() -> Url {
    "https://www.gazette.example/news/bridge-to-be-repaired".parse().unwrap()
}

fn read_page(html: &str) -> Page {
    page(html.as_bytes(), Some("text/html; charset=utf-8"), &url()).unwrap()
}

#[test]
fn json_ld_describes_the_article() {
    let page = read_page(&article(
        r##"<script type="application/ld+json">{"@context":"https://schema.org","@graph":[
          {"@type":"Person","@id":"#p","name":"Ann Lee"},
          {"@type":["NewsArticle"],"headline":"Bridge &amp; road to be repaired","datePublished":"2024-03-05T09:30:00+02:00",
           "author":[{"@id":"#p"},{"@type":"Person","name":"Bo Chen"}],"publisher":{"name":"The Gazette"}}]}</script>
         <link rel=canonical href="/news/bridge">"##,
    ));
    assert!(page.is_article);
    assert_eq!(page.title, "Bridge to be repaired", "two titles agree against a third");
    assert_eq!(page.authors, ["Ann Lee", "Bo Chen"]);
    assert_eq!(page.published_at.unwrap().as_str(), "2024-03-05T09:30:00+02:00");
    assert_eq!(page.language.as_deref(), Some("en"));
    assert_eq!(page.site_name.as_deref(), Some("The Gazette"));
    assert_eq!(page.canonical_url.as_deref(), Some("https://www.gazette.example/news/bridge"));
    assert_eq!(page.text.matches("The council voted").count(), 5);
    assert!(page.text.contains("\n\n"), "paragraphs stay apart");
    assert!(!page.text.contains("About us"));
}

#[test]
fn meta_elements_and_the_page_itself_fill_in() {
    let page = read_page(&article(
        "<meta property=og:site_name content='The Gazette'><meta property=og:title content='Bridge - THE GAZETTE'>\
         <meta property=og:type content=article><meta name=author content='By Ann Lee and Bo Chen'>\
         <meta name=robots content='NOINDEX, follow'><meta property=article:published_time content='2024-03-05 09:30'>",
    ));
    assert!(page.is_article && page.noindex);
    assert_eq!((page.title.as_str(), page.authors.len()), ("Bridge to be repaired", 2));
    assert_eq!(page.published_at.unwrap().as_str(), "2024-03-05", "no offset: the date alone");
    let bare = page_at("https://a.example/2024/03/05/bridge", &article(""));
    assert_eq!(bare.title, "Bridge to be repaired");
    assert_eq!(bare.published_at.unwrap().as_str(), "2024-03-05");
    assert!(bare.authors.is_empty() && bare.canonical_url.is_none());
}

fn page_at(url: &str, html: &str) -> Page {
    page(html.as_bytes(), None, &url.parse().unwrap()).unwrap()
}

#[test]
fn a_title_without_a_heading_is_told_without_the_site() {
    for head in [
        "<meta property=og:title content='Bridge &amp;amp; road - THE GAZETTE'>",
        "<meta property=og:title content='The Gazette: x'><meta property=og:title content='Bridge &amp; road'>\
         <script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":\"Bridge &amp; road\"}</script>",
        "<meta name=twitter:title content='Bridge &amp; road | gazette.example'>",
        "<meta property=og:site_name content='The Gazette'><meta property=og:title content='The Gazette: Bridge &amp; road'>",
    ] {
        assert_eq!(read_page(&untitled(head)).title, "Bridge & road", "{head}");
    }
}

#[test]
fn what_else_the_page_says_is_kept() {
    let page = read_page(&article(
        r##"<script type="application/ld+json">{"@type":"NewsArticle","headline":"Bridge to be repaired",
          "datePublished":"2024-03-05","dateModified":"2024-03-06T10:00:00Z","articleSection":["Local"],
          "keywords":"bridge, roads,Bridge","image":{"@type":"ImageObject","url":"/bridge.jpg"},
          "isAccessibleForFree":"False"}</script>
         <meta property="article:published_time" content="2024-03-05T09:30:00+02:00">"##,
    ));
    assert_eq!(page.published_at.unwrap().as_str(), "2024-03-05T09:30:00+02:00", "the more exact");
    assert_eq!(page.modified_at.unwrap().as_str(), "2024-03-06T10:00:00Z");
    assert_eq!(page.section.as_deref(), Some("Local"));
    assert_eq!(page.tags, ["bridge", "roads"]);
    assert_eq!(page.image.as_deref(), Some("https://www.gazette.example/bridge.jpg"));
    assert!(page.paywalled);
}

#[test]
fn the_time_of_a_change_is_not_the_time_of_publishing() {
    let page = read_page(&article(
        "<meta property=article:modified_time content='2024-03-06T10:00:00Z'>\
         <script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"dateModified\":\"2024-03-06\"}</script>",
    ));
    assert_eq!(page.published_at, None);
    assert!(page.modified_at.is_some() && !page.paywalled);
}

#[test]
fn microdata_is_read_as_json_ld_is() {
    let html = article("").replace("<article>", "<article itemscope itemtype='https://schema.org/NewsArticle'>\
        <span itemprop=author itemscope itemtype='https://schema.org/Person'><b itemprop=name>Ann Lee</b></span>\
        <meta itemprop=datePublished content='2024-03-05T09:30:00+02:00'><span itemprop=articleSection>Local</span>");
    let page = read_page(&html);
    assert_eq!(page.authors, ["Ann Lee"]);
    assert_eq!(page.published_at.unwrap().as_str(), "2024-03-05T09:30:00+02:00");
    assert_eq!(page.section.as_deref(), Some("Local"));
}

#[test]
fn what_readers_see_fills_in() {
    for byline in [
        "<p class=byline>By Ann Lee and Bo Chen, Staff Writers</p><p>March 5, 2024 | 3 comments</p>",
        "<div><a rel=author href=/a>Ann Lee</a>, <a rel=author href=/b>Bo Chen</a></div><time datetime=2024-03-05>Tuesday</time>",
        "<div>Von Ann Lee und Bo Chen</div><div class=datum>Dienstag, 5. März 2024</div>",
        "<div><span>Written by</span> <span>Ann Lee &amp; Bo Chen</span></div><i>Posted on 5 Mar 2024</i>",
    ] {
        let page = read_page(&article("").replace("</h1>", &format!("</h1>{byline}")));
        assert_eq!(page.authors, ["Ann Lee", "Bo Chen"], "{byline}");
        assert_eq!(page.published_at.unwrap().as_str(), "2024-03-05", "{byline}");
    }
}

#[test]
fn margins_and_copyright_years_are_no_datelines() {
    let html = article("").replace(
        "</article>",
        "</article><aside class=related><a rel=author href=/z>Zoe Zed</a><time datetime=2020-01-01>then</time></aside>\
         <footer>© 1 January 2019 The Gazette</footer>",
    );
    let page = read_page(&html);
    assert!(
        page.authors.is_empty() && page.published_at.is_none(),
        "{:?} {:?}",
        page.authors,
        page.published_at
    );
}

#[test]
fn a_dateline_in_the_margin_counts_where_it_is_the_only_one() {
    let margin = |inner: &str| {
        let html = article("").replace("</article>", &format!("</article><aside>{inner}</aside>"));
        read_page(&html).published_at.map(|date| date.as_str().to_owned())
    };
    let one = "<time datetime=2024-03-05>5 March</time>";
    assert_eq!(margin(one).as_deref(), Some("2024-03-05"));
    assert_eq!(margin(&format!("{one}<time datetime=2024-03-04>4 March</time>")), None);
}

#[test]
fn broken_structured_data_is_survived() {
    let broken = "<script type='application/ld+json'>{\"@type\": \"NewsArticle\", </script>";
    assert_eq!(read_page(&article(broken)).title, "Bridge to be repaired");
    let raw_break = "<script type='application/ld+json'><!--\n[{\"@type\":\"NewsArticle\",\"headline\":\"Two\nlines\"}];\n--></script>";
    assert_eq!(read_page(&untitled(raw_break)).title, "Two lines");
}

#[test]
fn a_front_page_is_no_article_and_shows_where_they_are() {
    let html = "<html><head><link rel=alternate type='application/rss+xml' href=/feed.xml>\
        <link rel=alternate hreflang=de href=/de><base href='https://gazette.example/'></head><body>\
        <a href='/news/council-votes-for-old-bridge#comments'>Council votes for old bridge</a>\
        <a href='news/council-votes-for-old-bridge'>again</a><a href=/2024/03/flood>Flood</a>\
        <a href=/tag/roads-and-bridges-of-town>Tag</a><a href=/sport>Sport</a><a href=mailto:a@b>Mail</a>\
        <a href='https://elsewhere.example/a-story-of-another-site'>Other</a>\
        <a href=/img/a-picture-of-the-bridge.jpg>Picture</a></body></html>";
    let page = page_at("https://www.gazette.example/", html);
    assert!(!page.is_article);
    let links: Vec<_> = page.links.iter().map(Url::as_str).collect();
    assert_eq!(
        links,
        [
            "https://gazette.example/news/council-votes-for-old-bridge",
            "https://gazette.example/2024/03/flood",
        ]
    );
    let feeds: Vec<_> = page.feeds.iter().map(Url::as_str).collect();
    assert_eq!(feeds, ["https://gazette.example/feed.xml"]);
}

#[test]
fn listings_and_challenges_are_no_articles() {
    let item =
        "<li><a href=/news/some-story-of-today>A headline of the day that is quite long</a></li>";
    let listing = format!("<html><body><h1>News</h1><ul>{}</ul></body></html>", item.repeat(60));
    assert!(!page_at("https://a.example/news", &listing).is_article);
    let challenge =
        "<title>Just a moment...</title><p>Enable JavaScript and cookies to continue</p>";
    assert!(!page_at("https://a.example/news/x", challenge).is_article);
}

#[test]
fn the_charset_is_found_as_browsers_do() {
    let html = article("<meta charset=windows-1252>").replace("bridge", "br\u{fc}cke");
    let bytes: Vec<u8> = html.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    assert!(page(&bytes, None, &url()).unwrap().text.contains("old brücke"));
}

#[test]
fn broken_html_still_has_a_text() {
    let html = article("")
        .replace("</p>", "")
        .replace("</article>", "</span></i>")
        .replace("</body></html>", "<div");
    let page = read_page(&html);
    assert!(page.text.contains("The council voted on Tuesday"));
    for html in ["", "<", "<p", "\0\0\0", "</html>", "<!--", "<script>"] {
        assert!(!read_page(html).is_article, "{html:?}");
    }
}

#[test]
fn hostile_pages_are_refused_or_read_in_bounds() {
    assert_eq!(
        page(&vec![b'a'; MAX_PAGE_BYTES + 1], None, &url()),
        Err(PageError::TooLarge(MAX_PAGE_BYTES + 1))
    );
    let deep = "<div>".repeat(100_000);
    assert_eq!(page(deep.as_bytes(), None, &url()), Err(PageError::TooComplex));
    let nearly = "<table><tr><td>".repeat(195) + &article("");
    assert!(read_page(&nearly).text.contains("The council voted"));
    let foreign = "<svg>".to_owned() + &"<input>".repeat(100_000);
    assert_eq!(page(foreign.as_bytes(), None, &url()), Err(PageError::TooComplex));
    let wide = article("").replace("<article>", &format!("<article>{}", "<p>x</p>".repeat(60_000)));
    assert!(read_page(&wide).text.contains("The council voted"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let page = page(&bytes, None, &url());
        prop_assert!(!matches!(page, Err(PageError::Panicked(_))), "{:?}", page);
    }

    #[test]
    fn no_tag_soup_panics(parts in proptest::collection::vec(
        "</?(p|div|a href=x|b|table|tr|td|li|ul|h1|article|svg|math|template|select|form)>|[a-z ,.]{0,30}|&[a-z]{1,4};|<!--", 0..80))
    {
        let page = page(parts.concat().as_bytes(), None, &url());
        prop_assert!(!matches!(page, Err(PageError::Panicked(_))), "{:?}", page);
    }
}

#[test]
fn a_page_is_given_up_at_whatever_point_its_time_ends() {
    let html = article(&"<p>One <b>two</b><br>".repeat(1_000));
    // The clock of a test: it passes at the look number `end`.
    let looks = std::cell::Cell::new(0);
    let read = |end: u32| {
        looks.set(0);
        let deadline = Deadline::new(|| looks.replace(looks.get() + 1) >= end);
        page_within(html.as_bytes(), None, &url(), Context::default(), &deadline)
    };
    let whole = read(u32::MAX).unwrap();
    let needed = looks.get();
    assert!(needed > 30, "the clock is looked at all along, and not {needed} times");
    for end in (0..needed).step_by(5).chain([needed - 1]) {
        assert_eq!(read(end), Err(PageError::TooSlow), "look {end} of {needed}");
        assert_eq!(looks.get(), end + 1, "after its end no more is done");
    }
    assert_eq!(read(needed), Ok(whole), "a page is read whole or not at all");
}

#[test]
fn an_ordinary_page_is_read_in_time() {
    let deadline = Deadline::after(std::time::Duration::from_secs(60));
    assert!(
        page_within(article("").as_bytes(), None, &url(), Context::default(), &deadline)
            .unwrap()
            .is_article
    );
    let none = Deadline::after(std::time::Duration::ZERO);
    let result = page_within(article("").as_bytes(), None, &url(), Context::default(), &none);
    assert_eq!(result, Err(PageError::TooSlow));
}

#[test]
fn what_stands_for_a_bar_ends_the_headline() {
    for title in [
        "다리 보수 시작ㅣ가제트",
        "다리 보수 시작 ㅣ 가제트",
        "다리 보수 시작｜가제트",
        "다리 보수 시작 › 가제트",
    ] {
        let page = read_page(&format!(
            "<html><head><title>{title}</title><meta property=og:site_name content=가제트></head>\
             <body><p>{PARAGRAPH}</p></body></html>"
        ));
        assert_eq!(page.title, "다리 보수 시작", "{title}");
    }
}

#[test]
fn a_kicker_and_a_headline_are_two_phrases() {
    for (heading, expected) in [
        (
            "<span class=kicker>Demo</span><span>Der Protest wächst</span>",
            "Demo Der Protest wächst",
        ),
        ("<span>Demo:</span>Der Protest wächst", "Demo: Der Protest wächst"),
        ("Mac<b>OS</b> is new", "MacOS is new"),
        ("<em>Wall</em>-E <b>r</b>eturns", "Wall-E returns"),
    ] {
        let page =
            read_page(&format!("<html><body><h1>{heading}</h1><p>{PARAGRAPH}</p></body></html>"));
        assert_eq!(page.title, expected, "{heading}");
    }
}

#[test]
fn what_a_page_says_of_itself_is_relative_to_its_base() {
    let page = read_page(&article(
        "<base href=https://www.gazette.example/en/><link rel=canonical href=story/42>\
         <meta property=og:image content=pier.jpg>",
    ));
    assert_eq!(page.canonical_url.as_deref(), Some("https://www.gazette.example/en/story/42"));
    assert_eq!(page.image.as_deref(), Some("https://www.gazette.example/en/pier.jpg"));
}

/// The date of a page with this in it, and its origin.
fn date_of(html: &str) -> Option<(String, Origin)> {
    let page = read_page(html);
    Some((page.published_at?.as_str().to_owned(), page.evidence.published_at?))
}

fn behind_text(html: &str) -> String {
    article("").replace("</article>", &format!("{html}</article>"))
}

#[test]
fn dates_of_other_things_are_no_dates_of_the_article() {
    let before_text = |html: &str| article("").replace("<article>", &format!("<article>{html}"));
    for html in [
        behind_text(
            "<section class=more><article><h3>Old oven</h3><time datetime=2019-02-03>3 Feb 2019</time></article></section>",
        ),
        behind_text(
            "<ul><li><a href=/o>An old oven is found again</a> <time datetime=2019-02-03>3 Feb 2019</time></li></ul>",
        ),
        behind_text("<p>The exhibition runs until 3 March 2031.</p>"),
        behind_text("<p>© 3 March 2019 The Gazette</p>"),
        before_text("<p>On 12 January 2019 the council had promised to act.</p>"),
        before_text(
            "<p>On <time datetime=2019-01-12>12 January 2019</time> the council had promised to act.</p>",
        ),
        before_text(
            "<figure><img src=/a.jpg><figcaption>The bridge, 12 January 2019</figcaption></figure>",
        ),
        article("").replace(
            "<nav>",
            "<header><div class=today>Sunday, 29 November 2026</div></header><nav>",
        ),
        article("").replace(
            "<nav>",
            "<div class=topbar><span class=date>Sunday, 29 November 2026</span></div><nav>",
        ),
        article("").replace("<nav>", "<div><time>29 November 2026</time></div><nav>"),
    ] {
        assert_eq!(date_of(&html), None, "{html}");
    }
}

#[test]
fn each_date_says_where_it_comes_from() {
    let meta = "<meta name=prism.publicationDate content=2024-03-05>";
    assert_eq!(date_of(&article(meta)), Some(("2024-03-05".into(), Origin::Declared)));
    for shown in [
        "<time datetime=2024-03-05>then</time>",
        "<div class=date>5 March 2024</div>",
        "<p>By Ann Lee, 5 March 2024</p>",
    ] {
        let html = article("").replace("</h1>", &format!("</h1>{shown}"));
        assert_eq!(date_of(&html), Some(("2024-03-05".into(), Origin::Shown)), "{shown}");
    }
    // An evening in the west of the zone in which the time is declared.
    let meta = "<meta property=article:published_time content=2024-05-06T02:00:00+00:00>";
    let html = article(meta).replace("</h1>", "</h1><span class=entry-date>May 5, 2024</span>");
    let declared = "2024-05-06T02:00:00+00:00".to_owned();
    assert_eq!(date_of(&html), Some((declared, Origin::Declared)));
    let labelled =
        behind_text("<div><h4>Published</h4><time datetime=2024-03-05>then</time></div>");
    assert_eq!(date_of(&labelled), Some(("2024-03-05".into(), Origin::Shown)));
    let page = page_at("https://a.example/2024/03/05/bridge", &article(""));
    assert_eq!(page.evidence.published_at, Some(Origin::Guessed));
}

#[test]
fn a_date_later_than_the_visit_is_refused() {
    let html = article(
        "<meta property=article:published_time content='2031-03-03'><meta property=article:modified_time content='2031-03-03'>",
    );
    let context = Context { fetched_at_ms: Some(1_709_640_000_000), ..Context::default() };
    let page = page_within(html.as_bytes(), None, &url(), context, &Deadline::never()).unwrap();
    assert_eq!(
        (page.published_at, page.modified_at, page.evidence.published_at),
        (None, None, None)
    );
}

#[test]
fn a_listing_speaks_for_an_article() {
    let html = article("").replace("<h1>Bridge to be repaired</h1>", "");
    let short: Url = "https://a.example/?p=17".parse().unwrap();
    let read = |is_listed: bool| {
        let context = Context { is_listed, ..Context::default() };
        page_within(html.as_bytes(), None, &short, context, &Deadline::never()).unwrap()
    };
    assert!(!read(false).is_article);
    assert_eq!(read(true).evidence.is_article, Some(Origin::Listed));
    let declared = read_page(&article("<meta property=og:type content=article>"));
    assert_eq!(declared.evidence.is_article, Some(Origin::Declared));
}

#[test]
fn the_site_s_name_is_no_headline() {
    let html = article("")
        .replace(
            "<title>Bridge to be repaired | The Gazette",
            "<title>Bridge to be repaired - Ann's Blog",
        )
        .replace(
            "<h1>Bridge to be repaired</h1>",
            "<h1>Ann's Blog</h1><h2>Bridge to be repaired</h2>",
        );
    assert_eq!(read_page(&html).title, "Bridge to be repaired");
}

#[test]
fn a_short_article_with_a_byline_and_no_metadata_is_one() {
    let text = "<p>The council voted on Tuesday to repair the old bridge, which has been closed to lorries \
        since the spring, far longer than engineers had expected when they looked at it.</p>".repeat(6);
    let html = format!(
        "<!doctype html><html lang=en><head><title>Bridge to be repaired</title></head><body>\
         <nav><ul><li><a href=/>Home</a></li><li><a href=/sport>Sport</a></li></ul></nav>\
         <article><h1>Bridge to be repaired</h1><p class=byline>By Ann Lee</p>{text}</article>\
         <footer><p>© 2024 The Gazette. All rights reserved.</p></footer></body></html>"
    );
    let page = page_at("https://a.example/2024/05/bridge-repaired", &html);
    assert_eq!(page.evidence.is_article, Some(Origin::Guessed));
    assert_eq!((page.authors, page.published_at), (vec!["Ann Lee".to_owned()], None));
}
