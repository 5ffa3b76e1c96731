//! The rankings of another search, made by `evals/peers/rank.py`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::scores::{mean, ndcg};
use super::sets::{Asked, Set};

/// The ids of the documents that were found, best first, by set and question.
pub(super) struct Peers(HashMap<(String, String), Vec<String>>);

#[derive(Deserialize)]
struct Line {
    set: String,
    question: String,
    ranking: Vec<String>,
}

impl Peers {
    /// Reads the file. Prints a line if it is absent.
    pub(super) fn read(file: &Path) -> Result<Self> {
        if !file.is_file() {
            println!("SKIPPED: the rankings of bm25s are not at {}", file.display());
            return Ok(Self(HashMap::new()));
        }
        let lines = fs::read_to_string(file)?;
        let entry = |line| {
            let Line { set, question, ranking } = serde_json::from_str(line)?;
            Ok(((set, question), ranking))
        };
        let read: Result<_> = lines.lines().map(entry).collect();
        Ok(Self(read.with_context(|| file.display().to_string())?))
    }

    /// Returns the mean over a set's questions; `None` if one was not asked.
    pub(super) fn ndcg(&self, set: &Set) -> Option<f64> {
        self.ndcg_of(set.name, &set.questions)
    }

    /// Returns the mean over the questions; `None` if one was not asked.
    pub(super) fn ndcg_of(&self, set: &str, questions: &[Asked]) -> Option<f64> {
        let score = |asked: &Asked| {
            let ranking = self.0.get(&(set.to_owned(), asked.id.clone()))?;
            Some(ndcg(ranking, asked))
        };
        let scores: Option<Vec<f64>> = questions.iter().map(score).collect();
        scores.map(|scores| mean(&scores))
    }
}
