//! `courant dedup`

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use clap::Args;
use courant_article::{ArticleId, ContentHash, Decision};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JsonLines;
use crate::jsonl;

#[derive(Debug, Args)]
pub(crate) struct DedupArgs {
    #[command(flatten)]
    lines: JsonLines,
}

#[derive(Deserialize)]
struct Question {
    id: Value,
    url: String,
    text: String,
}

#[derive(Serialize)]
struct Answer {
    id: Value,
    decision: Decision,
    of: Option<Value>,
    /// 1 for the same text; absent where nothing was matched.
    score: Option<f32>,
}

/// What was seen, by canonical URL and by normalized text.
#[derive(Default)]
struct Index {
    articles: HashMap<ArticleId, (ContentHash, Value)>,
    texts: HashMap<ContentHash, (String, Value)>,
}

/// Decides on each line in the order of arrival, with a fresh index.
pub(crate) fn run(args: &DedupArgs) -> anyhow::Result<()> {
    args.lines.require()?;
    let index = Mutex::new(Index::default());
    // The order of arrival decides, so that one thread does it whatever `--jobs`.
    jsonl::each_line(std::num::NonZeroUsize::MIN, |question: Question| {
        index.lock().unwrap_or_else(PoisonError::into_inner).decide(question)
    })
}

impl Index {
    fn decide(&mut self, question: Question) -> anyhow::Result<Answer> {
        let url = courant_dedup::canonicalize(&question.url)?;
        let (id, hash) = (ArticleId::of(&url), courant_dedup::content_hash(&question.text));
        let site = courant_dedup::registered_domain(&url);
        let first = self.texts.get(&hash).cloned();
        let (decision, of) = match (self.articles.get(&id), first) {
            (Some((known, _)), Some((_, of))) if *known == hash => (Decision::Duplicate, Some(of)),
            (Some((_, of)), _) => (Decision::Revision, Some(of.clone())),
            (None, Some((publisher, of))) if publisher == site => (Decision::Duplicate, Some(of)),
            (None, Some((_, of))) => (Decision::Syndicated, Some(of)),
            (None, None) => (Decision::New, None),
        };
        let cluster = of.clone().unwrap_or_else(|| question.id.clone());
        self.texts.entry(hash).or_insert_with(|| (site, cluster.clone()));
        self.articles.insert(id, (hash, cluster));
        let same_text = matches!(decision, Decision::Duplicate | Decision::Syndicated);
        Ok(Answer { id: question.id, decision, of, score: same_text.then_some(1.0) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(index: &mut Index, id: u32, url: &str, text: &str) -> (Decision, Option<Value>) {
        let question = Question { id: id.into(), url: url.into(), text: text.into() };
        let answer = index.decide(question).unwrap();
        (answer.decision, answer.of)
    }

    #[test]
    fn decisions_follow_the_identity_rules() {
        let mut index = Index::default();
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
