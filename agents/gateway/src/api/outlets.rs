//! The coverage of a query, outlet by outlet.

use std::collections::{BTreeMap, HashSet};

use courant_api::outlets::{Outlet, OutletsAnswer, SilentOutlet};
use courant_search::{CountRequest, Facet, TimeOrder};

use super::Api;
use super::view::found;
use crate::error::ApiError;

/// The most outlets that are counted.
const MAX_COUNTED: usize = 1_000;

/// A question about the coverage by outlets.
#[derive(Clone, Debug)]
pub(crate) struct OutletsRequest {
    /// The subject, in the query language.
    pub(crate) query: String,
    /// Filters by the names of the query language's fields.
    pub(crate) filters: BTreeMap<String, String>,
    /// The outlets to compare. Empty for those with the most articles.
    pub(crate) sites: Vec<String>,
    /// The most outlets that are compared.
    pub(crate) limit: usize,
    /// The headlines of each.
    pub(crate) headlines: usize,
}

impl Api {
    /// Compares the coverage of a query by outlets.
    pub(crate) async fn outlets(
        &self,
        request: &OutletsRequest,
    ) -> Result<OutletsAnswer, ApiError> {
        let mut filters = request.filters.clone();
        if !request.sites.is_empty() {
            filters.insert("site".to_owned(), request.sites.join(","));
        }
        let on_subject = self.sites(&request.query, &filters).await?;
        let in_all = self.sites("", &filters).await?;
        let counted = on_subject.values.iter().take(request.limit);
        let mut outlets = Vec::new();
        for (site, articles) in counted {
            let articles_in_all = in_all.of(site);
            outlets.push(Box::pin(self.outlet(request, site, *articles, articles_in_all)).await?);
        }
        let further = on_subject.values.len().saturating_sub(request.limit);
        Ok(OutletsAnswer {
            query: request.query.clone(),
            total: on_subject.total,
            outlets,
            silent: silent(&request.sites, &on_subject, &in_all),
            further_outlets: u64::try_from(further).unwrap_or(u64::MAX) + on_subject.left_out,
        })
    }

    async fn sites(
        &self,
        query: &str,
        filters: &BTreeMap<String, String>,
    ) -> Result<Sites, ApiError> {
        let request = CountRequest {
            facets: vec![Facet::Site],
            values: MAX_COUNTED,
            interval: None,
            by: None,
        };
        let counted = self.count(query, filters, &request).await?;
        let (total, mut facets) = (counted.total, counted.facets);
        let facet = facets.remove(Facet::Site.as_str());
        let left_out = facet.as_ref().map_or(0, |facet| facet.left_out);
        let values = facet.into_iter().flat_map(|facet| facet.values);
        Ok(Sites {
            total,
            left_out,
            values: values.map(|value| (value.value, value.count)).collect(),
        })
    }

    async fn outlet(
        &self,
        request: &OutletsRequest,
        site: &str,
        articles: u64,
        articles_in_all: u64,
    ) -> Result<Outlet, ApiError> {
        let mut filters = request.filters.clone();
        filters.insert("site".to_owned(), site.to_owned());
        let facets = CountRequest {
            facets: vec![Facet::Sentiment, Facet::Name],
            values: request.headlines.max(3),
            interval: None,
            by: None,
        };
        let mut counted = self.count(&request.query, &filters, &facets).await?.facets;
        let mut values = |facet: Facet| {
            counted.remove(facet.as_str()).map(|facet| facet.values).unwrap_or_default()
        };
        let sentiment = values(Facet::Sentiment);
        let names = values(Facet::Name);
        let query = self.query(&request.query, &filters)?;
        let listing = |order, limit| courant_search::Listing {
            query: query.clone(),
            order,
            after: None,
            limit,
        };
        let first = self.search.list(&listing(TimeOrder::Oldest, 1)).await?;
        let latest = self.search.list(&listing(TimeOrder::Newest, request.headlines)).await?;
        let headlines = latest.hits.into_iter().map(|hit| found(hit, false).into());
        Ok(Outlet {
            site: site.to_owned(),
            articles,
            articles_in_all,
            sentiment: sentiment.into_iter().map(|value| (value.value, value.count)).collect(),
            names,
            first: first.hits.into_iter().next().map(|hit| found(hit, false).into()),
            headlines: headlines.collect(),
        })
    }
}

/// Outlets with the numbers of their articles, the greatest first.
struct Sites {
    total: u64,
    left_out: u64,
    values: Vec<(String, u64)>,
}

impl Sites {
    fn of(&self, site: &str) -> u64 {
        self.values.iter().find(|(known, _)| known == site).map_or(0, |(_, count)| *count)
    }
}

/// The outlets without an article on the subject: those that publish, and those that were asked
/// for and are not known at all.
fn silent(asked: &[String], on_subject: &Sites, in_all: &Sites) -> Vec<SilentOutlet> {
    let speaking: HashSet<&str> = on_subject.values.iter().map(|(site, _)| site.as_str()).collect();
    let publishing = in_all.values.iter().filter(|(site, _)| !speaking.contains(site.as_str()));
    let mut silent: Vec<SilentOutlet> = publishing
        .map(|(site, count)| SilentOutlet { site: site.clone(), articles_in_all: *count })
        .collect();
    let unknown = asked.iter().filter(|site| in_all.of(site) == 0);
    silent.extend(unknown.map(|site| SilentOutlet { site: site.clone(), articles_in_all: 0 }));
    silent
}
