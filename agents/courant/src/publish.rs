//! `courant publish`: submits one article.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use courant_article::{ContentHash, Decision, Entry, PublishedAt, Revision, Text};
use courant_bus::MessageId;
use courant_dedup::canonicalize;
use courant_proto::v1;
use courant_telemetry::{Clock, Meters};
use serde::Serialize;

use crate::config_args::ConfigArgs;
use crate::http;
use crate::intake::{Intake, IntakeArgs};

/// The longest wait for the decision.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest text that is read. A longer one is a mistake. The pipeline itself cuts texts at
/// 256 KiB.
const MAX_TEXT_BYTES: u64 = 16 << 20;

#[derive(Debug, Args)]
pub(crate) struct PublishArgs {
    /// The article's plain text, UTF-8 [default: standard input]
    #[arg(value_name = "FILE")]
    text: Option<PathBuf>,
    /// The article's address, http or https
    #[arg(long, value_name = "URL")]
    url: String,
    /// The headline
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// The name of an author; repeat it for more
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// When it was published, RFC 3339 or a date
    #[arg(long, value_name = "TIME")]
    published_at: Option<PublishedAt>,
    /// ISO 639-1, such as en
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// The publisher's name
    #[arg(long, value_name = "NAME")]
    site_name: Option<String>,
    #[command(flatten)]
    intake: IntakeArgs,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The decision on the article.
#[derive(Serialize)]
struct Published {
    decision: &'static str,
    /// The id of the article; empty if it was refused.
    article_id: String,
    /// The id of the article that it copies; empty if it is not a copy.
    of: String,
    /// The reason for a refusal, else empty.
    reason: String,
}

/// Submits the article and prints the decision.
pub(crate) fn run(args: &PublishArgs) -> anyhow::Result<()> {
    http::install_crypto();
    let document = args.config.load()?;
    let entry = entry(args, Clock::system().unix_ms())?;
    let published = http::block_on(async {
        let meter = Meters::new("courant")?.meter();
        let mut intake = Intake::open(&args.intake, &document, &meter).await?;
        let id = MessageId::new(format!("{}:publish", entry.submission_id));
        intake.submit(&id, v1::Entry::from(entry)).await?;
        let decided = tokio::time::timeout(PATIENCE, intake.decision()).await;
        intake.close().await?;
        let late = || format!("submitted, but no gateway decided within {PATIENCE:?}");
        Published::of(decided.with_context(late)??)
    })?;
    if args.json {
        outln!("{}", serde_json::to_string_pretty(&published)?);
    }
    match published.decision {
        "refused" => bail!("the article was refused: {}", published.reason),
        _ if !args.json => outln!("{}", published.line()),
        _ => {}
    }
    Ok(())
}

fn entry(args: &PublishArgs, now_ms: i64) -> anyhow::Result<Entry> {
    canonicalize(&args.url).map_err(|error| anyhow!("--url {}: {error}", args.url))?;
    let text = text(args.text.as_deref())?;
    if text.trim().is_empty() {
        bail!("the text is empty");
    }
    let said = ContentHash::of_normalized(&format!("{}\n{}\n{text}", args.url, args.title));
    Ok(Entry {
        submission_id: format!("{said}-{now_ms}"),
        url: args.url.clone(),
        title: args.title.clone(),
        authors: args.authors.clone(),
        published_at: args.published_at.clone(),
        language: args.language.clone(),
        site_name: args.site_name.clone(),
        text: Text::new(text),
        observed_at: Revision(now_ms),
        source: "courant publish".into(),
        ..Entry::default()
    }
    .bounded())
}

fn text(file: Option<&Path>) -> anyhow::Result<String> {
    let (name, input): (_, Box<dyn Read>) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {name}"))?;
            (name, Box::new(file))
        }
        None => ("standard input".to_owned(), Box::new(std::io::stdin().lock())),
    };
    let mut text = String::new();
    let read = input.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {name}"))?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        bail!("{name} has more than {} MiB", MAX_TEXT_BYTES >> 20);
    }
    Ok(text)
}

impl Published {
    fn of(event: v1::EntryDecided) -> anyhow::Result<Self> {
        let decision = Decision::try_from(event.decision())?.as_str();
        let v1::EntryDecided { article_id, of, reason, .. } = event;
        Ok(Self { decision, article_id, of, reason })
    }

    fn line(&self) -> String {
        let Self { decision, article_id, of, .. } = self;
        match of.as_str() {
            "" => format!("{decision}  {article_id}"),
            of if of == article_id => format!("{decision}  {article_id}  it is known already"),
            of => format!("{decision}  {article_id}  a copy of {of}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_article_is_called_a_copy_of_itself() {
        let line = |article_id: &str, of: &str| {
            let (article_id, of) = (article_id.to_owned(), of.to_owned());
            Published { decision: "duplicate", article_id, of, reason: String::new() }.line()
        };
        assert_eq!(line("a", "a"), "duplicate  a  it is known already");
        assert_eq!(line("b", "a"), "duplicate  b  a copy of a");
        assert_eq!(line("a", ""), "duplicate  a");
    }
}
