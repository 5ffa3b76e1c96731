//! The extractors, each as its documentation advises for an article's text.

use ::dom_smoothie::{Config, Readability, TextMode};
use encoding_rs::Encoding;
use url::Url;

use super::Found;

/// Courant's own, bytes to page.
pub(crate) fn courant(html: &[u8], url: &Url) -> Option<Found> {
    let page = courant_extract::page(html, None, url).ok()?;
    Some(Found {
        text: page.text,
        title: Some(page.title).filter(|title| !title.is_empty()),
        authors: page.authors,
        date: page.published_at.map(String::from),
    })
}

/// Readability's algorithm, with the text formatted: its best mode.
pub(crate) fn dom_smoothie(html: &[u8], url: &Url) -> Option<Found> {
    let config = Config { text_mode: TextMode::Formatted, ..Config::default() };
    let html = decoded(html);
    let article = Readability::new(html, Some(url.as_str()), Some(config)).ok()?.parse().ok()?;
    Some(Found {
        text: article.text_content.to_string(),
        title: Some(article.title),
        authors: article.byline.into_iter().collect(),
        date: article.published_time,
    })
}

/// The Rust port of trafilatura, which decodes by itself.
pub(crate) fn rs_trafilatura(html: &[u8], url: &Url) -> Option<Found> {
    let options = rs_trafilatura::Options {
        url: Some(url.as_str().to_owned()),
        include_comments: false,
        ..rs_trafilatura::Options::default()
    };
    let result = rs_trafilatura::extract_bytes_with_options(html, &options).ok()?;
    Some(Found {
        text: result.content_text,
        title: result.metadata.title,
        authors: result.metadata.author.into_iter().collect(),
        date: result.metadata.date.map(|date| date.format("%Y-%m-%d").to_string()),
    })
}

/// UTF-8 where it is, else the charset that the first kilobyte names.
fn decoded(html: &[u8]) -> String {
    let head = String::from_utf8_lossy(&html[..html.len().min(1024)]).to_ascii_lowercase();
    let named = head.split_once("charset=").map(|(_, rest)| rest.trim_start_matches(['"', '\'']));
    let label = named.and_then(|rest| rest.split(['"', '\'', ';', ' ', '>', '/']).next());
    let encoding = label.and_then(|label| Encoding::for_label(label.as_bytes()));
    match std::str::from_utf8(html) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding.unwrap_or(encoding_rs::WINDOWS_1252).decode(html).0.into_owned(),
    }
}
