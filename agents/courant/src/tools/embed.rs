//! `courant embed`: embeds the texts on standard input.

use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json_lines::JsonLines;
use crate::config_args::ConfigArgs;
use crate::{assemble, jsonl};

#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    #[command(flatten)]
    lines: JsonLines,
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Deserialize)]
struct EmbedInput {
    id: Value,
    text: String,
}

#[derive(Serialize)]
struct EmbedOutput {
    id: Value,
    vector: Vec<f32>,
    tokens: u32,
    chunks: usize,
}

/// Embeds the text of each line, as the pipeline would.
pub(crate) fn run(args: &EmbedArgs) -> anyhow::Result<()> {
    let tool = assemble::Tool::load(&args.config.load()?)?;
    jsonl::each_line(args.lines.jobs, |question: EmbedInput| {
        let document = tool.embed(&question.text)?;
        Ok(EmbedOutput {
            id: question.id,
            tokens: document.chunks.iter().map(|chunk| chunk.tokens).sum(),
            chunks: document.chunks.len(),
            vector: document.embeddings.vector.as_slice().to_vec(),
        })
    })
}
