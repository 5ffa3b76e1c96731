//! `courant models train`: trains a head on labelled texts.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use courant_heads::entities::{self, Provenance};
use courant_heads::file::TrainingData;
use courant_heads::metrics::Scores;
use courant_heads::sentiment::SentimentHead;
use courant_heads::topics::TopicHead;
use courant_heads::{Head, HeadTask};
use courant_inference::FrozenEncoder;
use serde::Serialize;

use super::labelled::{LabelledFile, LabelledTexts, descriptions};
use super::setup::Setup;

pub(super) const HELP: &str = "\
The file holds a JSON object a line; a fifth of the texts, chosen by their hash, is held
back to measure on. The same file and encoder give the same bytes.
  sentiment  {\"text\": \"…\", \"label\": \"negative\"}            or neutral, positive
  topics     {\"text\": \"…\", \"label\": \"medtop:15000000\"}     or its name, as sport
  entities   {\"text\": \"…\", \"spans\": [{\"start\": 0, \"end\": 8, \"kind\": \"person\"}]}
             in code points; or organization, location

Example:
  courant models train sentiment --data labelled.jsonl";

#[derive(Debug, Args)]
pub(super) struct TrainArgs {
    /// The task that the head learns
    what: Kind,
    /// The labelled texts
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The file to write [default: it is kept in the folder of heads]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// ISO 639-1 codes of the texts' languages: articles in others get no
    /// sentiment, or no topics
    #[arg(long, value_name = "CODE", default_value = "en", value_delimiter = ',')]
    languages: Vec<String>,
    #[command(flatten)]
    setup: Setup,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Sentiment,
    Topics,
    Entities,
}

impl Kind {
    fn task(self) -> HeadTask {
        match self {
            Self::Sentiment => HeadTask::Sentiment,
            Self::Topics => HeadTask::Topics,
            Self::Entities => HeadTask::Entities,
        }
    }
}

#[derive(Serialize)]
struct Trained {
    name: &'static str,
    version: String,
    file: PathBuf,
    /// True if the head is among the kept heads, where `courant models promote` finds it.
    kept: bool,
    encoder: String,
    data_sha256: String,
    examples: usize,
    held_back: usize,
    scores: Scores,
}

pub(super) fn run(args: &TrainArgs) -> anyhow::Result<()> {
    let is_code = |code: &String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
    if let Some(other) = args.languages.iter().find(|code| !is_code(code)) {
        bail!("--languages {other} is no ISO 639-1 code");
    }
    let loaded = args.setup.load()?;
    let task = args.what.task();
    let labelled = LabelledFile::read(&args.data, task)?;
    let held_back = labelled.held_back.len();
    let encoder = loaded.load_encoder()?;
    let head = learn(&labelled, &encoder, &args.languages)?;
    let file = match &args.out {
        Some(path) => write(path, &head.to_bytes())?,
        None => loaded.registry(task).keep(&head)?,
    };
    let trained = Trained {
        name: task.head_name(),
        version: head.version(),
        file,
        kept: args.out.is_none(),
        encoder: head.encoder().name,
        data_sha256: labelled.sha256,
        examples: head.examples(),
        held_back,
        scores: head.scores(),
    };
    args.setup.show(&trained, text)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<PathBuf> {
    std::fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path.to_owned())
}

/// Trains a head on the texts that are not held back. Stores its scores on the held-back texts in
/// it.
fn learn(
    labelled: &LabelledFile,
    encoder: &FrozenEncoder,
    languages: &[String],
) -> anyhow::Result<Head> {
    let (reference, examples) = (encoder.reference(), labelled.seen.len());
    let data = TrainingData {
        name: labelled.name.clone(),
        sha256: labelled.sha256.clone(),
        examples,
        held_back: labelled.held_back.len(),
    };
    let held_back = labelled.held_back.embed(encoder)?;
    Ok(match (labelled.seen.embed(encoder)?, held_back) {
        (LabelledTexts::Sentiment(seen), LabelledTexts::Sentiment(held_back)) => {
            let mut head = SentimentHead::learn(&seen, &held_back, reference, data)?;
            head.file_mut().languages = languages.to_vec();
            Head::Sentiment(head)
        }
        (LabelledTexts::Topics(seen), LabelledTexts::Topics(held_back)) => {
            let languages: Vec<&str> = languages.iter().map(String::as_str).collect();
            let start = descriptions(encoder)?;
            Head::Topics(TopicHead::learn(&start, &seen, &held_back, reference, &languages, data)?)
        }
        (LabelledTexts::Entities(seen), LabelledTexts::Entities(held_back)) => {
            let provenance = Provenance {
                encoder: reference.name,
                data_sha256: data.sha256,
                texts: examples,
                f1: None,
            };
            Head::Entities(entities::learn(seen, &held_back, provenance)?)
        }
        _ => bail!("the lines of a file are of one kind"),
    })
}

fn text(trained: &Trained) -> String {
    let Trained { name, version, file, examples, held_back, .. } = trained;
    let mut text = format!(
        "{name}@{version} learned from {examples} texts\non {held_back} that were held back:"
    );
    for (name, score) in &trained.scores {
        text += &format!(" {name} {score}");
    }
    text += &format!("\nwritten to {}\n", file.display());
    if trained.kept {
        text += &format!("to use it: courant models promote {name}@{version}\n");
    }
    text
}
