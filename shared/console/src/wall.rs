//! Wall: the newest articles for a display that nobody touches.

use askama::Template;
use axum::http::Uri;
use axum::response::Response;
use courant_api::search::SearchAnswer;

use crate::ask::Archive;
use crate::card::Card;
use crate::choice::Choice;
use crate::failure;
use crate::now;
use crate::page::{Screen, Shell, answer};
use crate::reader::Reader;

/// The articles that fit.
const SHOWN: &str = "9";

#[derive(Template)]
#[template(path = "wall.html")]
struct Page {
    shell: Shell,
    cards: Vec<Card>,
    time: String,
    date: String,
}

/// Shows the newest articles of a choice.
pub(crate) async fn show(archive: Archive, reader: Reader, uri: Uri) -> Response {
    let choice = Choice::of(&uri, &[]);
    let mut params = choice.params();
    params.extend([("sort", "newest"), ("limit", SHOWN)]);
    let found = match archive.get::<SearchAnswer>("/v1/search", &params).await {
        Ok(found) => found,
        Err(problem) => return failure::page(&reader, &problem),
    };
    let cards = match now::cards(&archive, &reader, &found, "").await {
        Ok(cards) => cards,
        Err(problem) => return failure::page(&reader, &problem),
    };
    let shell = Shell::new(&reader, Screen::Other, reader.texts.say("wall"));
    let local = reader.calendar.now.to_zoned(reader.calendar.zone.clone());
    answer(&Page {
        shell: Shell { refresh_s: 60, ..shell },
        cards,
        time: reader.calendar.clock_time(reader.calendar.now),
        date: reader.calendar.date(local.date()),
    })
}
