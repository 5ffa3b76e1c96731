//! Links from answers to resources.

use courant_api::search::Sort;
use rmcp::model::{ContentBlock, Resource};

use crate::api::search::SearchRequest;

pub(super) const SCHEME: &str = "courant";
pub(super) const JSON: &str = "application/json";
/// The longest query in the URI of a link.
const MAX_LINKED_CHARS: usize = 300;

/// Returns a link to an article.
pub(super) fn article_link(id: &str) -> ContentBlock {
    let uri = format!("{SCHEME}://articles/{id}");
    ContentBlock::resource_link(Resource::new(uri, "article").with_mime_type(JSON))
}

/// Returns a link to what a search finds from its start.
pub(super) fn search_link(request: &SearchRequest) -> ContentBlock {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if !request.query.is_empty() {
        let short: String = request.query.chars().take(MAX_LINKED_CHARS).collect();
        query.append_pair("q", &short);
    }
    for (field, value) in &request.filters {
        query.append_pair(field, &value.chars().take(MAX_LINKED_CHARS).collect::<String>());
    }
    if let Some(sort) = request.sort {
        query.append_pair("sort", sort_name(sort));
    }
    let query = query.finish();
    let mark = if query.is_empty() { "" } else { "?" };
    let uri = format!("{SCHEME}://search{mark}{query}");
    ContentBlock::resource_link(Resource::new(uri, "search").with_mime_type(JSON))
}

fn sort_name(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "relevance",
        Sort::Newest => "newest",
        Sort::Oldest => "oldest",
    }
}

/// Returns the bytes that a link takes in a result.
pub(super) fn link_bytes(link: &ContentBlock) -> usize {
    serde_json::to_string(link).map_or(0, |text| text.len() + 1)
}
