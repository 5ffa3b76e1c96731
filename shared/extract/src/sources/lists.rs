//! Lists of sources: OPML outlines and plain URL lists.

use std::borrow::Cow;
use std::ops::ControlFlow;

use html_escape::encode_double_quoted_attribute_to_string;
use url::Url;

use super::feed;
use crate::charset::{self, Site};
use crate::packing::{self, End, Unpacked};
use crate::xml::{Node, walk};

const MAX_LIST_BYTES: usize = 50 * 1024 * 1024;
const MAX_ENTRIES: usize = 100_000;

/// The reasons why bytes are no list of sources.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The list is larger than 50 MiB.
    #[error("the list has more than {MAX_LIST_BYTES} bytes")]
    TooLarge,
    /// The list is packed and cannot be unpacked.
    #[error("the list cannot be unpacked")]
    Packed,
    /// The document is not XML, and no feed was found before the fault.
    #[error("the OPML is not XML")]
    Xml(#[from] quick_xml::Error),
    /// The document has no `opml` element.
    #[error("the document is not OPML")]
    NotOpml,
    /// A line is no URL.
    #[error("line {line} is not an http or https URL: {text:?}")]
    NotUrl {
        /// The number of the line, from 1.
        line: usize,
        /// The start of the line's text.
        text: String,
    },
}

/// Returns the feeds of an OPML document, each once, in its order. The document may be packed.
///
/// # Errors
/// [`ListError`] if the document is no OPML, or is too large.
pub fn opml(bytes: &[u8]) -> Result<Vec<String>, ListError> {
    let bytes = whole(bytes)?;
    let text = charset::decode(&bytes, None, Site::default());
    let (mut is_opml, mut feeds) = (false, Vec::new());
    let walked = walk(text.trim_start(), |node| {
        if let Node::Start(name, attributes) = node {
            is_opml |= name.eq_ignore_ascii_case("opml");
            let url = attributes.get("xmlUrl").filter(|_| name.eq_ignore_ascii_case("outline"));
            feeds.extend(url.and_then(|url| feed::link(&url, None)));
        }
        if feeds.len() < MAX_ENTRIES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match walked {
        Err(error) if feeds.is_empty() => Err(error.into()),
        _ if !is_opml => Err(ListError::NotOpml),
        _ => Ok(each_once(feeds)),
    }
}

/// Returns an OPML document of these feeds, each with its title if it has one. [`opml`] and other
/// feed readers can read it.
pub fn opml_of<'a>(feeds: impl IntoIterator<Item = (&'a str, Option<&'a str>)>) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n\
         <head><title>Feeds</title></head>\n<body>\n",
    );
    for (url, title) in feeds {
        let title = title.unwrap_or(url);
        for (name, value) in [("text", title), ("title", title), ("xmlUrl", url)] {
            text.push_str(if name == "text" { "<outline type=\"rss\" " } else { " " });
            text.push_str(name);
            text.push_str("=\"");
            let value = value.replace(char::is_control, " ");
            encode_double_quoted_attribute_to_string(value, &mut text);
            text.push('"');
        }
        text.push_str("/>\n");
    }
    text + "</body>\n</opml>\n"
}

/// Returns the URLs of a text with one URL on each line, each once. The text may be packed. Blank
/// lines and lines that start with `#` are ignored.
///
/// # Errors
/// [`ListError`] names the first line that is no URL.
pub fn url_list(bytes: &[u8]) -> Result<Vec<String>, ListError> {
    let bytes = whole(bytes)?;
    let text = charset::decode(&bytes, None, Site::default());
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).enumerate();
    let urls =
        lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).map(|(at, line)| {
            let start = || line.chars().take(80).collect();
            let is_url = is_http(line);
            is_url
                .then(|| line.to_owned())
                .ok_or_else(|| ListError::NotUrl { line: at + 1, text: start() })
        });
    Ok(each_once(urls.take(MAX_ENTRIES).collect::<Result<_, _>>()?))
}

fn whole(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ListError> {
    match packing::unpacked(bytes, None, MAX_LIST_BYTES) {
        Unpacked { bytes, end: End::Whole } => Ok(bytes),
        Unpacked { end: End::Limit, .. } => Err(ListError::TooLarge),
        Unpacked { end: End::Broken, .. } => Err(ListError::Packed),
    }
}

pub(crate) fn is_http(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn each_once(urls: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    urls.into_iter().filter(|url| seen.insert(url.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opml_gives_its_feeds_in_order() {
        let text = br#"<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body>
          <outline text="News"><outline type="rss" xmlUrl="https://b.example/feed?a=1&amp;b=2"/>
          <outline type="rss" XMLURL='https://a.example/feed' title="A & B"></outline></outline>
          <outline text="again" xmlUrl="https://a.example/feed"/><outline text="none"/></body></opml>"#;
        assert_eq!(
            opml(text).unwrap(),
            ["https://b.example/feed?a=1&b=2", "https://a.example/feed"]
        );
        assert!(matches!(opml(b"<html></html>"), Err(ListError::NotOpml)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let feeds = [
            ("https://a.example/feed?a=1&b=2", Some("A \"quoted\" <title> & more")),
            ("https://b.example/", None),
        ];
        let text = opml_of(feeds);
        assert_eq!(opml(text.as_bytes()).unwrap(), feeds.map(|feed| feed.0));
        assert!(text.contains("title=\"A &quot;quoted&quot; &lt;title&gt; &amp; more\""), "{text}");
        assert_eq!(opml(opml_of([]).as_bytes()).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_url_with_control_characters_is_the_one_that_browsers_make_of_it() {
        let text = "<opml><outline xmlUrl=' https://a.example/fe&#9;ed&#16;1 '/></opml>";
        let feeds = opml(text.as_bytes()).unwrap();
        assert_eq!(feeds, ["https://a.example/feed%101"]);
        assert_eq!(opml(opml_of([(feeds[0].as_str(), None)]).as_bytes()).unwrap(), feeds);
    }

    #[test]
    fn a_url_list_names_the_line_that_is_wrong() {
        let list = "# mine\nhttps://a.example/1\r\n\n  https://a.example/2  \nhttps://a.example/1";
        assert_eq!(
            url_list(list.as_bytes()).unwrap(),
            ["https://a.example/1", "https://a.example/2"]
        );
        let error = url_list(b"https://a.example/1\nftp://x/").unwrap_err();
        assert!(matches!(error, ListError::NotUrl { line: 2, .. }), "{error}");
    }

    #[test]
    fn a_packed_list_of_another_system_is_read() {
        use std::io::Write;
        let list = "\u{feff}https://a.example/1\r\nhttps://a.example/2\r\n";
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(list.as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let expected = ["https://a.example/1", "https://a.example/2"];
        assert_eq!(url_list(&packed).unwrap(), expected);
        let wide: Vec<u8> = list.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(url_list(&wide).unwrap(), expected);
        assert!(matches!(url_list(&packed[..packed.len() / 2]), Err(ListError::Packed)));
    }
}
