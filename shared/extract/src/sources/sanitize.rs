//! Turns foreign HTML into HTML that can be shown. Known formatting, links and pictures stay.
//! Everything that runs, loads or restyles is removed. `ammonia` cleans the HTML. Before that, its
//! depth and work are checked, and faults that feeds make are mended.

use std::borrow::Cow;
use std::collections::HashMap;

use ammonia::{Builder, UrlRelative};
use url::Url;

use crate::isolate::{MAX_TREE_DEPTH, fragment, is_affordable_fragment, isolated};

/// Elements that stay. Other elements leave only their content.
const KEPT: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "bdi",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "ul",
];
/// Elements that are removed with all their content, since it is not text.
const DROPPED: &[&str] = &[
    "applet", "embed", "frame", "frameset", "head", "iframe", "math", "noembed", "noframes",
    "script", "style", "svg", "template", "title", "xml",
];
const KEPT_ATTRIBUTES: &[&str] =
    &["alt", "colspan", "datetime", "dir", "height", "lang", "rowspan", "start", "title", "width"];
/// Attributes that hold a URL.
const KEPT_LINKS: &[&str] = &["cite", "href", "poster", "src"];
/// The schemes of links that stay.
const SCHEMES: [&str; 3] = ["http", "https", "mailto"];
/// Tags with content that a parser reads as text: pictures for readers without scripts, or all that
/// follows a frame that is closed as in XML.
const FRAMES: &[&str] = &["<iframe", "</iframe", "<noscript", "</noscript"];
const VOID: &[&str] = &["br", "col", "hr", "img", "source"];

/// Returns the safe part of `html`, with links resolved against `base`. HTML that cannot be parsed
/// within bounds comes back as text, with its tags escaped.
pub(crate) fn html(html: &str, base: Option<&Url>) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let html = &*mended(html);
    let cleaned = || isolated(|| cleaner(base.cloned()).clean(html).to_string()).ok();
    is_affordable_fragment(html)
        .then(cleaned)
        .flatten()
        .and_then(|safe| closed(&safe))
        .unwrap_or_else(|| html_escape::encode_text(html).into_owned())
}

/// Returns the text in `html`, without any tag.
pub(crate) fn text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    fragment(html).map_or_else(|| html.to_owned(), |document| document.text().to_string())
}

/// Returns true if a text is no HTML, and is harmless if it is shown as HTML.
pub(crate) fn is_harmless(text: &str) -> bool {
    text.split('<').skip(1).all(|rest| {
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = rest[..length].to_ascii_lowercase();
        let is_bare = rest[length..].starts_with('>');
        let is_element = name.starts_with(|c: char| c.is_ascii_alphabetic());
        !is_element || is_bare && !DROPPED.contains(&name.as_str())
    })
}

/// Returns `html` without the marks that make a parser swallow the text after them: [`FRAMES`],
/// comments without an end, CDATA marks, and a `<!` that begins nothing.
fn mended(html: &str) -> Cow<'_, str> {
    let (last_end, last_comment_end) = (html.rfind('>'), html.rfind("-->"));
    let mut mended = Cow::Borrowed("");
    let mut done = 0;
    for (at, _) in html.match_indices('<') {
        if at < done {
            continue;
        }
        let rest = &html[at..];
        let has_end = last_end.is_some_and(|end| end > at);
        let (instead, length) = match () {
            () if FRAMES.iter().any(|tag| starts(rest, tag)) => ("", tag_length(rest)),
            () if starts(rest, "<![cdata[") => ("", "<![CDATA[".len()),
            () if rest.starts_with("<!--") && last_comment_end.is_some_and(|end| end > at) => {
                continue;
            }
            () if rest.starts_with("<!--") && has_end => ("", tag_length(rest)),
            () if starts(rest, "<!doctype") && has_end => continue,
            () if rest.starts_with("<!") => ("&lt;!", 2),
            () => continue,
        };
        mended.to_mut().push_str(&html[done..at]);
        mended.to_mut().push_str(instead);
        done = at + length;
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    mended.to_mut().push_str(&html[done..]);
    if html.contains("]]>") { Cow::Owned(mended.replace("]]>", "")) } else { mended }
}

fn starts(text: &str, tag: &str) -> bool {
    text.as_bytes().get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag.as_bytes()))
}

/// Returns the length up to the `>` of the tag, or the whole length if there is none.
fn tag_length(tag: &str) -> usize {
    tag.find('>').map_or(tag.len(), |end| end + 1)
}

/// Builds a cleaner that keeps the lists above, and resolves links against `base`.
fn cleaner(base: Option<Url>) -> Builder<'static> {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(KEPT.iter().copied().collect())
        .clean_content_tags(DROPPED.iter().copied().collect())
        .tag_attributes(HashMap::new())
        .generic_attributes(KEPT_ATTRIBUTES.iter().chain(KEPT_LINKS).copied().collect())
        .url_schemes(SCHEMES.into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(move |_, name, value| {
            let is_link = KEPT_LINKS.contains(&name);
            if is_link { safe_link(value, base.as_ref()) } else { Some(value.into()) }
        });
    cleaner
}

/// Returns a link that is safe to keep: relative, or with one of [`SCHEMES`] as browsers read it.
fn safe_link<'u>(link: &'u str, base: Option<&Url>) -> Option<Cow<'u, str>> {
    let link = link.trim();
    match Url::options().base_url(base).parse(link) {
        Ok(url) => SCHEMES.contains(&url.scheme()).then(|| String::from(url).into()),
        Err(url::ParseError::RelativeUrlWithoutBase) => Some(link.into()),
        Err(_) => None,
    }
}

