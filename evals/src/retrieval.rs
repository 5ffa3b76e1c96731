//! `courant-eval retrieval`: measures what a search finds, by words, by vectors and by both, beside
//! `bm25s`.
//!
//! The sets are `xquad`, questions on passages, and `stories-basil`, the headline of an article on
//! the articles of two other publishers. Both are searched as the gateway searches them.

pub(crate) mod across;
mod archive;
mod known;
mod languages;
mod peers;
mod related;
mod scores;
mod sets;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use courant_article::Embedding;
use courant_query::Query;
use courant_search::{Question, SearchMode};
use tokio::runtime::Runtime;

use crate::report::Report;
use archive::Archive;
use known::KnownArticles;
use peers::Peers;
use scores::{mean, ndcg};
use sets::Set;

/// The lead over each of the others that the project works towards.
const LEAD: f64 = 0.03;

/// The arguments that choose what is compared.
#[derive(Debug, Args)]
pub(crate) struct RetrievalArgs {
    /// The rankings that `evals/peers/rank.py` made
    #[arg(long, value_name = "FILE", default_value = ".deps/peers/bm25s.jsonl")]
    peers: PathBuf,
}

/// Measures the search on every set that is present.
///
/// # Errors
/// Fails if a data set that is present cannot be read or searched.
pub(crate) fn run(data: &Path, args: &RetrievalArgs, misses: bool) -> Result<Report> {
    let mut report = Report::default();
    let sets = sets::read(data)?;
    let peers = Peers::read(&args.peers)?;
    let runtime = Runtime::new()?;
    if !sets.is_empty() {
        let mut known = KnownArticles::open(data)?;
        for set in &sets {
            measure(&mut report, &runtime, &mut known, set, &peers, misses)?;
        }
    }
    languages::measure(&mut report, &runtime, data, &peers, misses)?;
    Ok(report)
}

fn measure(
    report: &mut Report,
    runtime: &Runtime,
    known: &mut KnownArticles,
    set: &Set,
    peers: &Peers,
    misses: bool,
) -> Result<()> {
    let records = known.of(&set.documents)?;
    let vectors = known.vectors(&set.questions)?;
    runtime.block_on(async {
        let archive = Archive::of(&records).await?;
        compare(report, &archive, set, &vectors, peers, misses).await?;
        shown(report, &archive, set, misses).await?;
        if set.has_events {
            related::measure(report, &archive, set, &records).await?;
        }
        Ok(())
    })
}

async fn compare(
    report: &mut Report,
    archive: &Archive,
    set: &Set,
    vectors: &[Embedding],
    peers: &Peers,
    misses: bool,
) -> Result<()> {
    let name = set.name;
    let words = by(SearchMode::Text, archive, set, vectors, false).await?;
    let near = by(SearchMode::Vector, archive, set, vectors, false).await?;
    let both = by(SearchMode::Hybrid, archive, set, vectors, misses).await?;
    report.state(format!("{name}, nDCG@10: words"), words);
    report.state("  vectors", near);
    let mut best = near;
    if let Some(peer) = peers.ndcg(set) {
        report.state("  bm25s", peer);
        best = best.max(peer);
    }
    report.judge(format!("{name}, nDCG@10: hybrid"), both, best, best + LEAD);
    Ok(())
}

/// Measures how many of the passages that are shown with an answer say the answer.
async fn shown(report: &mut Report, archive: &Archive, set: &Set, misses: bool) -> Result<()> {
    let mut scores = Vec::new();
    for asked in set.questions.iter().filter(|asked| !asked.answers.is_empty()) {
        let passages = archive.passages(&Query::words(&asked.text), &asked.relevant).await?;
        let says = |passage: &String| asked.answers.iter().any(|answer| passage.contains(answer));
        let is_shown = passages.iter().any(says);
        if misses && !is_shown {
            println!("{}: {:?} {:?} not in {passages:?}", set.name, asked.text, asked.answers);
        }
        scores.push(f64::from(u8::from(is_shown)));
    }
    if !scores.is_empty() {
        report.state(format!("{}: passages shown that say the answer", set.name), mean(&scores));
    }
    Ok(())
}

async fn by(
    mode: SearchMode,
    archive: &Archive,
    set: &Set,
    vectors: &[Embedding],
    misses: bool,
) -> Result<f64> {
    let mut scores = Vec::with_capacity(set.questions.len());
    for (asked, vector) in set.questions.iter().zip(vectors) {
        let query = Query::words(&asked.text);
        let question = Question { query, vector: Some(vector.clone()), mode, recency: None };
        let found = archive.rank(&question).await?;
        let score = ndcg(&found, asked);
        if misses && score < 1.0 {
            println!("{}: {score:.3}: {}", set.name, asked.text);
        }
        scores.push(score);
    }
    Ok(mean(&scores))
}
