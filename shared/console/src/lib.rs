//! The console: the pages at which people read, search and look after Courant.
//!
//! Each page is made on the server from answers of the HTTP interface, which it asks within the
//! process (`ask.rs`), so that a page shows nothing that a program could not get. Every control is a
//! link or a form. The one script adds keys, live news and dates in the reader's zone; it makes
//! elements and text nodes, and never parses HTML.

mod article;
mod ask;
mod assets;
mod card;
mod chart;
mod choice;
mod compare;
mod dates;
mod diff;
mod facets;
mod failure;
mod first;
mod form;
mod history;
mod marks;
mod now;
mod page;
mod pieces;
mod pipeline;
mod plain;
mod reader;
mod same_origin;
mod search;
mod settings;
mod sources;
mod subject;
mod texts;
mod wall;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use courant_telemetry::Clock;

use ask::Console;

/// Returns the pages. They ask `api`, the routes of the HTTP interface.
pub fn pages(api: Router, clock: Clock) -> Router {
    let reading = Router::new()
        .route("/", get(now::show))
        .route("/search", get(search::show))
        .route("/articles/{id}", get(article::show))
        .route("/articles/{id}/versions", get(history::show))
        .route("/names/{kind}/{name}", get(subject::name))
        .route("/topics/{code}", get(subject::topic))
        .route("/sites/{site}", get(subject::site))
        .route("/collection", get(marks::show))
        .route("/collection.md", get(marks::markdown))
        .route("/compare", get(compare::show))
        .route("/sources", get(sources::show))
        .route("/pipeline", get(pipeline::show))
        .route("/settings", get(settings::show))
        .route("/wall", get(wall::show));
    let changing = Router::new()
        .route("/sources", post(sources::add))
        .route("/sources/list", post(sources::take_over))
        .route("/sources/page", post(sources::submit))
        .route("/sources/{id}", post(sources::change))
        .route("/pipeline/letters/{number}", post(pipeline::change_letter))
        .route("/collection/{id}", post(marks::change))
        .route("/settings", post(settings::change))
        .route_layer(from_fn(same_origin::check));
    reading
        .merge(changing)
        .with_state(Console::new(api, clock))
        .route("/assets/{name}", get(assets::show))
}
