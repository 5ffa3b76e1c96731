//! One article, and those like it.

use std::collections::{BTreeMap, HashMap};

use courant_api::articles::ArticleView;
use courant_article::{Analysis, Entity, EntityKind};
use courant_mcp::answer::{MAX_CHARS, checked_limit, quoted, result};
use courant_mcp::budget::{Budget, Form, ResponseFormat};
use courant_mcp::left_out::LeftOut;
use courant_mcp::quote::visible;
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::search::HitView;
use crate::api::Api;
use crate::api::search::DEFAULT_HITS;
use crate::error::ApiError;
use crate::mcp::links;

/// The most related articles.
const MAX_RELATED: usize = 50;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct GetArticle {
    /// The id in a search result, or its first 8 digits.
    id: Option<String>,
    /// Its address, instead of the id.
    url: Option<String>,
    /// RFC 3339: as it was then.
    as_of: Option<String>,
    /// detailed: the character at which the text begins.
    text_from: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct RelatedArticles {
    /// The id in a search result.
    id: String,
    /// 1 to 50; 10 if absent.
    limit: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

/// A stored article, as a model reads it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(in crate::mcp) struct ArticleAnswer {
    id: String,
    url: String,
    title: String,
    authors: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    published_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    section: Option<String>,
    source: String,
    decision: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    syndicated_of: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies: Vec<CopyOf>,
    paywalled: bool,
    summary: Vec<String>,
    key_phrases: Vec<String>,
    topics: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentiment: Option<SentimentView>,
    /// Most frequent first.
    names: Vec<NameView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    not_analyzed: BTreeMap<String, String>,
    stored_at: String,
    /// Characters of the whole text.
    text_length: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_from: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    left_out: BTreeMap<String, String>,
}

/// Another article with the same text.
#[derive(Clone, Debug, Serialize, JsonSchema)]
struct CopyOf {
    id: String,
    url: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct SentimentView {
    label: &'static str,
    /// -1 to 1.
    score: f32,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct NameView {
    name: String,
    kind: &'static str,
    count: usize,
}

/// Answers with an article. Its text has the room that the other members leave.
pub(super) async fn get(api: &Api, arguments: GetArticle) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let article = named(api, &arguments).await?;
    let text = article.text.clone().unwrap_or_default();
    let link = links::article_link(&article.id);
    let max_bytes = format.max_bytes().saturating_sub(links::link_bytes(&link));
    let budget = Budget { max_bytes, form: Form::Structured };
    let mut members = quoted(&answer_of(article, format), MAX_CHARS)?;
    if format.is_detailed() {
        add_text(&mut members, budget, &text, arguments.text_from.unwrap_or(0));
    }
    let mut result = budget.result(members);
    result.content.push(link);
    Ok(result)
}

async fn named(api: &Api, arguments: &GetArticle) -> Result<ArticleView, ApiError> {
    let as_of = arguments.as_of.as_deref().map(str::parse).transpose();
    let as_of = as_of.map_err(|error| ApiError::Invalid(format!("as_of: {error}")))?;
    match (&arguments.id, &arguments.url) {
        (Some(id), None) => api.article(id, as_of).await,
        (None, Some(url)) => {
            let article = api.article_at(url).await?;
            match as_of {
                Some(_) => api.article(&article.id, as_of).await,
                None => Ok(article),
            }
        }
        _ => Err(ApiError::Invalid("give an id or a url, and not both".into())),
    }
}

fn answer_of(article: ArticleView, format: ResponseFormat) -> ArticleAnswer {
    let mut left_out = LeftOut::default();
    let analysis = article.analysis;
    let mut names = names(&analysis.entities);
    left_out.keep("names", &mut names, format.choose(15, 60));
    let mut key_phrases: Vec<String> =
        analysis.key_phrases.iter().map(|phrase| phrase.text.clone()).collect();
    left_out.keep("key_phrases", &mut key_phrases, format.choose(8, 20));
    let mut authors = article.authors;
    left_out.keep("authors", &mut authors, format.choose(5, 20));
    let mut tags = article.tags;
    left_out.keep("tags", &mut tags, format.choose(5, 20));
    let mut copies: Vec<CopyOf> =
        article.copies.into_iter().map(|copy| CopyOf { id: copy.id, url: copy.url }).collect();
    left_out.keep("copies", &mut copies, format.choose(3, 20));
    if analysis.entities_left_out > 0 {
        let note = format!("{} occurrences at the end were not kept", analysis.entities_left_out);
        left_out.note("names", note);
    }
    if !format.is_detailed() {
        left_out.note("text", "ask with response_format=detailed".to_owned());
    }
    ArticleAnswer {
        id: article.id,
        url: article.url,
        title: article.title,
        authors,
        published_at: article.published_at,
        modified_at: article.modified_at,
        language: article.language,
        site_name: article.site_name,
        section: article.section,
        source: article.source,
        decision: article.decision,
        syndicated_of: article.syndicated_of,
        copies,
        paywalled: article.paywalled,
        summary: analysis.summary.iter().map(|sentence| sentence.text.clone()).collect(),
        key_phrases,
        topics: topics(&analysis),
        sentiment: analysis.sentiment.map(|sentiment| SentimentView {
            label: sentiment.label.as_str(),
            score: sentiment.polarity(),
        }),
        names,
        tags,
        not_analyzed: analysis.skipped,
        stored_at: article.stored_at,
        text_length: article.text.as_deref().map_or(0, |text| text.chars().count()),
        text_from: None,
        text: None,
        left_out: left_out.into_notes(),
    }
}

/// The topics that the article is clearly about.
fn topics(analysis: &Analysis) -> Vec<String> {
    let clear = analysis.topics.iter().filter(|topic| topic.is_clear());
    clear.map(|topic| topic.label.clone()).collect()
}

/// The different names with their numbers, the most frequent first.
fn names(entities: &[Entity]) -> Vec<NameView> {
    let mut places: HashMap<(EntityKind, &str), usize> = HashMap::new();
    let mut names: Vec<NameView> = Vec::new();
    for entity in entities {
        let place = *places.entry((entity.kind, &entity.text)).or_insert(names.len());
        match names.get_mut(place) {
            Some(name) => name.count += 1,
            None => names.push(NameView {
                name: entity.text.clone(),
                kind: entity.kind.as_str(),
                count: 1,
            }),
        }
    }
    names.sort_by_key(|name| std::cmp::Reverse(name.count));
    names
}

/// Adds the part of the text from the character `from` on that the budget holds, and says where
/// the next part begins.
fn add_text(members: &mut Map<String, Value>, budget: Budget, text: &str, from: usize) {
    let text = visible(text, usize::MAX);
    let length = text.chars().count();
    let start = text.char_indices().nth(from).map_or(text.len(), |(place, _)| place);
    let rest = &text[start..];
    let rest = &rest[..rest.floor_char_boundary(budget.max_bytes)];
    members.insert("text_length".to_owned(), length.into());
    members.insert("text_from".to_owned(), from.into());
    let mut put = |end: usize| {
        let part = &rest[..rest.floor_char_boundary(end)];
        members.insert("text".to_owned(), part.into());
        let next = from.saturating_add(part.chars().count());
        if next < length {
            let notes = members.entry("left_out").or_insert_with(|| json!({}));
            notes["text"] =
                format!("{} characters; go on with text_from={next}", length - next).into();
        }
        budget.holds(&Value::Object(members.clone()))
    };
    let (mut fits, mut exceeds) = (0, rest.len());
    if put(exceeds) {
        return;
    }
    while exceeds - fits > 64 {
        let middle = fits.midpoint(exceeds);
        if put(middle) { fits = middle } else { exceeds = middle }
    }
    put(fits);
}

/// Answers with the articles most like one.
pub(super) async fn related(
    api: &Api,
    arguments: RelatedArticles,
) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let limit = checked_limit(arguments.limit, DEFAULT_HITS, MAX_RELATED)?;
    let related = api.related(&arguments.id, limit).await?;
    let hits: Vec<HitView> = related.hits.into_iter().map(|hit| HitView::of(hit, format)).collect();
    Ok(result(&json!({ "id": related.id, "hits": hits }), format, Form::Text)?)
}
