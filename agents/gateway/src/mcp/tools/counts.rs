//! Counts of articles, by time and by their properties.

use std::fmt::Display;
use std::str::FromStr;

use courant_api::counts::{CountAnswer, PeriodView};
use courant_mcp::answer::{checked_limit, result};
use courant_mcp::budget::{Form, ResponseFormat};
use courant_mcp::filters::Filters;
use courant_search::{CountRequest, Facet, Interval};
use rmcp::model::CallToolResult;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::Api;
use crate::error::ApiError;

/// The values of a property, or of a period, if the call names no number.
const DEFAULT_VALUES: usize = 10;
/// The most values.
const MAX_VALUES: usize = 100;
/// The facets that are listed if the call names none.
const DEFAULT_FACETS: [Facet; 4] = [Facet::Site, Facet::Topic, Facet::Sentiment, Facet::Name];

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct CountArticles {
    /// As in search_articles; all words must occur.
    #[serde(default)]
    query: String,
    #[serde(default)]
    filters: Filters,
    /// minute, hour, day, week or month; a total alone if absent.
    interval: Option<String>,
    /// Divides each period: site, source, language, topic, name, sentiment or decision.
    by: Option<String>,
    /// Values of `by`, 1 to 100; 10 if absent.
    limit: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ListFacets {
    /// As in search_articles; all words must occur.
    #[serde(default)]
    query: String,
    #[serde(default)]
    filters: Filters,
    /// site, source, language, topic, name, sentiment, decision.
    #[serde(default)]
    facets: Vec<String>,
    /// Values of each, 1 to 100; 10 if absent.
    limit: Option<usize>,
    #[serde(default)]
    response_format: ResponseFormat,
}

/// Counts by time. Periods that the budget has no room for are left out from the oldest on.
pub(super) async fn answer(
    api: &Api,
    arguments: CountArticles,
) -> Result<CallToolResult, ApiError> {
    let format = arguments.response_format;
    let interval: Option<Interval> = arguments.interval.as_deref().map(parsed).transpose()?;
    let request = CountRequest {
        facets: Vec::new(),
        values: checked_limit(arguments.limit, DEFAULT_VALUES, MAX_VALUES)?,
        interval,
        by: arguments.by.as_deref().map(parsed).transpose()?,
    };
    let fields = arguments.filters.into_fields();
    let counted = api.count(&arguments.query, &fields, &request).await?;
    let most = format.choose(100, 400) / if request.by.is_some() { 4 } else { 1 };
    Ok(result(&series_view(&counted, interval, most), format, Form::Text)?)
}

fn series_view(counted: &CountAnswer, interval: Option<Interval>, most: usize) -> Value {
    let earlier = counted.series.len().saturating_sub(most);
    let series: Vec<Value> =
        counted.series[earlier..].iter().map(|period| period_view(period, interval)).collect();
    let mut view = json!({ "query": counted.query, "total": counted.total });
    if interval.is_some() {
        view["series"] = series.into();
        view["note"] = "periods without articles are not listed; they begin at UTC midnight, \
            weeks on Monday"
            .into();
    }
    if earlier > 0 {
        let hint = "earlier periods; give a longer interval, or a range in filters.date";
        view["left_out"] = json!({ "series": format!("{earlier} {hint}") });
    }
    if let Some(missing) = counted.not_indexed_yet {
        view["not_indexed_yet"] = missing.into();
    }
    view
}

fn period_view(period: &PeriodView, interval: Option<Interval>) -> Value {
    let shows_day = matches!(interval, Some(Interval::Day | Interval::Week | Interval::Month));
    let start = period
        .start
        .split_once('T')
        .map_or(period.start.as_str(), |(day, _)| if shows_day { day } else { &period.start });
    let mut view = json!({ "start": start, "count": period.count });
    if !period.values.is_empty() {
        let values = period.values.iter();
        let values = values.map(|value| (value.value.clone(), Value::from(value.count)));
        view["by"] = Value::Object(values.collect());
    }
    view
}

/// Counts by properties.
pub(super) async fn facets(api: &Api, arguments: ListFacets) -> Result<CallToolResult, ApiError> {
    let mut facets: Vec<Facet> =
        arguments.facets.iter().map(|name| parsed(name)).collect::<Result<_, _>>()?;
    if facets.is_empty() {
        facets.extend(DEFAULT_FACETS);
    }
    let request = CountRequest {
        facets,
        values: checked_limit(arguments.limit, DEFAULT_VALUES, MAX_VALUES)?,
        interval: None,
        by: None,
    };
    let fields = arguments.filters.into_fields();
    let counted = api.count(&arguments.query, &fields, &request).await?;
    let view = json!({
        "query": counted.query,
        "total": counted.total,
        "facets": counted.facets,
        "not_indexed_yet": counted.not_indexed_yet,
    });
    Ok(result(&view, arguments.response_format, Form::Text)?)
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, ApiError> {
    text.parse().map_err(|error: T::Err| ApiError::Invalid(error.to_string()))
}
