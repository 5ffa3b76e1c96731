//! The newest articles of a query, as a feed.

use std::collections::BTreeMap;

use courant_api::syndication::{Channel, ChannelItem};
use courant_search::{Hit, Listing, TimeOrder};

use super::Api;
use super::search::check_limit;
use crate::error::ApiError;

impl Api {
    /// Returns the newest articles that fulfil all conditions. `address` is that of the feed.
    pub(crate) async fn feed(
        &self,
        text: &str,
        filters: &BTreeMap<String, String>,
        limit: usize,
        address: String,
    ) -> Result<Channel, ApiError> {
        check_limit(limit)?;
        let query = self.query(text, filters)?;
        let listing = Listing { query, order: TimeOrder::Newest, after: None, limit };
        let page = self.metrics.agent.timed("list", self.search.list(&listing)).await?;
        let mut items = Vec::with_capacity(page.hits.len());
        for hit in page.hits {
            items.push(self.item(hit).await?);
        }
        Ok(Channel { title: title(text, filters), address, items })
    }

    async fn item(&self, hit: Hit) -> Result<ChannelItem, ApiError> {
        let seconds = match &hit.published_at {
            Some(published_at) => published_at.unix_seconds(),
            // Gone meanwhile, it is as old as can be.
            None => self
                .store
                .articles()
                .get(hit.id)
                .await?
                .map_or(0, |record| record.article.revision.0.div_euclid(1000)),
        };
        Ok(ChannelItem {
            id: hit.id.to_string(),
            url: hit.url,
            title: hit.title.text,
            site_name: hit.site_name,
            language: hit.language,
            summary: hit.snippet.text,
            time: jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        })
    }
}

/// Returns the question and its filters, as a person would write them.
fn title(text: &str, filters: &BTreeMap<String, String>) -> String {
    let filters = filters.iter().map(|(field, value)| format!("{field}:{value}"));
    let parts: Vec<String> =
        Some(text.to_owned()).filter(|text| !text.is_empty()).into_iter().chain(filters).collect();
    if parts.is_empty() {
        "Courant: news".to_owned()
    } else {
        format!("Courant: {}", parts.join(" "))
    }
}
