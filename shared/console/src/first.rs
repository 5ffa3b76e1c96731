//! The first minutes: sources to add, and the first articles on their way.

use askama::Template;
use axum::response::Response;
use courant_api::sources::SourcesPage;
use courant_api::status::Status;

use crate::ask::Archive;
use crate::failure;
use crate::page::{Screen, Shell, answer};
use crate::reader::Reader;

#[derive(Template)]
#[template(path = "first.html")]
struct Page {
    shell: Shell,
    sources: u64,
    looked_at: u64,
    fetched: u64,
    waiting: u64,
    stored: u64,
    is_ready: bool,
    reason: String,
}

/// Shows the steps to the first article, and how far it has come.
pub(crate) async fn page(archive: &Archive, reader: &Reader, status: &Status) -> Response {
    let sources: SourcesPage = match archive.get("/v1/sources", &[]).await {
        Ok(sources) => sources,
        Err(problem) => return failure::page(reader, &problem),
    };
    let looked_at = sources.sources.iter().filter(|source| source.checked_at.is_some()).count();
    let work = status.queues.iter().filter(|queue| queue.stage.is_some());
    let waiting = work.map(|queue| queue.depth).sum();
    let is_busy = sources.total > 0 || waiting > 0 || status.stored.visits > 0;
    let shell = Shell::new(reader, Screen::Now, reader.texts.say("first-title"));
    answer(&Page {
        shell: Shell { refresh_s: if is_busy { 2 } else { 0 }, ..shell },
        sources: sources.total.max(status.feeds.followed),
        looked_at: (looked_at as u64).max(status.feeds.followed),
        fetched: status.stored.visits,
        waiting,
        stored: status.stored.articles,
        is_ready: status.model.is_some(),
        reason: status.pressure.reason.clone(),
    })
}
