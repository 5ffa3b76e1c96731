//! Topics learned from labelled lines.

use anyhow::{Context, Result, ensure};
use courant_article::IPTC_TOPICS;
use courant_heads::file::{HeadFile, TrainingData, fold, sha256};
use courant_heads::matrix::Matrix;
use courant_heads::topics::{Facets, TopicExample, TopicFit};
use serde::Deserialize;

use super::{PARTS, Vectors};
use crate::report::Report;

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    text: String,
    vector: Option<Vec<f32>>,
    topic: String,
}

/// Moves the facets of the topics' descriptions to where the lines tell topics
/// apart. A fifth of the lines is held back to measure before and after.
pub(crate) fn train(report: &mut Report, vectors: &mut Vectors, lines: &str) -> Result<HeadFile> {
    let (held_back, seen): (Vec<_>, Vec<_>) =
        lines.lines().partition(|line| fold(line, 0, PARTS) == 0);
    let (seen, held_back) = (examples(vectors, &seen)?, examples(vectors, &held_back)?);
    let mut rows = Matrix::new(vectors.encoder().dimension);
    vectors.definitions()?.iter().for_each(|vector| rows.push(vector.as_slice()));
    let start = Facets::new(rows, Facets::iptc_sizes()).context("one vector per definition")?;
    let fit = TopicFit::default();
    let trained = start.fitted(&seen, fit);
    let data = TrainingData {
        name: "labelled lines".into(),
        sha256: sha256(lines.as_bytes()),
        examples: seen.len(),
        held_back: held_back.len(),
    };
    let mut file = trained.to_file(vectors.encoder(), &["en"], data);
    if !held_back.is_empty() {
        let after = accuracy(&trained, &held_back, fit.temperature);
        report.state("topics, top-1 of 17, held-back fifth, trained", after);
        let before = accuracy(&start, &held_back, fit.temperature);
        report.state("  by the descriptions alone", before);
        file.scores.insert("accuracy".into(), super::rounded(after));
    }
    Ok(file)
}

fn examples(vectors: &mut Vectors, lines: &[&str]) -> Result<Vec<TopicExample>> {
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

fn accuracy(facets: &Facets, examples: &[TopicExample], temperature: f32) -> f64 {
    let is_right = |example: &&TopicExample| {
        let shares = facets.shares(&example.vector, temperature);
        shares.iter().all(|share| *share <= shares[example.topic])
    };
    examples.iter().filter(is_right).count() as f64 / examples.len() as f64
}
