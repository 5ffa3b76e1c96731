//! The MCP tools, with their arguments and their bounded results.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rmcp::handler::server::tool::{schema_for_output, schema_for_type};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::quote::{Untrusted, cleaned};
use crate::api::Api;
use crate::api::search::{DEFAULT_HITS, Mode, SearchAnswer, SearchRequest, Sort};
use crate::api::status::Status;
use crate::api::submit::{Receipt, Submission};
use crate::api::view::{ArticleView, Found};
use crate::error::ApiError;

/// The most hits: about 8,000 tokens.
const MAX_HITS: usize = 20;
/// The most of one field of a hit.
const MAX_HIT_CHARS: usize = 500;
/// The most of an article's text, about 5,000 tokens.
const MAX_TEXT_CHARS: usize = 20_000;
/// Topics of a concise article.
const CONCISE_TOPICS: usize = 3;
/// The longest wait of a submission for its decision; the configuration may set a shorter one.
const MAX_DECISION_WAIT: Duration = Duration::from_secs(10);

/// The amount of detail wanted in an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ResponseFormat {
    /// The fields needed to choose.
    #[default]
    Concise,
    /// Everything.
    Detailed,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchArticles {
    /// The words to look for. "several words" stand together, -word must not occur. Filters:
    /// site:example.com lang:en topic:sport person:"Ada Lovelace" sentiment:negative date:P7D
    /// date:2026-11-01..2026-11-15; OR and parentheses. Filters alone list the newest.
    query: String,
    /// The number of articles, 1 to 20; 10 if absent.
    limit: Option<usize>,
    /// hybrid (by words and meaning), vector (by meaning) or text (by words).
    #[serde(default)]
    mode: Mode,
    /// The order: relevance, newest or oldest.
    sort: Option<Sort>,
    /// The cursor of the answer before, for the next page.
    cursor: Option<String>,
    #[serde(default)]
    response_format: ResponseFormat,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetArticle {
    /// 32 hexadecimal digits, from a search result.
    id: String,
    /// concise: without the text. detailed: with up to 20,000 characters of it.
    #[serde(default)]
    response_format: ResponseFormat,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PipelineStatus {}

/// A tool with its arguments.
pub(super) enum Call {
    Search(SearchArticles),
    Get(GetArticle),
    Submit(Box<Submission>),
    Status(PipelineStatus),
}

impl Call {
    /// `None` if there is no such tool.
    pub(super) fn read(name: &str, arguments: JsonObject) -> Option<Result<Self, ApiError>> {
        Some(match name {
            "search_articles" => read(arguments).map(Self::Search),
            "get_article" => read(arguments).map(Self::Get),
            "submit_article" => {
                read(arguments).map(|submission| Self::Submit(Box::new(submission)))
            }
            "pipeline_status" => read(arguments).map(Self::Status),
            _ => return None,
        })
    }

    pub(super) async fn answer(self, api: &Api) -> Result<Value, ApiError> {
        match self {
            Self::Search(arguments) => search(api, arguments).await,
            Self::Get(arguments) => get(api, arguments).await,
            Self::Submit(submission) => {
                let receipt = api.submit(*submission, decision_wait(api)).await?;
                value(&receipt, MAX_HIT_CHARS)
            }
            Self::Status(PipelineStatus {}) => value(&api.status().await?, MAX_HIT_CHARS),
        }
    }
}

/// Returns the longest time that `submit_article` waits for a decision.
pub(super) fn decision_wait(api: &Api) -> Duration {
    MAX_DECISION_WAIT.min(Duration::from_secs(api.config.max_wait_s))
}

async fn search(api: &Api, arguments: SearchArticles) -> Result<Value, ApiError> {
    let limit = arguments.limit.unwrap_or(DEFAULT_HITS);
    if limit > MAX_HITS {
        let message = format!("limit is {limit}; ask for 1 to {MAX_HITS} articles");
        return Err(ApiError::Invalid(message));
    }
    let request = SearchRequest {
        query: arguments.query,
        limit,
        mode: arguments.mode,
        sort: arguments.sort,
        cursor: arguments.cursor,
        ..SearchRequest::default()
    };
    let mut answer = Box::pin(api.search(&request)).await?;
    if arguments.response_format == ResponseFormat::Concise {
        answer.hits.iter_mut().for_each(shorten_hit);
    }
    value(&Untrusted::new(answer), MAX_HIT_CHARS)
}

fn shorten_hit(hit: &mut Found) {
    hit.site_name = None;
    hit.language = None;
    hit.text_rank = None;
    hit.vector_rank = None;
    hit.title_highlights.clear();
    hit.snippet_highlights.clear();
}

async fn get(api: &Api, arguments: GetArticle) -> Result<Value, ApiError> {
    let mut article = api.article(&arguments.id, None).await?;
    match arguments.response_format {
        ResponseFormat::Concise => {
            article.text = None;
            article.analysis.topics.truncate(CONCISE_TOPICS);
            article.analysis.models.clear();
        }
        ResponseFormat::Detailed => {
            let is_cut =
                article.text.as_ref().is_some_and(|t| t.chars().nth(MAX_TEXT_CHARS).is_some());
            article.truncated |= is_cut;
            article.text_truncated |= is_cut;
        }
    }
    value(&Untrusted::new(article), MAX_TEXT_CHARS)
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ApiError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        ApiError::Invalid(format!("{error}; see the tool's input schema and call it again"))
    })
}

