//! Runs one extractor over pages: `courant-peers NAME < questions > answers`.
//!
//! A question is a line `{"id","url","html_path"}`, as `courant-eval questions`
//! prints it; an answer `{"id","text","title","authors","date","millis"}`. One
//! thread; `millis` is that thread's processor time from the page's bytes to the
//! answer, which other work on the machine does not lengthen as it does the clock.

use std::io::{BufRead, BufWriter, Write, stdin, stdout};
use std::panic::catch_unwind;
use std::path::PathBuf;

use anyhow::{Context, bail};
use cpu_time::ThreadTime;
use serde::{Deserialize, Serialize};
use url::Url;

mod extractors;

#[derive(Deserialize)]
struct Question {
    id: String,
    url: String,
    html_path: PathBuf,
}

/// The result of an extractor; empty if it failed.
#[derive(Debug, Default, Serialize)]
struct Found {
    text: String,
    title: Option<String>,
    authors: Vec<String>,
    /// `YYYY-MM-DD`, with or without more behind it.
    date: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    id: String,
    #[serde(flatten)]
    found: Found,
    millis: f64,
}

type Extractor = fn(&[u8], &Url) -> Option<Found>;

fn main() -> anyhow::Result<()> {
    let extractor: Extractor = match std::env::args().nth(1).as_deref() {
        Some("courant") => extractors::courant,
        Some("dom_smoothie") => extractors::dom_smoothie,
        Some("rs-trafilatura") => extractors::rs_trafilatura,
        other => bail!("{other:?} is none of courant, dom_smoothie, rs-trafilatura"),
    };
    let mut answers = BufWriter::new(stdout().lock());
    for line in stdin().lock().lines() {
        let question = serde_json::from_str(&line?).context("a line is no question")?;
        serde_json::to_writer(&mut answers, &answer(question, extractor)?)?;
        writeln!(answers)?;
    }
    Ok(answers.flush()?)
}

/// A panic of an extractor is a page where it found nothing.
fn answer(question: Question, extractor: Extractor) -> anyhow::Result<Answer> {
    let path = question.html_path.display();
    let html = std::fs::read(&question.html_path).with_context(|| format!("cannot read {path}"))?;
    let url = Url::parse(&question.url).with_context(|| format!("invalid url of {path}"))?;
    let start = ThreadTime::now();
    let found = catch_unwind(|| extractor(&html, &url)).ok().flatten().unwrap_or_default();
    Ok(Answer { id: question.id, found, millis: start.elapsed().as_secs_f64() * 1000.0 })
}
