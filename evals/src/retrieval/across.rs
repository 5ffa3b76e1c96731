//! Measures searches across the languages of `xquad`, by words and vectors together:
//! questions in ten languages on English passages, English questions on passages in each of the
//! ten, and translations of a question's passage among the first articles.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use courant_article::Embedding;
use courant_query::Query;
use courant_search::{Question, SearchMode};
use courant_store::StoredArticle;
use tokio::runtime::Runtime;

use super::archive::Archive;
use super::known::KnownArticles;
use super::scores::{mean, ndcg};
use super::sets::{Asked, Document, present, xquad};
use crate::report::Report;

/// The languages that are asked in, and searched.
const TEN: [&str; 10] = ["ar", "de", "el", "es", "hi", "ro", "ru", "tr", "vi", "zh"];
/// The languages of the translations that should stand first.
const SIX: [&str; 6] = ["de", "es", "ru", "zh", "ar", "hi"];
/// Questions whose passage's translations are looked for.
const FORTY: usize = 40;

#[derive(Debug, Args)]
pub(crate) struct AcrossArgs {
    /// The most questions of each language
    #[arg(long, value_name = "N", default_value_t = 565)]
    questions: usize,
}

/// The passages and questions of one language.
struct Language {
    passages: Vec<StoredArticle>,
    questions: Vec<Asked>,
    vectors: Vec<Embedding>,
}

/// Measures with the encoder that the environment names.
pub(crate) fn run(data: &Path, args: &AcrossArgs) -> Result<Report> {
    let mut report = Report::default();
    if !present(data, "xquad") {
        return Ok(report);
    }
    let mut known = KnownArticles::open(data)?;
    let english = language(&mut known, data, "en", args.questions)?;
    let others = TEN.iter().map(|code| language(&mut known, data, code, args.questions));
    let others = others.collect::<Result<Vec<Language>>>()?;
    Runtime::new()?.block_on(measure(&mut report, &english, &others))?;
    Ok(report)
}

fn language(known: &mut KnownArticles, data: &Path, code: &str, most: usize) -> Result<Language> {
    let (passages, mut questions) = xquad(data, code)?;
    let passages: Vec<Document> = passages
        .into_iter()
        .map(|passage| Document { id: format!("{code}/{}", passage.id), ..passage })
        .collect();
    questions.truncate(most);
    for asked in &mut questions {
        asked.answers.clear();
    }
    Ok(Language { passages: known.of(&passages)?, vectors: known.vectors(&questions)?, questions })
}

async fn measure(report: &mut Report, english: &Language, others: &[Language]) -> Result<()> {
    let archive = Archive::of(&english.passages).await?;
    for mode in [SearchMode::Vector, SearchMode::Hybrid] {
        let (mut to_english, mut from_english) = (Vec::new(), Vec::new());
        for (code, language) in TEN.iter().zip(others) {
            to_english.push(found(&archive, language, "en", mode).await?);
            let own = Archive::of(&language.passages).await?;
            from_english.push(found(&own, english, code, mode).await?);
        }
        let name = format!("{mode:?}").to_lowercase();
        let to = format!("xquad, ten languages on English, nDCG@10: {name}");
        let from = format!("xquad, English on ten languages, nDCG@10: {name}");
        if mode == SearchMode::Hybrid {
            report.judge(to, mean(&to_english), 0.75, 0.85);
            report.judge(from, mean(&from_english), 0.75, 0.85);
        } else {
            report.state(to, mean(&to_english));
            report.state(from, mean(&from_english));
        }
    }
    translations(report, english, others).await
}

/// Asks the questions of one language in an archive of passages in the language `code`.
async fn found(archive: &Archive, asking: &Language, code: &str, mode: SearchMode) -> Result<f64> {
    let mut scores = Vec::new();
    for (asked, vector) in asking.questions.iter().zip(&asking.vectors) {
        let ranking = archive.rank(&question(asked, vector, mode)).await?;
        scores.push(ndcg(&ranking, &in_language(asked, &[code])));
    }
    Ok(mean(&scores))
}

async fn translations(report: &mut Report, english: &Language, others: &[Language]) -> Result<()> {
    let own = TEN.iter().zip(others).filter(|(code, _)| SIX.contains(code));
    let passages: Vec<StoredArticle> =
        own.flat_map(|(_, language)| language.passages.iter().cloned()).collect();
    let archive = Archive::of(&passages).await?;
    let mut shares = Vec::new();
    for (asked, vector) in english.questions.iter().zip(&english.vectors).take(FORTY) {
        let ranking = archive.rank(&question(asked, vector, SearchMode::Hybrid)).await?;
        let wanted = in_language(asked, &SIX).relevant;
        let first = ranking.iter().take(SIX.len());
        let right = first.filter(|id| wanted.contains(**id)).count();
        shares.push(right as f64 / SIX.len() as f64);
    }
    let measure = "forty questions, their passages in six languages first";
    report.judge(measure, mean(&shares), 0.95, 1.0);
    Ok(())
}

fn question(asked: &Asked, vector: &Embedding, mode: SearchMode) -> Question {
    let query = Query::words(&asked.text);
    Question { query, vector: Some(vector.clone()), mode, recency: None }
}

fn in_language(asked: &Asked, codes: &[&str]) -> Asked {
    Asked {
        id: asked.id.clone(),
        text: asked.text.clone(),
        relevant: codes
            .iter()
            .flat_map(|code| asked.relevant.iter().map(move |id| format!("{code}/{id}")))
            .collect(),
        answers: Vec::new(),
        uncounted: asked.uncounted.clone(),
    }
}
