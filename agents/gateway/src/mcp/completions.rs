//! Values that fit the beginning of an argument, from what is stored.

use std::collections::BTreeMap;

use courant_article::IPTC_TOPICS;
use courant_search::{CountRequest, Facet};
use rmcp::ErrorData;
use rmcp::model::{CompleteRequestParams, CompleteResult, CompletionInfo, Reference};

use super::quote::visible;
use super::{prompts, resources};
use crate::api::Api;
use crate::error::ApiError;

/// The most frequent values that are looked through.
const MAX_VALUES: usize = 1_000;
/// The longest value.
const MAX_CHARS: usize = 100;
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

fn has_variable(template: &str, name: &str) -> bool {
    let inside = template.split(['{', '}']).skip(1).step_by(2);
    inside.flat_map(|names| names.trim_start_matches('?').split(',')).any(|known| known == name)
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

/// The values that begin with what was typed, then those with a word that does.
fn fitting(values: Vec<String>, typed: &str) -> CompletionInfo {
    // Behind the last comma of a list, a new value begins.
    let (before, typed) =
        typed.rsplit_once(',').map_or(("", typed), |(before, last)| (before, last.trim_start()));
    let typed = typed.to_lowercase();
    let begins = |value: &String| value.to_lowercase().starts_with(&typed);
    let has_word =
        |value: &String| value.to_lowercase().split([' ', '.', '-']).any(|w| w.starts_with(&typed));
    let (mut found, others): (Vec<String>, Vec<String>) = values.into_iter().partition(begins);
    found.extend(others.into_iter().filter(has_word));
    let total = u32::try_from(found.len()).ok();
    let has_more = found.len() > CompletionInfo::MAX_VALUES;
    found.truncate(CompletionInfo::MAX_VALUES);
    let whole = |value: String| match before {
        "" => visible(&value, MAX_CHARS),
        before => format!("{before},{}", visible(&value, MAX_CHARS)),
    };
    let mut info = CompletionInfo::default();
    info.values = found.into_iter().map(whole).collect();
    info.total = total;
    info.has_more = Some(has_more);
    info
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(typed: &str) -> Vec<String> {
        let values = ["Ada Lovelace", "Grace Hopper", "Lovell"].map(str::to_owned);
        fitting(values.to_vec(), typed).values
    }

    #[test]
    fn values_that_begin_so_come_before_those_with_such_a_word() {
        assert_eq!(fit("love"), ["Lovell", "Ada Lovelace"]);
        assert_eq!(fit("").len(), 3);
        assert_eq!(fit("x,gr"), ["x,Grace Hopper"]);
        assert!(fit("zz").is_empty());
    }

    #[test]
    fn variables_of_a_template_are_known() {
        assert!(has_variable("a://b{?q,site}", "site") && has_variable("a://b/{id}", "id"));
        assert!(!has_variable("a://b{?q,site}", "b"));
    }
}
