//! Measures other extractors on the same pages: writes the list of pages, and compares the answers.
//! The extractors run elsewhere (`benches/peers`) and write lines
//! `{"id","text","title","authors","date","millis"}`. `millis` is the processor time of the thread
//! that ran them.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::metadata::{self, MetadataCase};

/// The name of an extractor and the file of its answers, `NAME=FILE`.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    name: String,
    answers: PathBuf,
}

impl std::str::FromStr for Peer {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let Some((name, file)) = text.split_once('=') else { bail!("{text:?} is not NAME=FILE") };
        Ok(Self { name: name.to_owned(), answers: file.into() })
    }
}

/// Returns the pages as lines `{"id","url","html_path"}`.
pub(crate) fn questions(data: &Path) -> anyhow::Result<String> {
    let mut lines = String::new();
    for (set, cases) in sets(data)? {
        for case in cases {
            let id = format!("{set}/{}", case.name);
            writeln!(lines, "{}", json!({"id": id, "url": case.url, "html_path": case.html}))?;
        }
    }
    Ok(lines)
}

fn sets(data: &Path) -> anyhow::Result<[(&'static str, Vec<MetadataCase>); 2]> {
    Ok([("wcxb", metadata::wcxb_articles(data)?), ("trafilatura", metadata::trafilatura(data)?)])
}

/// Returns a table with one row for each extractor: text, metadata and speed on the same pages.
pub(crate) fn table(data: &Path, peers: &[Peer]) -> anyhow::Result<String> {
    let [(_, wcxb), (_, trafilatura)] = sets(data)?;
    let mut table = format!(
        "{:<16} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>8} {:>8}\n",
        "extractor", "eval F", "word F1", "title", "authors", "date", "pages/s", "p50 ms", "p99 ms"
    );
    for peer in peers {
        let answers = Answers::read(peer)?;
        let row = [
            answers.snippets_f(&trafilatura),
            answers.word_f1(&wcxb),
            answers.share(&wcxb, 0),
            answers.share(&wcxb, 1),
            answers.share(&wcxb, 2),
        ];
        write!(table, "{:<16}", peer.name)?;
        for value in row {
            write!(table, " {value:>8.4}")?;
        }
        let speed = answers.speed();
        writeln!(table, " {:>9.1} {:>8.2} {:>8.2}", speed[0], speed[1], speed[2])?;
    }
    Ok(table)
}

/// The answers of an extractor, by id.
struct Answers(HashMap<String, Value>);

impl Answers {
    fn read(peer: &Peer) -> anyhow::Result<Self> {
        let path = peer.answers.display();
        let text = std::fs::read_to_string(&peer.answers)
            .with_context(|| format!("cannot read {path}"))?;
        let mut answers = HashMap::new();
        for line in text.lines() {
            let answer: Value =
                serde_json::from_str(line).with_context(|| format!("{path}: no JSON"))?;
            let id = answer["id"].as_str().with_context(|| format!("{path}: no id"))?;
            answers.insert(id.to_owned(), answer);
        }
        Ok(Self(answers))
    }

    /// Returns the answer for a page; null if the extractor gave none.
    fn of(&self, set: &str, case: &MetadataCase) -> &Value {
        self.0.get(&format!("{set}/{}", case.name)).unwrap_or(&Value::Null)
    }

    /// Returns Trafilatura's own measure: the F score over pieces of text that must, or must not,
    /// be in the result, counted over all pages.
    fn snippets_f(&self, cases: &[MetadataCase]) -> f64 {
        let (mut right, mut missed, mut wrong) = (0.0, 0.0, 0.0);
        for case in cases {
            let text = self.of("trafilatura", case)["text"].as_str().unwrap_or_default();
            let found = |pieces: &[String]| {
                pieces.iter().filter(|piece| text.contains(piece.as_str())).count() as f64
            };
            right += found(&case.with);
            missed += case.with.len() as f64 - found(&case.with);
            wrong += found(&case.without);
        }
        2.0 * right / (2.0 * right + missed + wrong)
    }

    /// Returns the mean over pages of the F1 score of the words' multisets.
    fn word_f1(&self, cases: &[MetadataCase]) -> f64 {
        let scores = cases.iter().map(|case| {
            let found = words(self.of("wcxb", case)["text"].as_str().unwrap_or_default());
            let truth = words(&case.text);
            let all: f64 = found.values().chain(truth.values()).sum();
            let common: f64 =
                found.iter().map(|(word, count)| count.min(*truth.get(word).unwrap_or(&0.0))).sum();
            if all == 0.0 { 1.0 } else { 2.0 * common / all }
        });
        scores.sum::<f64>() / cases.len() as f64
    }

    /// Returns the share of pages where a field agrees with its truth.
    fn share(&self, cases: &[MetadataCase], field: usize) -> f64 {
        let agreed = cases.iter().filter_map(|case| {
            let truth = case.truth(field)?;
            let answer = self.of("wcxb", case);
            let names =
                || answer["authors"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let found = match field {
                0 => answer["title"].as_str().map(str::to_owned),
                1 => Some(names().collect::<Vec<_>>().join(", ")),
                _ => answer["date"].as_str().map(str::to_owned),
            };
            Some(metadata::agrees(field, truth, found.as_deref()))
        });
        let agreed: Vec<bool> = agreed.collect();
        agreed.iter().filter(|agrees| **agrees).count() as f64 / agreed.len() as f64
    }

    /// Returns the pages per second, and the median and 99th percentile of the milliseconds per
    /// page.
    fn speed(&self) -> [f64; 3] {
        let mut millis: Vec<f64> =
            self.0.values().filter_map(|answer| answer["millis"].as_f64()).collect();
        millis.sort_by(f64::total_cmp);
        let at =
            |percent: usize| millis.get(millis.len() * percent / 100).copied().unwrap_or(f64::NAN);
        [1000.0 * millis.len() as f64 / millis.iter().sum::<f64>(), at(50), at(99)]
    }
}

fn words(text: &str) -> HashMap<String, f64> {
    let mut words = HashMap::new();
    for word in
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
    {
        *words.entry(word.to_lowercase()).or_insert(0.0) += 1.0;
    }
    words
}
