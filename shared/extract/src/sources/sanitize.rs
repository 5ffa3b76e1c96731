//! HTML of strangers as HTML that can be shown: known formatting, links and
//! pictures stay, everything that runs, loads or restyles goes.

use std::borrow::Cow;

use dom_query::NodeRef;
use url::Url;

use crate::isolate::fragment;

/// Elements that stay; of others, only their content.
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
/// Elements that go with all their content: it is not text.
const DROPPED: &[&str] = &[
    "applet", "embed", "frame", "frameset", "head", "iframe", "math", "noembed", "noframes",
    "script", "style", "svg", "template", "title", "xml",
];
const KEPT_ATTRIBUTES: [&str; 10] =
    ["alt", "colspan", "datetime", "dir", "height", "lang", "rowspan", "start", "title", "width"];
/// Attributes that hold a URL.
const KEPT_LINKS: &[&str] = &["cite", "href", "poster", "src"];
/// Tags whose content a parser takes for text: pictures for those without scripts,
/// or all that follows a frame that is closed as in XML.
const FRAMES: &[&str] = &["<iframe", "</iframe", "<noscript", "</noscript"];
const VOID: &[&str] = &["br", "col", "hr", "img", "source"];

/// The safe part of `html`, with links resolved against `base`. What cannot be
/// parsed within bounds comes back as text, with its tags escaped.
pub(crate) fn html(html: &str, base: Option<&Url>) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    let html = &*mended(html);
    let mut safe = String::with_capacity(html.len());
    match fragment(html) {
        Some(document) => write_children(&document.root(), base, &mut safe),
        None => escape(html, &mut safe),
    }
    safe
}

/// The text in `html`, without any tag.
pub(crate) fn text(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return html.to_owned();
    }
    fragment(html).map_or_else(|| html.to_owned(), |document| document.text().to_string())
}

/// Whether a text that is no HTML stays harmless where it is shown as HTML.
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

/// `html` with what would make a parser swallow the text behind it taken out or
/// escaped: [`FRAMES`], comments without an end, CDATA marks, and a `<!` that
/// begins nothing.
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

/// Up to its `>`, or all there is.
fn tag_length(tag: &str) -> usize {
    tag.find('>').map_or(tag.len(), |end| end + 1)
}

fn write_children(node: &NodeRef<'_>, base: Option<&Url>, out: &mut String) {
    for child in node.children_it(false) {
        if child.is_text() {
            escape(&child.text(), out);
        } else if child.is_element() {
            write_element(&child, base, out);
        }
    }
}

fn write_element(node: &NodeRef<'_>, base: Option<&Url>, out: &mut String) {
    let name = node.node_name().unwrap_or_default().to_string();
    if DROPPED.contains(&name.as_str()) {
        return;
    }
    if !KEPT.contains(&name.as_str()) {
        return write_children(node, base, out);
    }
    out.push('<');
    out.push_str(&name);
    for attribute in node.attrs() {
        write_attribute(&attribute.name.local, &attribute.value, base, out);
    }
    if VOID.contains(&name.as_str()) {
        return out.push_str(" />");
    }
    out.push('>');
    write_children(node, base, out);
    out.push_str("</");
    out.push_str(&name);
    out.push('>');
}

fn write_attribute(name: &str, value: &str, base: Option<&Url>, out: &mut String) {
    let value = if KEPT_LINKS.contains(&name) {
        safe_link(value, base)
    } else {
        KEPT_ATTRIBUTES.contains(&name).then(|| value.to_owned())
    };
    if let Some(value) = value {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_quoted(&value, out);
        out.push('"');
    }
}

/// As browsers read it: what has a scheme has one of these.
fn safe_link(link: &str, base: Option<&Url>) -> Option<String> {
    let link = link.trim();
    match Url::options().base_url(base).parse(link) {
        Ok(url) => matches!(url.scheme(), "http" | "https" | "mailto").then(|| url.into()),
        Err(url::ParseError::RelativeUrlWithoutBase) => Some(link.to_owned()),
        Err(_) => None,
    }
}

/// Adds `text` to `out` such that it is text in HTML and XML.
pub(crate) fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
}

/// The same for what stands between double quotes.
pub(crate) fn escape_quoted(text: &str, out: &mut String) {
    for (place, part) in text.split('"').enumerate() {
        if place > 0 {
            out.push_str("&quot;");
        }
        escape(part, out);
    }
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
