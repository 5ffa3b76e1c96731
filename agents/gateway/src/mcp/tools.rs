//! The MCP tools: their list, and the way from a call to its answer.

mod articles;
mod counts;
mod decision;
mod outlets;
mod pipeline;
mod revisions;
mod search;
mod sources;

use std::time::Duration;

use courant_api::sources::NewSource;
use courant_api::submissions::Submission;
use courant_mcp::answer::result;
use courant_mcp::budget::{Form, ResponseFormat};
use courant_mcp::quote::Untrusted;
use courant_mcp::schema::{adding, output, reading};
use rmcp::model::{CallToolResult, JsonObject, Tool};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::api::Api;
use crate::error::ApiError;

/// The longest wait of a submission for its decision; the configuration may set a shorter one.
const MAX_DECISION_WAIT: Duration = Duration::from_secs(10);

/// A tool with its arguments.
pub(super) enum Call {
    Search(search::SearchArticles),
    Count(counts::CountArticles),
    Facets(counts::ListFacets),
    Get(articles::GetArticle),
    Revisions(revisions::ArticleRevisions),
    Related(articles::RelatedArticles),
    Explain(decision::ExplainDecision),
    Compare(outlets::CompareOutlets),
    Sources(sources::ListSources),
    AddSource(NewSource),
    Submit(Box<Submission>),
    Status(pipeline::PipelineStatus),
}

impl Call {
    /// `None` if there is no such tool.
    pub(super) fn read(name: &str, arguments: JsonObject) -> Option<Result<Self, ApiError>> {
        Some(match name {
            "search_articles" => read(arguments).map(Self::Search),
            "count_articles" => read(arguments).map(Self::Count),
            "list_facets" => read(arguments).map(Self::Facets),
            "get_article" => read(arguments).map(Self::Get),
            "article_revisions" => read(arguments).map(Self::Revisions),
            "related_articles" => read(arguments).map(Self::Related),
            "explain_decision" => read(arguments).map(Self::Explain),
            "compare_outlets" => read(arguments).map(Self::Compare),
            "list_sources" => read(arguments).map(Self::Sources),
            "add_source" => read(arguments).map(Self::AddSource),
            "submit_article" => {
                read(arguments).map(|submission| Self::Submit(Box::new(submission)))
            }
            "pipeline_status" => read(arguments).map(Self::Status),
            _ => return None,
        })
    }

    pub(super) async fn answer(self, api: &Api) -> Result<CallToolResult, ApiError> {
        match self {
            Self::Search(arguments) => search::answer(api, arguments).await,
            Self::Count(arguments) => counts::answer(api, arguments).await,
            Self::Facets(arguments) => counts::facets(api, arguments).await,
            Self::Get(arguments) => articles::get(api, arguments).await,
            Self::Revisions(arguments) => revisions::answer(api, arguments).await,
            Self::Related(arguments) => articles::related(api, arguments).await,
            Self::Explain(arguments) => decision::answer(api, arguments).await,
            Self::Compare(arguments) => Box::pin(outlets::answer(api, arguments)).await,
            Self::Sources(arguments) => sources::answer(api, arguments).await,
            Self::AddSource(source) => {
                let (_, source) = Box::pin(api.add_source(source)).await?;
                Ok(result(&source, ResponseFormat::Concise, Form::Text)?)
            }
            Self::Submit(submission) => {
                let receipt = api.submit(*submission, decision_wait(api)).await?;
                Ok(result(&receipt, ResponseFormat::Concise, Form::Text)?)
            }
            Self::Status(arguments) => pipeline::answer(api, arguments).await,
        }
    }
}

/// Returns the longest time that `submit_article` waits for a decision.
pub(super) fn decision_wait(api: &Api) -> Duration {
    MAX_DECISION_WAIT.min(Duration::from_secs(api.config.max_wait_s))
}

fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, ApiError> {
    serde_json::from_value(Value::Object(arguments)).map_err(|error| {
        ApiError::Invalid(format!("{error}; see the tool's input schema and call it again"))
    })
}

/// All tools, always in this order.
pub(super) fn all() -> Vec<Tool> {
    vec![
        reading::<search::SearchArticles>(
            "search_articles",
            "Search articles",
            "Search news articles by words and by meaning, or list them by time: without words, \
             or with sort. sort=oldest finds who reported first. `total` counts all that match; \
             `degraded` says if the search could not use meaning.",
        )
        .with_raw_output_schema(output::<Untrusted<search::SearchView>>()),
        reading::<counts::CountArticles>(
            "count_articles",
            "Count articles over time",
            "Count the articles that match, in all and by hour, day, week or month: how coverage \
             of a subject moved.",
        ),
        reading::<counts::ListFacets>(
            "list_facets",
            "List facets",
            "List the most frequent values among the articles that match: outlets, languages, \
             topics, sentiments, or the people, organizations and places that are named.",
        ),
        reading::<articles::GetArticle>(
            "get_article",
            "Get an article",
            "Get one article by id or URL: metadata, summary, key phrases, topics, names; with \
             response_format=detailed also its text, in parts.",
        )
        .with_raw_output_schema(output::<Untrusted<articles::ArticleAnswer>>()),
        reading::<revisions::ArticleRevisions>(
            "article_revisions",
            "Article revisions",
            "List the versions of an article, the newest first, with the sentences that each \
             change removed and added.",
        ),
        reading::<articles::RelatedArticles>(
            "related_articles",
            "Related articles",
            "List the articles most like one: near in meaning, with its names, topics or story.",
        ),
        reading::<decision::ExplainDecision>(
            "explain_decision",
            "Explain a decision",
            "Say why an article was taken as new, as a revision or as a copy of another \
             publisher's, or why its URL was refused as a duplicate, and of what.",
        ),
        reading::<outlets::CompareOutlets>(
            "compare_outlets",
            "Compare outlets",
            "Compare how outlets cover a query: number, first and last article, sentiment, names \
             and headlines of each; `silent` are outlets that published nothing on it.",
        ),
        reading::<sources::ListSources>(
            "list_sources",
            "List sources",
            "List the feeds, sitemaps and sites that are followed, or only those that fail, with \
             the reason.",
        ),
        adding::<NewSource>(
            "add_source",
            "Add a source",
            "Follow a feed, sitemap or site from now on. Its state is `waiting` until the crawler \
             has looked at it; list_sources shows what came of it.",
        ),
        adding::<Submission>(
            "submit_article",
            "Submit an article",
            "Submit a news article: its text with its title, its page as html, or its url alone, \
             from which the crawler fetches it. Waits for the decision: new, revision, syndicated, \
             duplicate or refused. It is found by search some seconds later.",
        ),
        reading::<pipeline::PipelineStatus>(
            "pipeline_status",
            "Pipeline status",
            "See if the pipeline is well and, if not, what is wrong: queues, dead letters, index, \
             failing sources, agents.",
        )
        .with_raw_output_schema(output::<Untrusted<pipeline::StatusView>>()),
    ]
}
