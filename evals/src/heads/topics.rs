//! Trains topics on labelled lines.

use anyhow::{Context, Result, ensure};
use courant_article::IPTC_TOPICS;
use courant_heads::file::{HeadFile, TrainingData, fold, sha256};
use courant_heads::topics::{Facets, TopicExample, TopicHead};
use serde::Deserialize;

use super::{PARTS, VectorCache};
use crate::report::Report;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    text: String,
    vector: Option<Vec<f32>>,
    topic: String,
}

/// Trains the facets, starting from the topics' descriptions. A fifth of the lines is held back to
/// measure before and after.
pub(crate) fn train(
    report: &mut Report,
    vectors: &mut VectorCache,
    lines: &str,
) -> Result<HeadFile> {
    let (held_back, seen): (Vec<_>, Vec<_>) =
        lines.lines().partition(|line| fold(line, 0, PARTS) == 0);
    let (seen, held_back) = (examples(vectors, &seen)?, examples(vectors, &held_back)?);
    let start = Facets::of_descriptions(&vectors.definitions()?);
    let start = start.context("one vector per definition")?;
    let data = TrainingData {
        name: "labelled lines".into(),
        sha256: sha256(lines.as_bytes()),
        examples: seen.len(),
        held_back: held_back.len(),
    };
    let encoder = vectors.encoder();
    let head = TopicHead::learn(&start, &seen, &held_back, encoder, &["en"], data)?;
    let (before, after) = (start.scores(&held_back), &head.file().scores);
    report.state("topics, top-1 of 17, held-back fifth, trained", after["accuracy"]);
    report.state("  by the descriptions alone", before["accuracy"]);
    Ok(head.file().clone())
}

fn examples(vectors: &mut VectorCache, lines: &[&str]) -> Result<Vec<TopicExample>> {
    let lines: Vec<Line> = lines
        .iter()
        .map(|line| serde_json::from_str(line).context("a line is no labelled text"))
        .collect::<Result<_>>()?;
    let dimension = vectors.encoder().dimension;
    let texts: Vec<&str> =
        lines.iter().filter(|line| line.vector.is_none()).map(|line| line.text.as_str()).collect();
    let mut embedded = vectors.of(&texts)?.into_iter();
    let example = |line: &Line| {
        let topic = IPTC_TOPICS.iter().position(|topic| topic.code == line.topic);
        let topic = topic.with_context(|| format!("the topic {} is unknown", line.topic))?;
        let vector = match &line.vector {
            Some(vector) => vector.clone(),
            None => {
                let embeddings = embedded.next().expect("each text without vector was embedded");
                embeddings.vector.as_slice().to_vec()
            }
        };
        ensure!(vector.len() == dimension, "a vector has {} values", vector.len());
        Ok(TopicExample { vector, topic })
    };
    lines.iter().map(example).collect()
}
