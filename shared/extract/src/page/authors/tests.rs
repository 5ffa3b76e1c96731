//! Tests of the authors and the headline of whole pages.

use url::Url;

use crate::page::{Page, page};

const PROSE: &str = "The council voted on Tuesday to repair the old bridge over the river, which has \
    been closed to lorries since the flood of last winter, and asked the county for the money.";

fn read(head: &str, body: &str) -> Page {
    let html = format!(
        "<html lang=en><head>{head}</head><body>{body}<p>{PROSE}</p><p>{PROSE}</p></body></html>"
    );
    page(html.as_bytes(), None, &Url::parse("https://news.gazette.example/a/bridge").unwrap())
        .unwrap()
}

fn authors(body: &str) -> Vec<String> {
    read("<title>Bridge to be repaired</title>", &format!("<h1>Bridge to be repaired</h1>{body}"))
        .authors
}

fn title(head: &str, body: &str) -> String {
    read(head, body).title
}

#[test]
fn labels_lead_to_the_names_of_authors() {
    for body in [
        "<h3>Author</h3><p>Jane Doe</p>",
        "<div><h6>Author(s)</h6><ul><li>Jane Doe</li></ul></div>",
        "<div><strong>Contributors:</strong> Jane Doe</div>",
        "<p class=meta>\n  By\n <a href=/producers/jd>Jane Doe</a></p>",
        "<div class=node__meta><time datetime=2017-03-01>03/01/2017</time> by Jane Doe</div>",
        "<h2>Article by</h2><div>Jane Doe</div>",
        "<a href=/search?q=jd>by Jane Doe</a>",
        "<div class=dateAndAuthor><span>Dec 17, 2025</span> <span>Jane Doe</span></div>",
        "<div>By <a href=/author/jd>Jane Doe</a>. Reviewed by <a href=/author/jr>John Roe</a></div>",
    ] {
        assert_eq!(authors(body), ["Jane Doe"], "{body}");
    }
    let two = authors("<div><h6>Author(s)</h6><ul><li>Jane Doe</li><li>John Roe</li></ul></div>");
    assert_eq!(two, ["Jane Doe", "John Roe"]);
}

#[test]
fn a_name_with_a_portrait_is_the_author() {
    let portrait = "<p>Jane Doe</p><img alt='Headshot of Jane Doe'>";
    assert_eq!(authors(portrait), ["Jane Doe"]);
    assert!(authors("<p>Jane Doe</p><img alt='The old bridge'>").is_empty());
    let below = format!("<p>{PROSE}</p>{}<p>Jane Doe</p><img alt='Jane Doe'>", "<br>".repeat(90));
    assert!(authors(&below).is_empty(), "far below the headline");
}

#[test]
fn the_site_keeps_its_name_as_an_author() {
    let head = "<meta property=og:site_name content='Growth Marketing'>\
        <meta name=author content='Growth Marketing'>";
    assert_eq!(read(head, "<h1>Bridge to be repaired</h1>").authors, ["Growth Marketing"]);
}

#[test]
fn papers_name_each_author_in_an_element() {
    let head = "<meta name=citation_author content='Doe, Jane'><meta name=citation_author content='Roe, John'>";
    assert_eq!(read(head, "<h1>Bridge to be repaired</h1>").authors, ["Jane Doe", "John Roe"]);
    let head =
        "<meta name=dc.creator content='Jane Doe'><meta name=dc.contributor content='John Roe'>";
    assert_eq!(read(head, "<h1>Bridge to be repaired</h1>").authors, ["Jane Doe", "John Roe"]);
}

#[test]
fn the_author_of_a_teaser_is_not_that_of_the_page() {
    let teaser = "<div itemscope itemtype=https://schema.org/NewsArticle>\
        <h3 itemprop=headline>Harbour wall falls into the sea</h3><span itemprop=author>John Roe</span></div>";
    let head = "<title>Bridge to be repaired</title><meta name=author content='Jane Doe'>";
    let page = read(head, &format!("<h1>Bridge to be repaired</h1>{teaser}"));
    assert_eq!(page.authors, ["Jane Doe"]);
}

#[test]
fn the_name_of_the_site_above_a_headline_is_not_the_headline() {
    for (head, body) in [
        (
            "<title>Town Blog: Bridge to be repaired</title><meta property=og:title content='Bridge to be repaired'>",
            "<h1>Town Blog</h1>",
        ),
        (
            "<title>Bridge to be repaired</title>",
            "<h1>Town Blog</h1><h2>Bridge to be repaired</h2>",
        ),
        ("<title>Bridge to be repaired : Gazette-Archive</title>", "<h1>Gazette-Archive</h1>"),
        (
            "<title>Town Blog » Blog Archive » Bridge to be repaired</title>",
            "<h1>Town Blog</h1><h2>Bridge to be repaired</h2>",
        ),
        ("<title>Bridge to be repaired - Gazette</title>", ""),
        ("<title>Bridge to be repaired - Town Forum</title>", "<h2>Bridge to be repaired</h2>"),
        (
            "<title>Bridge to be repaired - Politics</title><meta property=article:section content=Politics>",
            "",
        ),
        ("<title>Bridge to be repaired</title>", "<h1>Bridge to be repaired – Gazette</h1>"),
    ] {
        assert_eq!(title(head, body), "Bridge to be repaired", "{head} {body}");
    }
}

#[test]
fn articles_and_numbers_before_a_headline_are_part_of_it() {
    let og = "<meta property=og:title content='Best Bridges of the County'>";
    for heading in ["The Best Bridges of the County", "25 Best Bridges of the County"] {
        assert_eq!(title(og, &format!("<h1>{heading}</h1>")), heading);
    }
    let dated = "<h1>March 5, 2024 Best Bridges of the County</h1>";
    assert_eq!(title(og, dated), "Best Bridges of the County");
}

#[test]
fn a_title_that_a_quotation_mark_cut_is_completed() {
    let head = "<title>Mayor calls the old bridge \"a shame\"</title>\
        <meta property=og:title content=\"Mayor calls the old bridge \"a shame\"\">";
    assert_eq!(title(head, ""), "Mayor calls the old bridge \"a shame\"");
}

#[test]
fn the_end_of_a_hangul_title_is_its_section() {
    let head = "<title>다리 보수 시작했다-정치</title><meta property=article:section content=정치>";
    assert_eq!(title(head, ""), "다리 보수 시작했다");
}
