use std::time::Instant;

use super::*;
use crate::isolate::document;

pub(super) const FIRST: &str = "The harbour was closed on Monday after divers had found an old mine near the \
    northern pier, and the ferries to the islands went from the fishing port instead.";
pub(super) const SECOND: &str = "Experts of the navy want to lift it on Thursday at low tide; until then, nobody \
    may come closer than five hundred metres, the harbour master said in the evening.";
pub(super) const THIRD: &str = "It is the fourth mine in two years, and there may be more, because the fields \
    that were laid in the war have never been cleared completely along this coast.";

pub(super) fn read(body: &str) -> Content {
    content_about(body, About { title: "Mine found in the harbour", ..About::default() })
}

pub(super) fn content_about(body: &str, about: About<'_>) -> Content {
    let html = format!("<html><head><title>x</title></head><body>{body}</body></html>");
    let url = "https://gazette.example/news/mine".parse().unwrap();
    content_of(&html, &url, about)
}

fn content_of(html: &str, url: &Url, about: About<'_>) -> Content {
    let deadline = Deadline::never();
    let document = document(html, &deadline).unwrap();
    Content::read(&document, url, about, &deadline).unwrap()
}

pub(super) fn paragraphs() -> String {
    format!("<p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p>")
}

pub(super) fn plain() -> String {
    [FIRST, SECOND, THIRD].join("\n\n")
}

