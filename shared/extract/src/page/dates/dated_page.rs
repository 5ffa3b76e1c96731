//! The page whose dates are read.

use courant_article::PublishedAt;
use url::Url;

use crate::date::Order;
use crate::page::context::Context;
use crate::page::element::Place;
use crate::page::structured::Structured;
use crate::page::survey::Survey;

/// The parts of a page that give its dates.
pub(in crate::page) struct DatedPage<'a> {
    pub(in crate::page) survey: &'a Survey,
    pub(in crate::page) structured: &'a Structured,
    pub(in crate::page) url: &'a Url,
    /// The title of the article.
    pub(in crate::page) title: &'a str,
    /// The place of the headline.
    pub(in crate::page) headline: Option<Place>,
    pub(in crate::page) order: Order,
    pub(in crate::page) context: Context,
}

/// Returns the day as `YYYY-MM-DD`.
pub(super) fn day(date: &PublishedAt) -> &str {
    date.as_str().get(..10).unwrap_or_default()
}

/// Returns false for the start of Unix time, which comes from a clock that was never set.
pub(super) fn is_plausible(date: &PublishedAt) -> bool {
    !date.as_str().starts_with("1970-01-01") && !date.as_str().starts_with("1969-12-31")
}
