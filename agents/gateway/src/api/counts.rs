//! Counts of articles.

use std::collections::BTreeMap;

use courant_api::counts::{CountAnswer, FacetView, PeriodView, ValueView};
use courant_article::iptc_label;
use courant_search::{CountRequest, Counts, Facet, PeriodCount};

use super::Api;
use super::view::rfc_3339;
use crate::error::ApiError;

/// The most values of a property in an answer.
const MAX_VALUES: usize = 1_000;
/// The most periods of a series.
const MAX_PERIODS: usize = 10_000;

impl Api {
    /// Counts the articles that fulfil all conditions.
    pub(crate) async fn count(
        &self,
        text: &str,
        filters: &BTreeMap<String, String>,
        request: &CountRequest,
    ) -> Result<CountAnswer, ApiError> {
        if !(1..=MAX_VALUES).contains(&request.values) {
            let message = format!("limit is {}; give 1 to {MAX_VALUES}", request.values);
            return Err(ApiError::Invalid(message));
        }
        if request.by.is_some() && request.interval.is_none() {
            return Err(ApiError::Invalid("`by` divides a series: give an interval, too".into()));
        }
        let query = self.query(text, filters)?;
        let counting = self.search.count(&query, request);
        let counts = self.metrics.agent.timed("count", counting).await?;
        if counts.series.len() > MAX_PERIODS {
            return Err(ApiError::Invalid(format!(
                "the series has {} periods, more than {MAX_PERIODS}: give a longer interval, or a \
                 range of dates",
                counts.series.len()
            )));
        }
        Ok(answer(text, counts, request.by, self.not_indexed_yet()))
    }
}

fn answer(
    query: &str,
    counts: Counts,
    by: Option<Facet>,
    not_indexed_yet: Option<u64>,
) -> CountAnswer {
    let facet = |facet: courant_search::FacetCounts| {
        let view = FacetView {
            values: values(facet.facet, facet.values),
            left_out: facet.left_out,
            without: facet.without,
        };
        (facet.facet.as_str().to_owned(), view)
    };
    let period = |period: PeriodCount| PeriodView {
        start: rfc_3339(period.start_ms),
        count: period.total,
        values: by.map_or_else(Vec::new, |by| values(by, period.values)),
    };
    CountAnswer {
        query: query.to_owned(),
        total: counts.total,
        facets: counts.facets.into_iter().map(facet).collect(),
        series: counts.series.into_iter().map(period).collect(),
        not_indexed_yet,
    }
}

fn values(facet: Facet, counts: Vec<(String, u64)>) -> Vec<ValueView> {
    let label = |value: &str| {
        if facet == Facet::Topic { iptc_label(value).map(str::to_owned) } else { None }
    };
    let view = |(value, count): (String, u64)| ValueView { label: label(&value), value, count };
    counts.into_iter().map(view).collect()
}
