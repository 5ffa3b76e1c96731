//! Measures searches by words in the other languages of `xquad`, all in one archive.

use std::path::Path;

use anyhow::Result;
use courant_article::{Analysis, Embedding, ModelRef};
use courant_query::{Condition, Query};
use courant_search::{Question, SearchMode};
use courant_store::{Config, StoredArticle};
use tokio::runtime::Runtime;

use super::archive::{Archive, stored};
use super::peers::Peers;
use super::scores::{mean, ndcg};
use super::sets::{Asked, Document, present, xquad};
use crate::report::Report;

const LANGUAGES: [&str; 12] =
    ["en", "ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh"];
/// The lead over `bm25s` that the project works towards.
const LEAD: f64 = 0.02;

/// Questions in one language, on passages in all of them.
struct Asking {
    language: &'static str,
    questions: Vec<Asked>,
}

/// Measures each language, with and without `lang:`.
pub(super) fn measure(
    report: &mut Report,
    runtime: &Runtime,
    data: &Path,
    peers: &Peers,
    misses: bool,
) -> Result<()> {
    if !present(data, "xquad") {
        return Ok(());
    }
    let mut records = Vec::new();
    let mut asking = Vec::new();
    for language in LANGUAGES {
        let (documents, questions) = xquad(data, language)?;
        records.extend(documents.into_iter().map(|document| record(document, language)));
        asking.push(Asking { language, questions });
    }
    runtime.block_on(async {
        let archive = Archive::of(&records).await?;
        for asking in &asking[1..] {
            compare(report, &archive, asking, peers, misses).await?;
        }
        Ok(())
    })
}

fn record(document: Document, language: &str) -> StoredArticle {
    let analysis = Analysis { language: Some(language.to_owned()), ..Analysis::default() };
    let document = Document { id: name(language, &document.id), ..document };
    // The encoder knows English alone, and words alone are asked for.
    let vector = Embedding::normalized(vec![0.0; Config::default().dimension]);
    stored(&document, ModelRef::default(), vector, analysis)
}

/// A passage has the same id in every language.
fn name(language: &str, id: &str) -> String {
    format!("{language}/{id}")
}

async fn compare(
    report: &mut Report,
    archive: &Archive,
    asking: &Asking,
    peers: &Peers,
    misses: bool,
) -> Result<()> {
    let language = asking.language;
    let with = by_words(archive, asking, true, misses).await?;
    let without = by_words(archive, asking, false, misses).await?;
    let measure = format!("xquad {language}, nDCG@10: words");
    let Some(peer) = peers.ndcg_of(&format!("xquad {language}"), &asking.questions) else {
        report.state(format!("{measure} with lang:"), with);
        report.state(measure, without);
        return Ok(());
    };
    report.judge(format!("{measure} with lang:"), with, peer, peer + LEAD);
    report.judge(measure, without, peer, peer + LEAD);
    Ok(())
}

async fn by_words(
    archive: &Archive,
    asking: &Asking,
    with_language: bool,
    misses: bool,
) -> Result<f64> {
    let mut scores = Vec::with_capacity(asking.questions.len());
    for asked in &asking.questions {
        let mut query = Query::words(&asked.text);
        if with_language {
            query = query.and(Query::of(Condition::Language(asking.language.to_owned())));
        }
        let question = Question { query, vector: None, mode: SearchMode::Text, recency: None };
        let found = archive.rank(&question).await?;
        let score = ndcg(&found, &in_all_languages(asked, asking.language));
        if misses && score < 1.0 {
            println!("xquad {}: {score:.3}: {}", asking.language, asked.text);
        }
        scores.push(score);
    }
    Ok(mean(&scores))
}

/// The translations of an answer count neither as answers nor as misses.
fn in_all_languages(asked: &Asked, own: &str) -> Asked {
    let names = |language: &'static str| asked.relevant.iter().map(move |id| name(language, id));
    let others = LANGUAGES.into_iter().filter(|language| *language != own);
    Asked {
        id: asked.id.clone(),
        text: asked.text.clone(),
        relevant: asked.relevant.iter().map(|id| name(own, id)).collect(),
        answers: Vec::new(),
        uncounted: others.flat_map(names).collect(),
    }
}
