//! Sentiment in languages that the head did not learn, on tweets.

use std::path::Path;

use anyhow::{Context, Result};
use courant_heads::file::HeadFile;
use courant_heads::sentiment::{LABELS, NAME, SentimentHead, SentimentPassage, shipped};

use super::args::MultilingualArgs;
use super::texts::{LanguageTexts, read};
use crate::heads::VectorCache;
use crate::report::Report;

pub(super) fn measure(
    report: &mut Report,
    vectors: &mut VectorCache,
    data: &Path,
    args: &MultilingualArgs,
) -> Result<()> {
    let file = match &args.sentiment {
        Some(path) => std::fs::read_to_string(path)?,
        None => shipped(&vectors.encoder().name).to_owned(),
    };
    let head = SentimentHead::from_file(HeadFile::read(&file, NAME)?)?;
    let mut sum = 0.0;
    let sets = read(data, "sentiment-multi", args.most)?;
    for LanguageTexts { language, texts } in &sets {
        let own: Vec<&str> = texts.iter().map(|text| text.text.trim()).collect();
        let passages = vectors.of(&own)?.into_iter().zip(texts).map(|(embeddings, text)| {
            let class = LABELS.iter().position(|label| *label == text.label);
            let class = class.with_context(|| format!("the label {} is unknown", text.label))?;
            Ok(SentimentPassage::new(text.text.trim(), class, &embeddings))
        });
        let found = head.scores(&passages.collect::<Result<Vec<_>>>()?)["macro_f1"];
        report.state(format!("sentiment-multi {language}: macro-F1"), found);
        sum += found;
    }
    if !sets.is_empty() {
        let mean = sum / sets.len() as f64;
        report.judge("sentiment-multi: macro-F1, mean of its languages", mean, 0.55, 0.62);
    }
    Ok(())
}
