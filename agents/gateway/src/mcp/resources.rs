//! Articles, sources and queries as resources. A resource is the answer of a tool under a URI.

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ContentBlock, JsonObject, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate,
};
use serde_json::{Value, json};
use url::Url;

use super::links::{JSON, SCHEME};
use super::tools::Call;
use crate::api::Api;
use crate::error::ApiError;

/// An article, and what a search finds, may change any moment.
const FRESH_MS: u64 = 10_000;
/// The resources that exist without a parameter.
pub(super) fn all() -> Vec<Resource> {
    let resource = |path: &str, title: &str, description: &str| {
        Resource::new(format!("{SCHEME}://{path}"), path)
            .with_title(title)
            .with_description(description)
            .with_mime_type(JSON)
    };
    vec![
        resource("search", "Newest articles", "The newest articles, as search_articles lists them"),
        resource(
            "sources",
            "Sources",
            "What is followed, and what fails, as list_sources shows it",
        ),
        resource("status", "Pipeline status", "If the pipeline is well, as pipeline_status says"),
    ]
}

/// The resources with parameters.
pub(super) fn templates() -> Vec<ResourceTemplate> {
    let template = |uri: &str, name: &str, title: &str, description: &str| {
        ResourceTemplate::new(format!("{SCHEME}://{uri}"), name)
            .with_title(title)
            .with_description(description)
            .with_mime_type(JSON)
    };
    vec![
        template("articles/{id}", "article", "Article", "An article with the start of its text"),
        template(
            "search{?q,site,lang,topic,entity,sentiment,date,sort,cursor}",
            "search",
            "Query",
            "The articles that a query finds; the parameters are those of search_articles",
        ),
        template("sources{?after}", "sources", "Sources", "Sources behind an address"),
    ]
}

/// Reads a resource.
///
/// # Errors
/// If there is none at `uri`, or its tool fails.
pub(super) async fn read(api: &Api, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    let (tool, arguments) = call_of(uri).ok_or_else(|| not_found(uri))?;
    let call = Call::read(tool, arguments).ok_or_else(|| not_found(uri))?;
    let call = call.map_err(|error| refused(uri, &error))?;
    let answer = call.answer(api).await.map_err(|error| refused(uri, &error))?;
    let text = answer.content.iter().find_map(ContentBlock::as_text);
    let text = text.map(|text| text.text.clone()).unwrap_or_default();
    let contents = ResourceContents::text(text, uri).with_mime_type(JSON);
    Ok(ReadResourceResult::new(vec![contents])
        .with_ttl_ms(FRESH_MS)
        .with_cache_scope(CacheScope::Private))
}

fn not_found(uri: &str) -> ErrorData {
    ErrorData::resource_not_found("there is no such resource", Some(json!({ "uri": uri })))
}

fn refused(uri: &str, error: &ApiError) -> ErrorData {
    error.log();
    match error {
        ApiError::NoArticle(_) => not_found(uri),
        ApiError::Invalid(message) => ErrorData::invalid_params(message.clone(), None),
        other => ErrorData::internal_error(other.to_string(), None),
    }
}

/// Returns the tool that answers for a URI, with its arguments.
fn call_of(uri: &str) -> Option<(&'static str, JsonObject)> {
    let url = Url::parse(uri).ok().filter(|url| url.scheme() == SCHEME)?;
    let mut arguments = json!({ "response_format": "detailed" });
    let path = url.path().trim_matches('/');
    let tool = match (url.host_str()?, path) {
        ("articles", id) if !id.is_empty() && !id.contains('/') => {
            arguments["id"] = id.into();
            "get_article"
        }
        ("search", "") => {
            for (name, value) in url.query_pairs() {
                match name.as_ref() {
                    "q" => arguments["query"] = value.into(),
                    "sort" | "cursor" | "mode" => arguments[name.as_ref()] = value.into(),
                    field => arguments["filters"][field] = value.into(),
                }
            }
            "search_articles"
        }
        ("sources", "") => {
            if let Some((_, after)) = url.query_pairs().find(|(name, _)| name == "after") {
                arguments["after"] = after.into();
            }
            "list_sources"
        }
        ("status", "") => "pipeline_status",
        _ => return None,
    };
    match arguments {
        Value::Object(arguments) => Some((tool, arguments)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use courant_api::search::Sort;

    use super::*;
    use crate::api::search::SearchRequest;
    use crate::mcp::links::search_link;

    #[test]
    fn a_uri_is_a_call_of_a_tool() {
        let (tool, arguments) =
            call_of("courant://search?q=red+sea&site=a.example&sort=oldest").unwrap();
        assert_eq!(tool, "search_articles");
        let expected = json!({"query": "red sea", "filters": {"site": "a.example"},
            "sort": "oldest", "response_format": "detailed"});
        assert_eq!(Value::Object(arguments), expected);
        assert_eq!(call_of("courant://articles/0f11").unwrap().1["id"], "0f11");
        for wrong in ["", "courant://", "courant://articles/", "http://articles/1", "courant://x"] {
            assert!(call_of(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_link_of_a_search_leads_back_to_it() {
        let request = SearchRequest {
            query: "\"red sea\" & more".into(),
            filters: [("site".to_owned(), "a.example".to_owned())].into(),
            sort: Some(Sort::Oldest),
            ..SearchRequest::default()
        };
        let link = search_link(&request);
        let uri = &link.as_resource_link().unwrap().uri;
        let (_, arguments) = call_of(uri).unwrap();
        assert_eq!(arguments["query"], "\"red sea\" & more");
        assert_eq!(arguments["filters"], json!({"site": "a.example"}));
    }
}
