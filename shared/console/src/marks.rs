//! Collections: the articles that a reader marked. The marks are kept in the reader's browser, since
//! the console knows no people yet.

use std::fmt::Write;

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use courant_api::articles::ArticleView;
use futures::future::join_all;
use serde::Deserialize;

use crate::ask::Archive;
use crate::card::{Card, article_path};
use crate::form::Form;
use crate::page::{Screen, Shell, answer, see, with_cookie};
use crate::plain;
use crate::reader::{MARKS, MAX_MARKS, Reader, set_cookie};

/// The digits of an id that a mark keeps.
const DIGITS: usize = 16;

#[derive(Template)]
#[template(path = "marks.html")]
struct Page {
    shell: Shell,
    cards: Vec<Card>,
    /// Marked articles that the archive no longer has.
    gone: u64,
    is_full: bool,
}

/// Shows the marked articles, the latest mark first.
pub(crate) async fn show(archive: Archive, reader: Reader) -> Response {
    let articles = marked(&archive, &reader).await;
    let gone = reader.marks.len() - articles.len();
    let card = |article: &ArticleView| {
        let mut card = Card::of_article(article, &reader);
        card.enrich(article, &reader);
        card
    };
    answer(&Page {
        shell: Shell::new(&reader, Screen::Collections, reader.texts.say("tab-collections")),
        cards: articles.iter().map(card).collect(),
        gone: gone as u64,
        is_full: reader.marks.len() >= MAX_MARKS,
    })
}

async fn marked(archive: &Archive, reader: &Reader) -> Vec<ArticleView> {
    let articles = reader.marks.iter().map(async |id| {
        // An article may have been deleted since it was marked.
        archive.get::<ArticleView>(&format!("/v1{}", article_path(id)), &[]).await.ok()
    });
    join_all(articles).await.into_iter().flatten().collect()
}

/// Writes the marked articles as Markdown.
pub(crate) async fn markdown(archive: Archive, reader: Reader) -> Response {
    let mut written = format!("# {}\n", reader.texts.say("tab-collections"));
    for article in marked(&archive, &reader).await {
        // Writing into a String cannot fail.
        let _ = write!(written, "\n## {}\n\n", escaped(&article.title));
        let place = [article.site_name.clone(), article.published_at.clone()];
        let place: Vec<String> = place.iter().flatten().map(|text| escaped(text)).collect();
        let _ = writeln!(written, "{}", place.join(", "));
        if let Some(address) = plain::web_address(&article.url) {
            let _ = writeln!(written, "<{address}>");
        }
        for sentence in &article.analysis.summary {
            let _ = write!(written, "\n- {}", escaped(&sentence.text));
        }
        written.push('\n');
    }
    let headers = [
        (header::CONTENT_TYPE, "text/markdown; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"courant.md\""),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    (headers, written).into_response()
}

/// Writes a text so that no sign of it is one of Markdown's.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in plain::line(text).chars() {
        if c.is_ascii_punctuation() && !",.;:'?".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The page to which the reader returns.
#[derive(Deserialize)]
pub(crate) struct Marked {
    #[serde(default)]
    back: String,
}

/// Marks an article, or takes its mark off.
pub(crate) async fn change(
    reader: Reader,
    Path(id): Path<String>,
    Form(Marked { back }): Form<Marked>,
) -> Response {
    let is_own = back.starts_with('/') && !back.starts_with("//") && !back.contains('\\');
    let response = see(if is_own { &back } else { "/collection" });
    let id: String = id.chars().filter(char::is_ascii_hexdigit).take(DIGITS).collect();
    if id.len() < DIGITS {
        return response;
    }
    let mut marks = reader.marks.clone();
    if reader.has_marked(&id) {
        marks.retain(|known| !known.starts_with(&id) && !id.starts_with(known.as_str()));
    } else {
        marks.insert(0, id);
        marks.truncate(MAX_MARKS);
    }
    with_cookie(response, &set_cookie(MARKS, &marks.join(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_has_no_signs_of_strangers() {
        assert_eq!(
            escaped("[x](javascript:y) *b* <i>"),
            "\\[x\\]\\(javascript:y\\) \\*b\\* \\<i\\>"
        );
    }
}
