use super::super::tests::{FIRST, SECOND, THIRD, content_about, paragraphs, plain, read};
use super::super::{About, Content};

const TITLE: &str = "Mine found in the harbour";
const OTHER: [&str; 2] = [
    "A bakery has sold rye bread from one oven since 1911, and this summer the oven will be \
     rebuilt stone by stone, while the bread comes from the next village.",
    "The owner, whose grandfather laid the first stones, has numbered each of them with chalk \
     and keeps the list in a drawer beside the flour.",
];

fn story(open: &str, heading: &str, body: &str, close: &str) -> String {
    format!("{open}<h1>{heading}</h1><div class=txt>{body}</div>{close}")
}

fn other(open: &str, close: &str) -> String {
    story(open, "Old oven rebuilt", &format!("<p>{}</p><p>{}</p>", OTHER[0], OTHER[1]), close)
}

#[test]
fn the_article_with_the_title_is_read_and_its_siblings_are_not() {
    for (open, close) in [
        ("<div class=scroll-item>", "</div>"),
        ("<section>", "</section>"),
        ("<article>", "</article>"),
        ("<div class=entry-content>", "</div>"),
        ("<div><article id=x>", "</article></div>"),
    ] {
        let own = story(open, TITLE, &paragraphs(), close);
        let body = format!("<main>{own}{0}{0}</main>", other(open, close));
        assert_eq!(read(&body).text, plain(), "{open}");
        let before = format!("<main>{}{own}</main>", other(open, close));
        assert_eq!(read(&before).text, plain(), "{open}");
    }
}

#[test]
fn articles_in_a_box_of_their_own_are_not_read() {
    let own = story("<article>", TITLE, &paragraphs(), "</article>");
    let more = other("<article>", "</article>");
    let body = format!("<div>{own}<div class=z3><div>{more}{more}</div></div></div>");
    assert_eq!(read(&body).text, plain());
}

#[test]
fn sections_of_one_article_stay_together() {
    let section = |heading: &str, text: &str| {
        format!("<section class=part><h2>{heading}</h2><p>{text}</p><p>{SECOND}</p></section>")
    };
    let body = format!(
        "<h1>{TITLE}</h1>{}{}",
        section("How it was found", FIRST),
        section("How it is lifted", THIRD)
    );
    let text = read(&format!("<article>{body}</article>")).text;
    assert!(text.contains(FIRST) && text.contains(THIRD), "{text}");
    let first =
        format!("<section class=part><h1>{TITLE}</h1><p>{FIRST}</p><p>{SECOND}</p></section>");
    let rest = section("How it is lifted", THIRD);
    let text = read(&format!("<div>{first}{rest}{rest}</div>")).text;
    assert!(text.contains(FIRST) && text.contains(THIRD), "{text}");
}

fn live(post: fn(&str, &str) -> String, about: About<'_>, open: &str) -> Content {
    let posts = [post("10:10", FIRST), post("10:05", SECOND), post("10:00", THIRD)].concat();
    content_about(&format!("{open}{posts}</div>"), about)
}

#[test]
fn updates_of_a_live_blog_stay_with_and_without_its_schema() {
    let post = |time: &str, text: &str| {
        format!("<article class=p><h2>At {time}</h2><time>{time}</time><p>{text}</p></article>")
    };
    let first_is_titled = |time: &str, text: &str| {
        let heading = if time == "10:10" { TITLE } else { "Navy comes" };
        format!("<article class=p><h1>{heading}</h1><time>{time}</time><p>{text}</p></article>")
    };
    let signed = |time: &str, text: &str| {
        format!("<div class=p><b>Ann Lee</b> <time>{time}</time><p>{text}</p></div>")
    };
    let about = About { title: TITLE, ..About::default() };
    let plain = "<h1>Mine found in the harbour</h1><div class=updates>";
    let typed = "<div itemscope itemtype='https://schema.org/LiveBlogPosting'>";
    for content in [
        live(post, about, plain),
        live(signed, about, plain),
        live(first_is_titled, About { is_live: true, ..about }, "<div>"),
        live(first_is_titled, about, typed),
    ] {
        for text in [FIRST, SECOND, THIRD] {
            assert!(content.text.contains(text), "{}", content.text);
        }
    }
}

fn with_comments(open: &str, comment: fn(usize) -> String) -> String {
    let comments: String = (0..9).map(comment).collect();
    read(&format!("<main><article>{}</article>{open}{comments}</section></main>", paragraphs()))
        .text
}

fn opinion(number: usize) -> String {
    format!("I moored there for {number} years and never once saw anybody inspect the pilings.")
}

#[test]
fn comments_without_telling_names_are_not_read() {
    for open in [
        "<section aria-label=Comments>",
        "<section aria-label='Kommentare (9)'>",
        "<section><h2>Comments</h2>",
        "<section><h3>9 commentaires</h3>",
        "<section><p>Leave a comment</p>",
    ] {
        let text = with_comments(open, |n| format!("<div class=x><p>{}</p></div>", opinion(n)));
        assert_eq!(text, plain(), "{open}");
    }
}

#[test]
fn boxes_that_can_be_answered_or_are_signed_and_dated_are_comments() {
    let answered = |n: usize| {
        format!("<div class=x><b>krill{n}</b><p>{}</p><button>Reply</button></div>", opinion(n))
    };
    let linked = |n: usize| {
        format!("<div class=x><b>krill{n}</b><p>{}</p><a href=#>Antworten</a></div>", opinion(n))
    };
    let signed = |n: usize| {
        format!(
            "<div class=x><div>Krill {n}</div><time>2 hours ago</time><p>{}</p></div>",
            opinion(n)
        )
    };
    for comment in [answered, linked, signed] {
        assert_eq!(with_comments("<section>", comment), plain());
        assert_eq!(with_comments("<section><h2>So they say</h2>", comment), plain());
    }
}

#[test]
fn a_thread_keeps_its_answers() {
    let post = |name: &str, text: &str| {
        format!("<li class='post by-{name}'><b>{name}</b><p>{text}</p><a href=#>Reply</a></li>")
    };
    let answer = |n: usize| format!("<li class=post><p>{}</p><a href=#>Reply</a></li>", opinion(n));
    let answers: String = (0..5).map(answer).collect();
    let first = post("krill", &[FIRST, SECOND, THIRD].join(" "));
    let text = read(&format!("<h1>{TITLE}</h1><ol>{first}{answers}</ol>")).text;
    assert!(text.contains(&opinion(3)), "{text}");
}
