//! `courant sources`: lists and changes the sources of a running service.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use courant_api::sources::{NewSource, SourceChange, SourceView, SourcesPage, TakenOver};
use serde::Serialize;
use url::Url;

use crate::data;
use crate::http::{self, Server};
use crate::paper::harmless_text;
use crate::service::running;

/// The least digits of an id.
const MIN_ID_DIGITS: usize = 8;

#[derive(Debug, Args)]
pub(crate) struct SourcesArgs {
    #[command(subcommand)]
    call: Call,
    /// The service, as http://127.0.0.1:8080 [default: the one that runs on the data folder]
    #[arg(long, value_name = "URL", global = true)]
    server: Option<String>,
    /// The data folder of the service [default: courant-data]
    #[arg(long, value_name = "DIR", global = true, conflicts_with = "server")]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Call {
    /// List the sources, with the reasons why some fail
    List {
        /// Those with this tag alone
        #[arg(long)]
        tag: Option<String>,
    },
    /// Follow a source from now on
    Add {
        /// The address of a feed, sitemap, site, OPML file or list of URLs
        url: String,
        /// A word by which people find it; may be given several times
        #[arg(long)]
        tag: Vec<String>,
    },
    /// Follow the feeds of an OPML file from now on
    Import {
        /// The file
        file: PathBuf,
    },
    /// Stop looking at a source
    Pause {
        /// Its address or id
        source: String,
    },
    /// Look at a source again, also at one that has ended
    Resume {
        /// Its address or id
        source: String,
    },
    /// Look at a source now, also at one that has ended
    Check {
        /// Its address or id
        source: String,
    },
    /// Follow a source no longer
    Remove {
        /// Its address or id
        source: String,
    },
    /// Set the tags of a source; none removes them
    Tag {
        /// Its address or id
        source: String,
        /// The tags
        tags: Vec<String>,
    },
}

pub(crate) fn run(args: &SourcesArgs) -> anyhow::Result<()> {
    http::block_on(async {
        let server = service(args.server.as_deref(), args.data.as_deref()).await?;
        match &args.call {
            Call::List { tag } => list(&server, tag.as_deref(), args.json).await,
            Call::Add { url, tag } => {
                let new = NewSource { url: url.clone(), tags: tag.clone() };
                let source: SourceView = server.post("/v1/sources", &new).await?;
                show(&source, args.json, line)
            }
            Call::Import { file } => {
                let name = file.display();
                let opml = std::fs::read(file).with_context(|| format!("cannot read {name}"))?;
                let taken: TakenOver = server.post_opml("/v1/sources/opml", opml).await?;
                show(&taken, args.json, taken_over)
            }
            Call::Pause { source } => change(&server, source, paused(true), args.json).await,
            Call::Resume { source } => change(&server, source, paused(false), args.json).await,
            Call::Tag { source, tags } => {
                let tags = SourceChange { tags: Some(tags.clone()), ..SourceChange::default() };
                change(&server, source, tags, args.json).await
            }
            Call::Check { source } => {
                let path = format!("{}/check", path_of(source)?);
                let source: SourceView = server.post(&path, &()).await?;
                noteln!("The crawler was asked to look at {} now", harmless_text(&source.url));
                show(&source, args.json, line)
            }
            Call::Remove { source } => {
                server.delete(&path_of(source)?).await?;
                outln!("removed");
                Ok(())
            }
        }
    })
}

fn paused(paused: bool) -> SourceChange {
    SourceChange { paused: Some(paused), ..SourceChange::default() }
}

/// Returns the service that was named, else the one that runs on the data folder.
pub(crate) async fn service(server: Option<&str>, data: Option<&Path>) -> anyhow::Result<Server> {
    if let Some(server) = server {
        return Server::at(server);
    }
    let folder = data::or_default(data);
    match running(folder).await? {
        Some(server) => Ok(server),
        None => bail!(
            "no service runs on {}; start it with `courant run`, or name one with --server",
            folder.display()
        ),
    }
}

async fn list(server: &Server, tag: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let mut sources = Vec::new();
    let mut after = String::new();
    loop {
        let mut query = vec![("after", after.clone())];
        query.extend(tag.map(|tag| ("tag", tag.to_owned())));
        let page: SourcesPage = server.read("/v1/sources", &query).await?;
        sources.extend(page.sources);
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    show(&sources, as_json, |sources| match sources.as_slice() {
        [] => "  no sources\n".to_owned(),
        sources => sources.iter().map(line).collect(),
    })
}

async fn change(
    server: &Server,
    source: &str,
    change: SourceChange,
    as_json: bool,
) -> anyhow::Result<()> {
    let source: SourceView = server.patch(&path_of(source)?, &change).await?;
    show(&source, as_json, line)
}

/// Returns the path of a source that is named by its address or its id.
fn path_of(source: &str) -> anyhow::Result<String> {
    if source.contains("://") {
        let mut url = Url::parse(source).with_context(|| format!("{source:?} is no address"))?;
        url.set_fragment(None);
        return Ok(format!("/v1/sources/{}", SourceView::id_of(url.as_str())));
    }
    let is_id = source.len() >= MIN_ID_DIGITS && source.bytes().all(|c| c.is_ascii_hexdigit());
    if !is_id {
        bail!("{source:?} is neither an address nor an id; `courant sources list --json` has both");
    }
    Ok(format!("/v1/sources/{source}"))
}

fn show<T: Serialize>(
    shown: &T,
    as_json: bool,
    text: impl FnOnce(&T) -> String,
) -> anyhow::Result<()> {
    match as_json {
        true => outln!("{}", serde_json::to_string_pretty(shown)?),
        false => out!("{}", text(shown)),
    }
    Ok(())
}

fn line(source: &SourceView) -> String {
    let next = source.next_check_at.as_deref().unwrap_or_default();
    let tags: String = source.tags.iter().map(|tag| format!("  #{}", harmless_text(tag))).collect();
    let problem = match &source.problem {
        Some(problem) if source.failures > 0 => {
            format!("  ({} times in a row: {})", source.failures, harmless_text(problem))
        }
        _ => String::new(),
    };
    let state = source.state.as_str();
    format!("{state:<8}  {next:<20}  {}{tags}{problem}\n", harmless_text(&source.url))
}

fn taken_over(taken: &TakenOver) -> String {
    let TakenOver { added, known, refused } = taken;
    format!("{added} added, {known} followed before, {refused} no sources\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_by_its_address_or_its_id() {
        let id = SourceView::id_of("https://a.example/feed");
        let path = format!("/v1/sources/{id}");
        assert_eq!(path_of("https://A.example/feed#x").unwrap(), path);
        assert_eq!(path_of(&id).unwrap(), path);
        for wrong in ["", "a.example", "0f11", "../../status"] {
            assert!(path_of(wrong).is_err(), "{wrong}");
        }
    }
}
