//! `courant delete`: deletes articles of a running service, by name or by a question.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use courant_api::deletions::{Deletion, DeletionRequest, DeletionState};

use crate::http;
use crate::paper::harmless_text;
use crate::sources::service;

#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The ids of articles, or their first digits
    #[arg(required_unless_present = "query", value_name = "ID")]
    ids: Vec<String>,
    /// Delete all articles that fulfil this question
    #[arg(long, value_name = "QUERY", conflicts_with = "ids")]
    query: Option<String>,
    /// Count the articles that fulfil the question, and delete none
    #[arg(long, requires = "query")]
    dry_run: bool,
    /// Delete only if as many articles fulfil the question
    #[arg(long, requires = "query", value_name = "N")]
    expect: Option<u64>,
    /// A code for the log: letters, digits, - and _
    #[arg(long, default_value = "", hide_default_value = true, value_name = "CODE")]
    reason: String,
    /// The service, as http://127.0.0.1:8080 [default: the one that runs on the data folder]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The data folder of the service [default: courant-data]
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &DeleteArgs) -> anyhow::Result<()> {
    http::block_on(async {
        let server = service(args.server.as_deref(), args.data.as_deref()).await?;
        if let Some(q) = &args.query {
            let request = DeletionRequest {
                q: q.clone(),
                reason: args.reason.clone(),
                dry_run: args.dry_run,
                expect: args.expect,
                ..DeletionRequest::default()
            };
            return show(&server.post("/v1/deletions", &request).await?, args.json);
        }
        for id in &args.ids {
            let is_id = !id.is_empty() && id.chars().all(|digit| digit.is_ascii_hexdigit());
            ensure!(is_id, "{id:?} is no id; give 8 to 32 hexadecimal digits");
            let path = format!("/v1/articles/{id}?reason={}", checked(&args.reason)?);
            show(&server.delete_with_answer(&path).await?, args.json)?;
        }
        Ok(())
    })
}

/// Returns the code if it is one, because it becomes a part of a URL.
fn checked(reason: &str) -> anyhow::Result<&str> {
    let is_code = reason.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    ensure!(is_code, "--reason {reason:?}: a code has letters, digits, - and _");
    Ok(reason)
}

fn show(deletion: &Deletion, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        outln!("{}", serde_json::to_string_pretty(deletion)?);
        return Ok(());
    }
    for example in &deletion.examples {
        outln!("{}  {}", example.id, harmless_text(&example.title));
    }
    let done = match deletion.state {
        DeletionState::Counted => "would be deleted",
        DeletionState::Requested => "to be deleted",
        DeletionState::Deleted => "deleted",
    };
    match deletion.articles {
        1 => outln!("one article {done}"),
        articles => outln!("{articles} articles {done}"),
    }
    Ok(())
}
