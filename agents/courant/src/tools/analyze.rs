//! `courant analyze`: analyzes the texts on standard input.

use clap::Args;
use courant_analyst::Config;
use courant_article::Analysis;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_lines::JsonLines;
use crate::config_args::ConfigArgs;
use crate::{assemble, data, jsonl};

#[derive(Debug, Args)]
pub(crate) struct AnalyzeArgs {
    #[command(flatten)]
    lines: JsonLines,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Deserialize)]
struct AnalyzeInput {
    id: Value,
    #[serde(default)]
    title: String,
    text: String,
    #[serde(default)]
    declared_language: Option<String>,
}

#[derive(Serialize)]
struct AnalyzeOutput {
    id: Value,
    #[serde(flatten)]
    analysis: Analysis,
}

/// Analyzes the text of each line, as the pipeline would.
pub(crate) fn run(args: &AnalyzeArgs) -> anyhow::Result<()> {
    let heads = data::heads(data::DEFAULT.as_ref());
    let document = assemble::with_heads(&args.config.load()?, &heads)?;
    let tool = assemble::Tool::load(&document)?;
    let analyzer = tool.analyzer(document.section::<Config>("analyst")?)?;
    jsonl::each_line(args.lines.jobs, |question: AnalyzeInput| {
        let AnalyzeInput { id, title, text, declared_language } = question;
        let analysis = tool.analyze(&analyzer, &title, &text, declared_language.as_deref())?;
        Ok(AnalyzeOutput { id, analysis })
    })
}
