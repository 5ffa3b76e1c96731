//! Reads the sets: documents, and questions with the documents that answer them.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Documents, and questions to ask of them.
pub(super) struct Set {
    pub(super) name: &'static str,
    pub(super) documents: Vec<Document>,
    pub(super) questions: Vec<Asked>,
    /// True if the questions are headlines of documents, and the answers tell of the same event.
    pub(super) has_events: bool,
}

/// A text that can be found.
pub(super) struct Document {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) text: String,
}

/// A question with its answers.
pub(super) struct Asked {
    pub(super) id: String,
    pub(super) text: String,
    /// The documents that answer it.
    pub(super) relevant: HashSet<String>,
    /// Texts in the documents that say the answer.
    pub(super) answers: Vec<String>,
    /// Documents that count neither as answers nor as misses.
    pub(super) uncounted: HashSet<String>,
}

#[derive(Deserialize)]
struct Passage {
    id: String,
    text: String,
}

#[derive(Deserialize)]
struct PassageQuestion {
    id: String,
    passage: String,
    question: String,
    answers: Vec<String>,
}

#[derive(Deserialize)]
struct Article {
    id: String,
    event: Option<String>,
    maybe_event: Option<String>,
    title: String,
    text: String,
}

/// Returns the sets that are present. Prints a line for each that is absent.
pub(super) fn read(data: &Path) -> Result<Vec<Set>> {
    let mut sets = Vec::new();
    if present(data, "xquad") {
        let (documents, questions) = xquad(data, "en")?;
        sets.push(Set { name: "xquad en", documents, questions, has_events: false });
    }
    if present(data, "stories-basil") {
        sets.push(basil(data)?);
    }
    Ok(sets)
}

/// Prints a line if a set is absent.
pub(super) fn present(data: &Path, name: &str) -> bool {
    let folder = data.join(name);
    if !folder.is_dir() {
        println!("SKIPPED: {name} is not at {}", folder.display());
    }
    folder.is_dir()
}

/// Returns the passages of `xquad` in a language, and the questions on them.
pub(super) fn xquad(data: &Path, language: &str) -> Result<(Vec<Document>, Vec<Asked>)> {
    let file = |kind| data.join("xquad").join(format!("{kind}.{language}.jsonl"));
    let passage = |Passage { id, text }| Document { id, title: String::new(), text };
    let question = |row: PassageQuestion| Asked {
        id: row.id,
        text: row.question,
        relevant: HashSet::from([row.passage]),
        answers: row.answers,
        uncounted: HashSet::new(),
    };
    let passages = rows(&file("passages"))?.into_iter().map(passage).collect();
    let questions = rows(&file("questions"))?.into_iter().map(question).collect();
    Ok((passages, questions))
}

fn basil(data: &Path) -> Result<Set> {
    let articles: Vec<Article> = rows(&data.join("stories-basil/articles.jsonl"))?;
    let asked = articles.iter().filter_map(|article| headline(article, &articles));
    let questions = asked.collect();
    let document =
        |article: Article| Document { id: article.id, title: article.title, text: article.text };
    let documents = articles.into_iter().map(document).collect();
    Ok(Set { name: "stories-basil", documents, questions, has_events: true })
}

/// Returns the headline of an event's article as a question for the event's other articles. One
/// article has none.
fn headline(asked: &Article, articles: &[Article]) -> Option<Asked> {
    let event = asked.event.as_ref().filter(|_| !asked.title.trim().is_empty())?;
    let ids = |of: fn(&Article) -> &Option<String>| -> HashSet<String> {
        let others = articles.iter().filter(|other| other.id != asked.id);
        others.filter(|other| of(other).as_ref() == Some(event)).map(|a| a.id.clone()).collect()
    };
    let mut uncounted = ids(|article| &article.maybe_event);
    uncounted.insert(asked.id.clone());
    let relevant = ids(|article| &article.event);
    let (id, text) = (asked.id.clone(), asked.title.clone());
    Some(Asked { id, text, relevant, answers: Vec::new(), uncounted })
}

fn rows<T: DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    let lines = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let row = |line| serde_json::from_str(line).with_context(|| file.display().to_string());
    lines.lines().map(row).collect()
}
