//! The versions of an article, and the difference between two of them.

use askama::Template;
use axum::extract::Path;
use axum::http::Uri;
use axum::response::Response;
use courant_api::Problem;
use courant_api::articles::{RevisionView, Revisions};

use crate::ask::{Archive, with_query};
use crate::card::article_path;
use crate::choice::Choice;
use crate::dates::When;
use crate::diff::{Change, diff};
use crate::failure;
use crate::page::{Screen, Shell, answer};
use crate::pieces::cut;
use crate::plain;
use crate::reader::Reader;

/// The most versions that are listed.
const MAX_LISTED: usize = 100;

#[derive(Template)]
#[template(path = "history.html")]
struct Page {
    shell: Shell,
    article: String,
    versions: Vec<Version>,
    headline: Vec<Change>,
    paragraphs: Vec<Vec<Change>>,
    before: When,
    after: When,
    is_one: bool,
}

struct Version {
    when: When,
    title: String,
    length: u64,
    hash: String,
    /// The page that compares it with the one before; `None` for the first.
    href: Option<String>,
    is_shown: bool,
}

/// Shows the versions, and what the chosen one changed.
pub(crate) async fn show(
    archive: Archive,
    reader: Reader,
    Path(id): Path<String>,
    uri: Uri,
) -> Response {
    let chosen = Choice::of(&uri, &["version"]).other("version").and_then(|text| text.parse().ok());
    match Box::pin(page(&archive, &reader, &id, chosen)).await {
        Ok(page) => answer(&page),
        Err(problem) => failure::page(&reader, &problem),
    }
}

async fn page(
    archive: &Archive,
    reader: &Reader,
    id: &str,
    chosen: Option<i64>,
) -> Result<Page, Problem> {
    let path = article_path(id);
    let all: Revisions = archive.get(&format!("/v1{path}/revisions"), &[]).await?;
    let all = all.revisions;
    let place = all.iter().position(|version| Some(version.revision) == chosen).unwrap_or(0);
    let missing = || Problem::new(courant_api::ErrorCode::NotFound, "the article has no versions");
    let after = all.get(place).ok_or_else(missing)?;
    let before = all.get(place + 1).unwrap_or(after);
    let title = plain::line(&after.title);
    let (headline, paragraphs) = changes(before, after);
    let listed = all.iter().take(MAX_LISTED).enumerate();
    Ok(Page {
        shell: Shell::new(reader, Screen::Other, reader.texts.with("versions-of", &title)),
        versions: listed
            .map(|(at, version)| listed_version(version, at, place, &all, &path, reader))
            .collect(),
        headline,
        paragraphs,
        before: reader.calendar.at_ms(before.revision),
        after: reader.calendar.at_ms(after.revision),
        is_one: all.len() == 1,
        article: path,
    })
}

fn listed_version(
    version: &RevisionView,
    at: usize,
    shown: usize,
    all: &[RevisionView],
    path: &str,
    reader: &Reader,
) -> Version {
    let number = version.revision.to_string();
    let href = with_query(&format!("{path}/versions"), &[("version", &number)]);
    Version {
        when: reader.calendar.at_ms(version.revision),
        title: plain::line(&version.title),
        length: version.length as u64,
        hash: version.content_hash.chars().take(12).collect(),
        href: (at + 1 < all.len()).then_some(href),
        is_shown: at == shown,
    }
}

/// The changes of headline and text, the latter by paragraphs.
fn changes(before: &RevisionView, after: &RevisionView) -> (Vec<Change>, Vec<Vec<Change>>) {
    let headline = shown(diff(&before.title, &after.title));
    let mut paragraphs = vec![Vec::new()];
    for change in diff(&before.text, &after.text) {
        let (text, make): (String, fn(String) -> Change) = match change {
            Change::Same(text) => (text, Change::Same),
            Change::Out(text) => (text, Change::Out),
            Change::In(text) => (text, Change::In),
        };
        for (place, part) in text.split('\n').enumerate() {
            if place > 0 {
                paragraphs.push(Vec::new());
            }
            if let Some(paragraph) = paragraphs.last_mut().filter(|_| !part.is_empty()) {
                paragraph.push(make(part.to_owned()));
            }
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    (headline, paragraphs.into_iter().map(shown).collect())
}

/// The changes without signs that nobody sees.
fn shown(changes: Vec<Change>) -> Vec<Change> {
    let clean = |text: &str| cut(text, &[]).into_iter().map(|piece| piece.text).collect::<String>();
    let one = |change| match change {
        Change::Same(text) => Change::Same(clean(&text)),
        Change::Out(text) => Change::Out(clean(&text)),
        Change::In(text) => Change::In(clean(&text)),
    };
    changes.into_iter().map(one).collect()
}
