//! fastembed with its defaults on Courant's encoder, as a peer of
//! `courant-bench inference`: `fastembed-peer FOLDER TEXTS`. `FOLDER` is what
//! `plain_graph.py` wrote, `TEXTS` a file with a text per line. For each line on the
//! standard input it embeds all texts and prints the seconds that took.

use std::io::{Write, stdin, stdout};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use fastembed::{
    InitOptionsUserDefined, Pooling, TextEmbedding, TokenizerFiles, UserDefinedEmbeddingModel,
};

/// The length at which Courant's encoder cuts texts.
const MAX_TOKENS: usize = 256;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("no folder")?;
    let texts = arguments.next().context("no file of texts")?;
    let texts = std::fs::read_to_string(&texts).with_context(|| format!("cannot read {texts}"))?;
    let texts: Vec<&str> = texts.lines().collect();
    let mut encoder = load(Path::new(&folder))?;
    for line in stdin().lines() {
        line?;
        let start = Instant::now();
        let vectors = encoder.embed(&texts, None)?;
        let seconds = start.elapsed().as_secs_f64();
        ensure!(vectors.len() == texts.len(), "{} of {} vectors", vectors.len(), texts.len());
        println!("{seconds}");
        stdout().flush()?;
    }
    Ok(())
}

fn load(folder: &Path) -> anyhow::Result<TextEmbedding> {
    let read = |name: &str| {
        std::fs::read(folder.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let tokenizer_files = TokenizerFiles {
        tokenizer_file: read("tokenizer.json")?,
        config_file: read("config.json")?,
        special_tokens_map_file: b"{}".to_vec(),
        tokenizer_config_file: br#"{"model_max_length":256,"pad_token":"[PAD]"}"#.to_vec(),
    };
    let model = UserDefinedEmbeddingModel::new(read("plain.onnx")?, tokenizer_files)
        .with_external_initializer("encoder.weights".into(), read("encoder.weights")?)
        .with_pooling(Pooling::Mean);
    let options = InitOptionsUserDefined::new().with_max_length(MAX_TOKENS);
    Ok(TextEmbedding::try_new_from_user_defined(model, options)?)
}
