//! Values that fit the beginning of an argument, from what is stored.

use std::collections::BTreeMap;

use courant_article::IPTC_TOPICS;
use courant_mcp::completion::{fitting, has_variable};
use courant_mcp::prompts;
use courant_search::{CountRequest, Facet};
use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, Reference};

use super::resources;
use crate::api::Api;
use crate::error::ApiError;

/// The most frequent values that are looked through.
const MAX_VALUES: usize = 1_000;
const PERIODS: [&str; 6] = ["P1D", "P7D", "P30D", "P90D", "today", "yesterday"];
const SENTIMENTS: [&str; 3] = ["negative", "neutral", "positive"];
const SORTS: [&str; 3] = ["relevance", "newest", "oldest"];

/// Completes an argument of a prompt or of a resource template.
///
/// # Errors
/// If there is no such prompt or template.
pub(super) async fn complete(
    api: &Api,
    request: &CompleteRequestParams,
) -> Result<CompleteResult, ErrorData> {
    let argument = request.argument.name.as_str();
    let is_known = match &request.r#ref {
        Reference::Prompt(prompt) => prompts::has_argument(&prompt.name, argument),
        Reference::Resource(template) => {
            let templates = resources::templates();
            let template = templates.iter().find(|known| known.uri_template == template.uri);
            template.map(|template| has_variable(&template.uri_template, argument))
        }
        _ => None,
    };
    let is_known = is_known
        .ok_or_else(|| ErrorData::invalid_params("there is no such prompt or template", None))?;
    if !is_known {
        return Ok(CompleteResult::default());
    }
    let values = values(api, argument).await.map_err(|error| {
        error.log();
        ErrorData::internal_error(error.to_string(), None)
    })?;
    Ok(CompleteResult::new(fitting(values, &request.argument.value)))
}

/// All values of an argument, the most frequent first.
async fn values(api: &Api, argument: &str) -> Result<Vec<String>, ApiError> {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    Ok(match argument {
        "site" | "outlets" => counted(api, Facet::Site).await?,
        "lang" => counted(api, Facet::Language).await?,
        "topic" => IPTC_TOPICS.iter().map(|topic| topic.label.to_owned()).collect(),
        "entity" | "subject" => {
            let names = counted(api, Facet::Name).await?.into_iter();
            let names =
                names.map(|name| name.split_once(':').map_or(name.clone(), |(_, n)| n.to_owned()));
            names.collect()
        }
        "since" | "date" => owned(&PERIODS),
        "sentiment" => owned(&SENTIMENTS),
        "sort" => owned(&SORTS),
        _ => Vec::new(),
    })
}

async fn counted(api: &Api, facet: Facet) -> Result<Vec<String>, ApiError> {
    let request =
        CountRequest { facets: vec![facet], values: MAX_VALUES, interval: None, by: None };
    let mut facets = api.count("", &BTreeMap::new(), &request).await?.facets;
    let values = facets.remove(facet.as_str()).into_iter().flat_map(|facet| facet.values);
    Ok(values.map(|value| value.value).collect())
}