#[test]
fn navigation_and_asides_are_left_out() {
    let content = read(&format!(
        "<nav><a href=/a>Home</a> <a href=/b>Sport</a></nav><h1>Mine found in the harbour</h1>\
         <div class=layout-with-sidebar><div class=story>{}<div class='related-articles'><h3>Related</h3>\
         <ul><li><a href=/c>A ferry has run aground off the coast</a></li></ul></div></div>\
         <div class=sidebar><p>{FIRST} This paragraph of the sidebar is long enough.</p></div></div>\
         <footer><p>{SECOND} This is the publisher's footer.</p></footer>",
        paragraphs()
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn prompts_and_teasers_between_paragraphs_are_left_out() {
    let content = read(&format!(
        "<article><p>{FIRST}</p><p><a href=/x>Read more: The other mines of the harbour</a></p>\
         <p>Sign up for our newsletter</p><p>{SECOND}</p><figure><img src=a.jpg>\
         <figcaption>The pier on Monday</figcaption></figure><p>Photo: A. Lee</p><p>{THIRD}</p>\
         <div class=cookie-consent><p>We use cookies to make this site better for everyone who reads it.</p></div>\
         <div class=share-bar>Share on every network</div></article>"
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn a_heading_of_other_things_ends_the_article() {
    let content = read(&format!(
        "<main>{}<h3>You may also like</h3><p>Ferry runs aground</p><p>A new pier for the town</p></main>",
        paragraphs()
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn comments_are_no_part_of_the_article() {
    let comment = format!("<li class=comment><p>{THIRD} That is what I have heard.</p></li>");
    let content = read(&format!(
        "<main>{}<section id=comments><ol>{}</ol></section></main>",
        paragraphs(),
        comment.repeat(9)
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn line_breaks_make_paragraphs() {
    let content =
        read(&format!("<div>{FIRST}<br><br>{SECOND}<br/> <br/>{THIRD}<br>The end.</div>"));
    assert_eq!(content.text, plain() + "\nThe end.");
}

#[test]
fn two_containers_are_one_article() {
    let content = read(&format!(
        "<div class=article-body><p>{FIRST}</p></div><div class=ad>Advertisement</div>\
         <div class=article-body><p>{SECOND}</p><p>{THIRD}</p></div>"
    ));
    assert_eq!(content.text, plain());
    let content = read(&format!(
        "<div><div><p>{FIRST}</p></div><div><p>{SECOND}</p><p>{THIRD}</p></div></div>"
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn a_live_blog_keeps_its_posts() {
    let post = |time: &str, text: &str| {
        format!(
            "<article class=live-post><time>{time}</time><h2>At {time}</h2><p>{text}</p></article>"
        )
    };
    let body = [post("10:10", FIRST), post("10:05", SECOND), post("10:00", THIRD)].concat();
    let content = read(&format!("<h1>Live: the mine</h1><div class=liveblog>{body}</div>"));
    for text in [FIRST, SECOND, THIRD] {
        assert!(content.text.contains(text), "{}", content.text);
    }
}

#[test]
fn the_lead_stands_before_the_body() {
    let content = read(&format!(
        "<header><h1>Mine found in the harbour</h1><p class=standfirst>{FIRST}</p></header>\
         <div class=article-body><p>{SECOND}</p><p>{THIRD}</p></div>"
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn a_body_that_scripts_show_is_found() {
    let hidden = format!("<p>Loading</p><div hidden id=S:0><main>{}</main></div>", paragraphs());
    assert_eq!(read(&hidden).text, plain());
    let for_no_script = format!("<div id=app></div><noscript>{}</noscript>", paragraphs());
    assert_eq!(read(&for_no_script).text, plain());
}

#[test]
fn what_is_repeated_for_another_width_is_read_once() {
    let content = read(&format!(
        "<main><div class=wide>{0}</div><div class=narrow>{0}</div></main>",
        paragraphs()
    ));
    assert_eq!(content.text, plain());
}

#[test]
fn scripts_without_spaces_count_as_text() {
    let text = "港は月曜日に閉鎖された。潜水士が北の桟橋の近くで古い機雷を発見したためである。";
    let content = read(&format!(
        "<nav><a href=/>ホーム</a></nav><div><p>{text}</p><p>{text}島への船は漁港から出た。</p></div>"
    ));
    assert_eq!(content.text, format!("{text}\n\n{text}島への船は漁港から出た。"));
}

#[test]
fn markdown_has_headings_lists_quotes_and_links() {
    let content = read(&format!(
        "<article><p>{FIRST}</p><h2>What is known</h2><ul><li>It is <b>old</b>.</li><li>See <a href=/map>the map</a>.</li></ul>\
         <ol><li>First the tide falls.</li><li>Then it is lifted.</li></ol><blockquote><p>{SECOND}</p></blockquote>\
         <table><tr><th>Year</th><th>Mines</th></tr><tr><td>2023</td><td>three</td></tr></table><p>{THIRD}</p></article>"
    ));
    let expected = format!(
        "{FIRST}\n\n## What is known\n\n- It is old.\n- See [the map](https://gazette.example/map).\n\n\
         1. First the tide falls.\n2. Then it is lifted.\n\n> {SECOND}\n\nYear | Mines\n2023 | three\n\n{THIRD}"
    );
    assert_eq!(content.markdown, expected);
    assert!(content.text.contains("It is old.\nSee the map.\n\nFirst the tide falls."));
}

#[test]
fn deep_pages_are_read() {
    let deep = "<div>".repeat(390) + &paragraphs() + &"</div>".repeat(390);
    assert_eq!(read(&deep).text, plain());
}

/// A time of its own would tell of the machine: ten times the page may take some
/// ten times as long, and not a hundred.
#[test]
fn the_time_for_a_page_grows_with_its_size_and_not_its_square() {
    let item = "<li><a href=/some/story>A headline of the day</a> <span class=teaser>with a teaser</span></li>";
    let time = |items: usize| {
        let html = format!("<article>{}</article><ol>{}</ol>", paragraphs(), item.repeat(items));
        let start = Instant::now();
        assert_eq!(read(&html).text, plain());
        start.elapsed()
    };
    let (small, large) = (time(11_000), time(110_000));
    assert!(large < 40 * small, "{small:?} for 1 MB, {large:?} for 10 MB");
}

#[test]
fn the_declared_body_stands_in_for_a_teaser() {
    let html = format!("<main><p>{FIRST}</p></main>");
    let url = "https://gazette.example/news/mine".parse().unwrap();
    let declared = format!("{FIRST}\n{SECOND}\n{THIRD}");
    let about = About { declared_body: Some(&declared), ..About::default() };
    let content = content_of(&html, &url, about);
    assert_eq!(content.text, plain());
}

#[test]
fn markdown_of_a_strange_tree_does_not_fail() {
    for body in ["", "<li>", "<table><td>a<td>b", "<a href='http://['>x</a>", "<blockquote><h2>"] {
        let content = read(body);
        assert!(content.text.len() <= 20, "{content:?}");
    }
}
