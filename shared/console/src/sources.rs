//! Sources: those that the crawler follows, and forms that add, check, pause and remove them.

use askama::Template;

use axum::extract::Path;
use axum::http::{Method, Uri};
use axum::response::Response;
use courant_api::Problem;
use courant_api::sources::{
    NewSource, SourceChange, SourceOrigin, SourceState, SourceView, SourcesPage, TakenOver,
};
use courant_api::submissions::Receipt;
use serde::Deserialize;
use serde_json::json;

use crate::ask::{Archive, segment, with_query};
use crate::card::Link;
use crate::choice::Choice;
use crate::dates::When;
use crate::failure;
use crate::form::Form;
use crate::page::{Screen, Shell, answer, see};
use crate::plain;
use crate::reader::Reader;

const PATH: &str = "/sources";
/// The seconds that a submitted address waits for its decision.
const WAIT_S: &str = "0";

#[derive(Template)]
#[template(path = "sources.html")]
struct Page {
    shell: Shell,
    /// The outcome of the form before.
    done: Option<String>,
    rows: Vec<Row>,
    total: u64,
    failing: u64,
    tag: Option<String>,
    next: Option<String>,
}

struct Row {
    id: String,
    url: String,
    href: Option<String>,
    site: Option<String>,
    kind: String,
    state: String,
    state_word: String,
    problem: Option<String>,
    failures: u64,
    checked: Option<When>,
    next: Option<When>,
    tags: Vec<Link>,
    tag_text: String,
    is_paused: bool,
    /// True if the configuration alone changes it.
    is_fixed: bool,
}

/// Shows the sources.
pub(crate) async fn show(archive: Archive, reader: Reader, uri: Uri) -> Response {
    let choice = Choice::of(&uri, &["tag", "after", "done", "count"]);
    let parts = ["tag", "after"].into_iter();
    let params: Vec<(&str, &str)> =
        parts.filter_map(|name| Some((name, choice.other(name)?))).collect();
    let page: SourcesPage = match archive.get("/v1/sources", &params).await {
        Ok(page) => page,
        Err(problem) => return failure::page(&reader, &problem),
    };
    let next = page.next.map(|after| choice.dropping("done").keeping("after", &after).href());
    let failing = page.sources.iter().filter(|source| source.state == SourceState::Failing).count();
    answer(&Page {
        shell: Shell::new(&reader, Screen::Sources, reader.texts.say("tab-sources")),
        done: outcome(&choice, &reader),
        total: page.total,
        failing: failing as u64,
        rows: page.sources.into_iter().map(|source| row(source, &reader)).collect(),
        tag: choice.other("tag").map(str::to_owned),
        next,
    })
}

/// The sentence about the outcome of the form before.
fn outcome(choice: &Choice, reader: &Reader) -> Option<String> {
    let done = choice.other("done")?;
    let count = choice.other("count").and_then(|count| count.parse().ok()).unwrap_or(0);
    let id = format!("done-{}", done.chars().filter(char::is_ascii_alphabetic).collect::<String>());
    reader.texts.has(&id).then(|| reader.texts.count(&id, &count))
}

fn row(source: SourceView, reader: &Reader) -> Row {
    let t = reader.texts;
    let when = |time: Option<String>| time.map(|time| reader.calendar.when(&time));
    Row {
        href: plain::web_address(&source.url),
        site: plain::site(&source.url),
        url: plain::line(&source.url),
        kind: if source.kind.is_empty() {
            String::new()
        } else {
            t.word("source-kind", &source.kind)
        },
        state: source.state.as_str().to_owned(),
        state_word: t.word("state", source.state.as_str()),
        problem: source.problem.as_deref().map(plain::line),
        failures: source.failures.into(),
        checked: when(source.checked_at),
        next: when(source.next_check_at),
        tag_text: source.tags.join(", "),
        tags: source.tags.iter().map(|tag| tag_link(tag)).collect(),
        is_paused: source.state == SourceState::Paused,
        is_fixed: source.origin == SourceOrigin::Configuration,
        id: source.id,
    }
}

fn tag_link(tag: &str) -> Link {
    Link { href: with_query(PATH, &[("tag", tag)]), text: plain::line(tag) }
}

/// The fields of the form that adds a source.
#[derive(Deserialize)]
pub(crate) struct Added {
    url: String,
    #[serde(default)]
    tags: String,
}

/// Adds a source.
pub(crate) async fn add(archive: Archive, reader: Reader, Form(added): Form<Added>) -> Response {
    let new = NewSource { url: complete(&added.url), tags: tags(&added.tags) };
    let added = archive.send::<SourceView>(Method::POST, "/v1/sources", &new).await;
    after(&reader, added.map(|_| ("added", 0)))
}

/// The field of the form that takes over a list.
#[derive(Deserialize)]
pub(crate) struct List {
    opml: String,
}

/// Takes over the feeds of an OPML document.
pub(crate) async fn take_over(
    archive: Archive,
    reader: Reader,
    Form(list): Form<List>,
) -> Response {
    let taken = archive.send_opml::<TakenOver>("/v1/sources/opml", list.opml).await;
    after(&reader, taken.map(|taken| ("list", taken.added)))
}

/// The field of the form that submits a page.
#[derive(Deserialize)]
pub(crate) struct Submitted {
    url: String,
}

/// Submits the address of one page.
pub(crate) async fn submit(
    archive: Archive,
    reader: Reader,
    Form(page): Form<Submitted>,
) -> Response {
    let body = json!({ "url": complete(&page.url) });
    let path = with_query("/v1/articles", &[("wait", WAIT_S)]);
    let receipt = archive.send::<Receipt>(Method::POST, &path, &body).await;
    after(&reader, receipt.map(|_| ("submitted", 0)))
}

/// The fields of the forms of one source.
#[derive(Deserialize)]
pub(crate) struct Change {
    action: String,
    #[serde(default)]
    tags: String,
}

/// Checks, pauses, resumes, tags or removes a source.
pub(crate) async fn change(
    archive: Archive,
    reader: Reader,
    Path(id): Path<String>,
    Form(change): Form<Change>,
) -> Response {
    let path = format!("/v1/sources/{}", segment(&id));
    let changed = async |change: SourceChange, done| {
        archive.send::<SourceView>(Method::PATCH, &path, &change).await.map(|_| (done, 0))
    };
    let paused = |paused| SourceChange { paused: Some(paused), ..SourceChange::default() };
    let outcome = match change.action.as_str() {
        "pause" => changed(paused(true), "paused").await,
        "resume" => changed(paused(false), "resumed").await,
        "tag" => {
            let tags = Some(tags(&change.tags));
            changed(SourceChange { tags, ..SourceChange::default() }, "tagged").await
        }
        "remove" => archive.act(Method::DELETE, &path).await.map(|()| ("removed", 0)),
        _ => archive.act(Method::POST, &format!("{path}/check")).await.map(|()| ("checked", 0)),
    };
    after(&reader, outcome)
}

fn after(reader: &Reader, outcome: Result<(&str, usize), Problem>) -> Response {
    match outcome {
        Ok((done, count)) => {
            let count = count.to_string();
            see(&with_query(PATH, &[("done", done), ("count", &count)]))
        }
        Err(problem) => failure::page(reader, &problem),
    }
}

/// People leave the scheme out.
fn complete(url: &str) -> String {
    let url = url.trim();
    if url.contains("://") { url.to_owned() } else { format!("https://{url}") }
}

fn tags(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}
