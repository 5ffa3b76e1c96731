//! Feeds in XML.

use std::fmt::Write;

use super::channel::{Channel, ChannelItem};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
/// RFC 822 with a year of four digits, as RSS has it.
const RSS_TIME: &str = "%a, %d %b %Y %H:%M:%S +0000";

/// An XML document that is being written.
struct Document(String);

impl Document {
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn element(&mut self, name: &str, text: &str) {
        // Writing to a string does not fail.
        let _written = writeln!(self.0, "<{name}>{}</{name}>", escaped(text));
    }

    /// An element without content, whose one attribute that varies comes last.
    fn empty(&mut self, start: &str, name: &str, value: &str) {
        let _written = writeln!(self.0, "<{start} {name}=\"{}\"/>", escaped(value));
    }
}

pub(super) fn rss(channel: &Channel) -> String {
    let mut document = Document(HEAD.to_owned());
    document.raw(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n",
    );
    document.element("title", &channel.title);
    document.element("link", &channel.address);
    document.element("description", &channel.title);
    let own = "atom:link rel=\"self\" type=\"application/rss+xml\"";
    document.empty(own, "href", &channel.address);
    document.element("lastBuildDate", &channel.updated().strftime(RSS_TIME).to_string());
    for item in &channel.items {
        document.raw("<item>\n");
        document.element("title", &item.title);
        document.element("link", &item.url);
        let _written = writeln!(document.0, "<guid isPermaLink=\"false\">{}</guid>", item.urn());
        document.element("pubDate", &item.time.strftime(RSS_TIME).to_string());
        document.element("description", &item.summary);
        if let Some(name) = &item.site_name {
            document.element("dc:publisher", name);
        }
        if let Some(language) = &item.language {
            document.element("dc:language", language);
        }
        document.raw("</item>\n");
    }
    document.raw("</channel>\n</rss>\n");
    document.0
}

pub(super) fn atom(channel: &Channel) -> String {
    let mut document = Document(HEAD.to_owned());
    document.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\">\n");
    document.element("title", &channel.title);
    document.element("id", &channel.address);
    document.empty("link rel=\"self\" type=\"application/atom+xml\"", "href", &channel.address);
    document.element("updated", &channel.updated().to_string());
    document.raw("<author><name>Courant</name></author>\n");
    for item in &channel.items {
        atom_entry(&mut document, item);
    }
    document.raw("</feed>\n");
    document.0
}

fn atom_entry(document: &mut Document, item: &ChannelItem) {
    match &item.language {
        Some(language) => {
            let _written = writeln!(document.0, "<entry xml:lang=\"{}\">", escaped(language));
        }
        None => document.raw("<entry>\n"),
    }
    document.element("title", &item.title);
    document.element("id", &item.urn());
    document.empty("link rel=\"alternate\"", "href", &item.url);
    document.element("updated", &item.time.to_string());
    document.element("published", &item.time.to_string());
    if let Some(name) = &item.site_name {
        let _written = writeln!(document.0, "<author><name>{}</name></author>", escaped(name));
    }
    document.element("summary", &item.summary);
    document.raw("</entry>\n");
}

pub(super) fn open_search(base: &str) -> String {
    let mut document = Document(HEAD.to_owned());
    document.raw("<OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n");
    document.element("ShortName", "Courant");
    document.element("Description", "Searches news articles");
    document.element("InputEncoding", "UTF-8");
    let page = format!("{base}/search?q={{searchTerms}}");
    document.empty("Url type=\"text/html\"", "template", &page);
    for (media_type, format) in [("application/rss+xml", "rss"), ("application/atom+xml", "atom")] {
        let template = format!("{base}/v1/feed?q={{searchTerms}}&format={format}");
        document.empty(&format!("Url type=\"{media_type}\""), "template", &template);
    }
    document.raw("</OpenSearchDescription>\n");
    document.0
}

/// Returns a text as content or attribute, without characters that XML does not have.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => {}
            character if character.is_control() => {}
            character => escaped.push(character),
        }
    }
    escaped
}
