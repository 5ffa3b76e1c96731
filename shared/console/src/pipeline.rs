//! Pipeline: queues, agents, dead letters and models, for the person who looks after Courant.

use askama::Template;

use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use courant_api::Problem;
use courant_api::dead_letters::{DeadLetterView, DeadLettersAnswer};
use courant_api::status::{AgentView, QueueView, Status};
use futures::join;
use serde::Deserialize;

use crate::ask::Archive;
use crate::dates::When;
use crate::failure;
use crate::form::Form;
use crate::page::{Screen, Shell, answer, see};
use crate::plain;
use crate::reader::Reader;

/// The dead letters that are shown.
const LETTERS: &str = "50";

#[derive(Template)]
#[template(path = "pipeline.html")]
struct Page {
    shell: Shell,
    version: String,
    level: String,
    level_word: String,
    reason: String,
    rate: String,
    articles: u64,
    fingerprints: u64,
    visits: u64,
    indexed: u64,
    behind: u64,
    rebuilding: bool,
    model: Option<String>,
    followed: u64,
    failing: u64,
    queues: Vec<Queue>,
    agents: Vec<Agent>,
    letters: Vec<Letter>,
}

struct Queue {
    name: String,
    stage: String,
    depth: u64,
    in_flight: u64,
    redelivered: u64,
    oldest: String,
    /// Per cent of its limits.
    fullness: u64,
}

struct Agent {
    name: String,
    state: String,
    state_word: String,
    uptime: String,
    succeeded: u64,
    retried: u64,
    discarded: u64,
    details: Vec<(String, String)>,
}

struct Letter {
    number: u64,
    subject: String,
    error: String,
    deliveries: u64,
    died: When,
}

/// Shows the state of the pipeline.
pub(crate) async fn show(archive: Archive, reader: Reader) -> Response {
    match Box::pin(page(&archive, &reader)).await {
        Ok(page) => answer(&page),
        Err(problem) => failure::page(&reader, &problem),
    }
}

async fn page(archive: &Archive, reader: &Reader) -> Result<Page, Problem> {
    let (status, letters) = join!(
        archive.get::<Status>("/v1/status", &[]),
        archive.get::<DeadLettersAnswer>("/v1/dead-letters", &[("limit", LETTERS)]),
    );
    let (status, letters) = (status?, letters?);
    let t = reader.texts;
    let model = status.model.as_ref().map(|model| {
        format!("{} {} · {} · {}", model.name, model.version, model.precision, model.provider)
    });
    let behind = (status.index.store_change - status.index.change).max(0).unsigned_abs();
    Ok(Page {
        shell: Shell {
            refresh_s: 15,
            ..Shell::new(reader, Screen::Pipeline, t.say("tab-pipeline"))
        },
        version: status.version,
        level_word: t.word("pressure", &status.pressure.level),
        level: status.pressure.level,
        reason: plain::line(&status.pressure.reason),
        rate: format!("{:.0}", status.pressure.suggested_rate),
        articles: status.stored.articles,
        fingerprints: status.stored.fingerprints,
        visits: status.stored.visits,
        indexed: status.index.articles,
        behind,
        rebuilding: status.index.rebuilding,
        model,
        followed: status.feeds.followed,
        failing: status.feeds.failing,
        queues: status.queues.into_iter().map(|queue| queue_row(queue, reader)).collect(),
        agents: status.agents.into_iter().map(|agent| agent_row(agent, reader)).collect(),
        letters: letters.letters.into_iter().map(|letter| letter_row(letter, reader)).collect(),
    })
}

fn queue_row(queue: QueueView, reader: &Reader) -> Queue {
    Queue {
        name: reader.texts.word("queue", &queue.stream.to_lowercase()),
        stage: queue.stage.unwrap_or_default(),
        depth: queue.depth,
        in_flight: queue.in_flight,
        redelivered: queue.redelivered,
        oldest: queue.oldest_age_s.map_or_else(String::new, |age| reader.calendar.lasting(age)),
        fullness: (queue.fullness * 100.0).round().clamp(0.0, 100.0) as u64,
    }
}

fn agent_row(agent: AgentView, reader: &Reader) -> Agent {
    Agent {
        name: agent.agent,
        state_word: reader.texts.word("agent", &agent.state),
        state: agent.state,
        uptime: reader.calendar.lasting(agent.uptime_s),
        succeeded: agent.succeeded,
        retried: agent.retried,
        discarded: agent.discarded,
        details: agent.details.into_iter().collect(),
    }
}

fn letter_row(letter: DeadLetterView, reader: &Reader) -> Letter {
    Letter {
        number: letter.number,
        subject: letter.subject,
        error: plain::line(&letter.error),
        deliveries: letter.deliveries.into(),
        died: reader.calendar.when(&letter.died_at),
    }
}

/// The field of the forms of a dead letter.
#[derive(Deserialize)]
pub(crate) struct Change {
    action: String,
}

/// Replays a dead letter, or removes it.
pub(crate) async fn change_letter(
    archive: Archive,
    reader: Reader,
    Path(number): Path<u64>,
    Form(change): Form<Change>,
) -> Response {
    let path = format!("/v1/dead-letters/{number}");
    let outcome = match change.action.as_str() {
        "remove" => archive.act(Method::DELETE, &path).await,
        _ => archive.act(Method::POST, &format!("{path}/replay")).await,
    };
    match outcome {
        Ok(()) => see("/pipeline"),
        Err(problem) => failure::page(&reader, &problem),
    }
}