/// Returns well-formed HTML with closed void elements and plain spaces, as XML needs. Returns
/// `None` if it is nested too deeply.
fn closed(html: &str) -> Option<String> {
    let (mut closed, mut depth) = (String::with_capacity(html.len() + 64), 0_usize);
    let mut pieces = html.split('<');
    closed.push_str(pieces.next()?);
    for piece in pieces {
        closed.push('<');
        let name = piece.split([' ', '>']).next()?;
        if VOID.contains(&name) {
            let (tag, behind) = piece.split_once('>')?;
            closed.extend([tag, " />", behind]);
            continue;
        }
        depth = if name.starts_with('/') { depth.saturating_sub(1) } else { depth + 1 };
        if depth > MAX_TREE_DEPTH {
            return None;
        }
        closed.push_str(piece);
    }
    Some(if closed.contains("&nbsp;") { closed.replace("&nbsp;", "\u{a0}") } else { closed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formatting_links_and_pictures_stay() {
        let base = "https://a.example/feed".parse().unwrap();
        let source = "<p class=x>One <b>two</b><br><a href=/x?a=1&b=2>three</a> <img src=i.png alt='a \"b\"'>";
        assert_eq!(
            html(source, Some(&base)),
            "<p>One <b>two</b><br /><a href=\"https://a.example/x?a=1&amp;b=2\">three</a> \
             <img src=\"https://a.example/i.png\" alt=\"a &quot;b&quot;\" /></p>"
        );
        assert_eq!(html("<a href=x>y</a>", None), "<a href=\"x\">y</a>");
    }

    #[test]
    fn nothing_that_runs_stays() {
        for source in [
            "<script>alert(1)</script>safe",
            "<SCRIPT SRC=//x></SCRIPT>safe",
            "<p onclick=alert(1) style='x:expression(1)'>safe</p>",
            "<a href='java\nscript:alert(1)'>safe</a>",
            "<a href=' javascript:alert(1)'>safe</a>",
            "<a href='data:text/html,x'>safe</a>",
            "<iframe src=x>fallback</iframe>safe",
            "<svg><script>alert(1)</script><a xlink:href='javascript:x'>s</a></svg>safe",
            "<math><mi><style><!--</style><img src=x onerror=alert(1)>--></math>safe",
            "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>safe",
            "<scr<iframe>ipt>alert(1)</script>safe",
            "<iframe src=x />safe",
            "<object data=x><param></object><embed src=x>safe",
            "<scr<script>ipt>alert(1)</script>safe",
            "<meta http-equiv=refresh content=0><base href=//x><link rel=stylesheet href=x>safe",
        ] {
            let safe = html(source, None);
            let again = safe.to_lowercase();
            for bad in [
                "<script", "<style", "<svg", "<iframe", "<object", "<embed", "<meta", "<base",
                "<link", "script:", "data:", "onclick=", "style=",
            ] {
                assert!(!again.contains(bad), "{source} -> {safe}");
            }
            assert!(!again.contains("<img") || !again.contains("onerror"), "{source} -> {safe}");
            assert!(safe.contains("safe"), "{source} -> {safe}");
        }
    }

    #[test]
    fn nothing_swallows_the_text_behind_it() {
        for (source, expected) in [
            ("one<iframe src=x />two", "onetwo"),
            ("one<!-- two > three", "one three"),
            ("one<!-- two -->three", "onethree"),
            ("<![CDATA[one]]> two", "one two"),
            ("one <!two", "one &lt;!two"),
            ("one <!DOCTYPE two", "one &lt;!DOCTYPE two"),
            ("<!DOCTYPE html>one", "one"),
            ("one<object>two", "onetwo"),
            ("<noscript><img src=/x></noscript>one", "<img src=\"/x\" />one"),
        ] {
            assert_eq!(html(source, None), expected, "{source}");
        }
    }

    #[test]
    fn html_that_is_nested_too_deeply_comes_back_as_text() {
        let tables = "<table><tr><td>".repeat(300) + "deep";
        for source in ["<div>".repeat(5_000), tables] {
            let safe = html(&source, None);
            assert!(!safe.contains('<') && safe.starts_with("&lt;"), "{safe:.40}");
        }
        let drawing = format!("<svg>{}</svg>safe", "<input>".repeat(50_000));
        assert_eq!(html(&drawing, None), "safe");
    }

    #[test]
    fn spaces_that_do_not_break_stay_as_they_are() {
        assert_eq!(
            html("<b title='a&nbsp;b'>1&nbsp;2\u{a0}3 &amp;nbsp;</b>", None),
            "<b title=\"a\u{a0}b\">1\u{a0}2\u{a0}3 &amp;nbsp;</b>"
        );
    }

    #[test]
    fn text_is_harmless_unless_it_looks_like_an_element_that_acts() {
        for text in ["a < b", "AT&T", "the <blink> tag", "</b>", "1<2", "I <3 you"] {
            assert!(is_harmless(text), "{text}");
        }
        for text in ["<script>", "</script>", "<img src=x onerror=y>", "<iframe", "<b onclick=x>"] {
            assert!(!is_harmless(text), "{text}");
        }
        assert_eq!(super::text("<p>A &amp; <b>B</b></p>"), "A & B");
    }

    proptest! {
        #[test]
        fn only_known_elements_come_out(
            source in "(<[a-z]{1,6}|<script|<svg|>|</|'|\"|=| on[a-z]{1,5}=|&lt;|[a-z ]{0,4}|<!--|-->){0,25}"
        ) {
            for rest in html(&source, None).split('<').skip(1) {
                let name = rest.trim_start_matches('/').split([' ', '>']).next().unwrap_or_default();
                prop_assert!(KEPT.contains(&name), "{source}: <{rest}");
                prop_assert!(!rest.split('>').next().unwrap_or_default().contains(" on"), "{rest}");
            }
        }
    }
}
