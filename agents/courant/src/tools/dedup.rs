//! `courant dedup`: finds the articles on standard input that repeat earlier ones.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use courant_article::{ArticleId, Decision, Revision};
use courant_dedup::{Ledger, NearConfig};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_lines::JsonLines;
use crate::jsonl;

#[derive(Debug, Args)]
pub(crate) struct DedupArgs {
    #[command(flatten)]
    lines: JsonLines,
}

#[derive(Deserialize)]
struct DedupInput {
    id: Value,
    url: String,
    text: String,
}

#[derive(Serialize)]
struct DedupOutput {
    id: Value,
    decision: Decision,
    of: Option<Value>,
    /// The share of the shorter text that the longer one contains; 1 for the same text. Absent if
    /// no earlier article matched.
    score: Option<f32>,
}

/// The gateway's index of articles, with the ids of the lines.
struct Index {
    ledger: Ledger,
    /// The first line of each article's cluster.
    lines: HashMap<ArticleId, Value>,
    /// The number of lines so far, which serves as the observation time of the next line.
    seen: i64,
}

/// Decides on each line in the order of arrival, with a fresh index.
pub(crate) fn run(_: &DedupArgs) -> anyhow::Result<()> {
    let index = Mutex::new(Index::new());
    // The result depends on the order of the lines, so one thread does the work despite `--jobs`.
    jsonl::each_line(std::num::NonZeroUsize::MIN, |question: DedupInput| {
        index.lock().unwrap_or_else(PoisonError::into_inner).decide(question)
    })
}

impl Index {
    fn new() -> Self {
        let ledger = Ledger::new(&NearConfig::default());
        Self { ledger, lines: HashMap::new(), seen: 0 }
    }

    fn decide(&mut self, question: DedupInput) -> anyhow::Result<DedupOutput> {
        let url = courant_dedup::canonicalize(&question.url)?;
        self.seen += 1;
        let judged = self.ledger.judge(&url, &question.text, Revision(self.seen));
        let of = judged.verdict.of.and_then(|first| self.lines.get(&first)).cloned();
        let line = of.clone().unwrap_or_else(|| question.id.clone());
        self.lines.insert(ArticleId::of(&url), line);
        let decision = judged.verdict.decision;
        Ok(DedupOutput { id: question.id, decision, of, score: judged.score })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(index: &mut Index, id: u32, url: &str, text: &str) -> (Decision, Option<Value>) {
        let question = DedupInput { id: id.into(), url: url.into(), text: text.into() };
        let answer = index.decide(question).unwrap();
        (answer.decision, answer.of)
    }

    #[test]
    fn a_near_text_names_the_line_of_its_first() {
        let mut index = Index::new();
        let words = |range: std::ops::Range<u32>| -> String {
            range.map(|number| format!("word{number} ")).collect()
        };
        let mut next = |id, url, text: &str| decide(&mut index, id, url, text);
        assert_eq!(next(1, "https://a.example/x", &words(0..100)), (Decision::New, None));
        let cut = next(2, "https://a.example/print/x", &words(0..80));
        assert_eq!(cut, (Decision::Duplicate, Some(1.into())));
        let copied = next(3, "https://b.example/x", &words(5..105));
        assert_eq!(copied, (Decision::Syndicated, Some(1.into())));
        let grown = next(4, "https://b.example/x", &words(5..120));
        assert_eq!(grown, (Decision::Revision, Some(1.into())));
        assert_eq!(next(5, "https://b.example/y", &words(500..600)), (Decision::New, None));
    }

    #[test]
    fn decisions_follow_the_identity_rules() {
        let mut index = Index::new();
        let mut next = |id, url, text| decide(&mut index, id, url, text);
        assert_eq!(next(1, "https://a.example/x", "One text."), (Decision::New, None));
        let again = next(2, "https://a.example/x?utm_source=y", "One text.");
        assert_eq!(again, (Decision::Duplicate, Some(1.into())));
        let moved = next(3, "https://a.example/print/x", "One  text.");
        assert_eq!(moved, (Decision::Duplicate, Some(1.into())));
        let copied = next(4, "https://b.example/x", "One text.");
        assert_eq!(copied, (Decision::Syndicated, Some(1.into())));
        let changed = next(5, "https://a.example/x", "Another text.");
        assert_eq!(changed, (Decision::Revision, Some(1.into())));
    }
}
