//! The versions of an article, and what each changed.

use std::collections::HashSet;

use courant_api::articles::RevisionView;
use courant_mcp::answer::result;
use courant_mcp::budget::{Form, ResponseFormat};
use courant_mcp::left_out::LeftOut;
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use unicode_segmentation::UnicodeSegmentation;

use crate::api::Api;
use crate::error::ApiError;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ArticleRevisions {
    /// The id in a search result.
    id: Option<String>,
    /// Its address, instead of the id.
    url: Option<String>,
    #[serde(default)]
    response_format: ResponseFormat,
}

/// A version of an article.
#[derive(Debug, Serialize)]
struct Version {
    observed_at: String,
    title: String,
    /// Characters of the text.
    length: usize,
    /// The sentences that the version before had and this one has not, and the other way round.
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    title_before: Option<String>,
    removed: Vec<String>,
    added: Vec<String>,
    /// Further sentences that were removed or added.
    #[serde(skip_serializing_if = "is_zero")]
    further: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Lists the versions, the newest first.
pub(super) async fn answer(
    api: &Api,
    arguments: ArticleRevisions,
) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let id = match (arguments.id, arguments.url) {
        (Some(id), None) => id,
        (None, Some(url)) => api.article_at(&url).await?.id,
        _ => return Err(ApiError::Invalid("give an id or a url, and not both".into())),
    };
    let kept = api.revisions(&id).await?;
    let total = kept.revisions.len();
    let mut left_out = LeftOut::default();
    let most = format.choose(5, 20);
    let mut versions: Vec<Version> = kept
        .revisions
        .iter()
        .enumerate()
        .take(most + 1)
        .map(|(place, version)| view(version, kept.revisions.get(place + 1), format))
        .collect();
    if total > most {
        versions.truncate(most);
        left_out.note("revisions", format!("{most} of {total} shown"));
    }
    let view = json!({
        "id": kept.id,
        "total": total,
        "revisions": versions,
        "note": "get_article with as_of=observed_at shows a version in full",
        "left_out": left_out.into_notes(),
    });
    Ok(result(&view, format, Form::Text)?)
}

fn view(version: &RevisionView, before: Option<&RevisionView>, format: ResponseFormat) -> Version {
    Version {
        observed_at: version.observed_at.clone(),
        title: version.title.clone(),
        length: version.length,
        change: before.map(|before| change(before, version, format.choose(5, 20))),
    }
}

fn change(before: &RevisionView, after: &RevisionView, most: usize) -> Change {
    let (old, new) = (sentences(&before.text), sentences(&after.text));
    let mut removed = missing(&old, &new);
    let mut added = missing(&new, &old);
    let further = removed.len().saturating_sub(most) + added.len().saturating_sub(most);
    removed.truncate(most);
    added.truncate(most);
    let title_before = Some(before.title.clone()).filter(|title| *title != after.title);
    Change { title_before, removed, added, further }
}

fn sentences(text: &str) -> Vec<&str> {
    let lines = text.lines().flat_map(UnicodeSegmentation::unicode_sentences);
    lines.map(str::trim).filter(|sentence| !sentence.is_empty()).collect()
}

/// The sentences of `these` that `those` have not.
fn missing(these: &[&str], those: &[&str]) -> Vec<String> {
    let known: HashSet<&str> = those.iter().copied().collect();
    these.iter().filter(|one| !known.contains(*one)).map(|one| (*one).to_owned()).collect()
}