fn value<T: Serialize>(answer: &T, max_chars: usize) -> Result<Value, ApiError> {
    let value = serde_json::to_value(answer);
    // Plain structs with text keys: no input can make them fail.
    value.map(|value| cleaned(value, max_chars)).map_err(|_| ApiError::Panicked)
}

/// All tools, always in this order.
pub(super) fn all() -> Vec<Tool> {
    let looks = |title: &str| {
        ToolAnnotations::with_title(title).read_only(true).idempotent(true).open_world(false)
    };
    let submits = ToolAnnotations::with_title("Submit an article")
        .read_only(false)
        .destructive(false)
        .idempotent(true)
        .open_world(false);
    vec![
        tool::<SearchArticles, Untrusted<SearchAnswer>>(
            "search_articles",
            "Search stored news articles by words and by meaning. Returns ids, titles, URLs and \
             snippets, the best first. `degraded` says if the search could not use meaning.",
            looks("Search articles").destructive(false),
        ),
        tool::<GetArticle, Untrusted<ArticleView>>(
            "get_article",
            "Get one stored article by its id: metadata, summary, key phrases, topics; with \
             response_format=detailed also its text and all topic scores.",
            looks("Get an article").destructive(false),
        ),
        tool::<Submission, Receipt>(
            "submit_article",
            "Submit a news article as plain text. Waits for the decision: new, revision, \
             syndicated, duplicate or refused. It is found by search some seconds later. \
             Submitting the same article again changes nothing.",
            submits,
        ),
        tool::<PipelineStatus, Status>(
            "pipeline_status",
            "See how the news pipeline stands: queues with depth and age, how much is stored, \
             and whether it takes more articles now.",
            looks("Pipeline status").destructive(false),
        ),
    ]
}

fn tool<A: JsonSchema + 'static, R: JsonSchema + 'static>(
    name: &'static str,
    description: &'static str,
    annotations: ToolAnnotations,
) -> Tool {
    let input = without_title(schema_for_type::<A>());
    Tool::new_with_raw(name, Some(Cow::Borrowed(description)), input)
        .with_raw_output_schema(bare(schema_for_output::<R>()))
        .with_annotations(annotations)
}

/// The schema of an answer without its descriptions: each list of tools costs a model its room,
/// and the names of the fields say enough.
fn bare(schema: Arc<JsonObject>) -> Arc<JsonObject> {
    let mut schema = Value::Object(Arc::unwrap_or_clone(schema));
    strip_descriptions(&mut schema);
    match schema {
        Value::Object(schema) => Arc::new(schema),
        _ => unreachable!("an object was put in"),
    }
}

fn strip_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            // A field may have this name: its schema is an object.
            if members.get("description").is_some_and(Value::is_string) {
                members.remove("description");
            }
            members.values_mut().for_each(strip_descriptions);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_descriptions),
        _ => {}
    }
}

/// The names of our types tell a model nothing.
fn without_title(schema: Arc<JsonObject>) -> Arc<JsonObject> {
    let mut schema = Arc::unwrap_or_clone(schema);
    schema.remove("title");
    schema.remove("description");
    Arc::new(schema)
}
