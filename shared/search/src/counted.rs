//! Counts of the articles that a query finds.

mod interval;
mod tally;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use interval::Interval;
pub(crate) use tally::CountCollector;

/// A property by whose values articles are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Facet {
    /// The registered domain.
    Site,
    /// The feed, site or program that the article came from.
    Source,
    /// The language, detected or else declared.
    Language,
    /// The code of a topic that the article is clearly about.
    Topic,
    /// A name in the text with its kind, such as `person:Ada Lovelace`.
    Name,
    /// The label of the sentiment.
    Sentiment,
    /// The gateway's decision.
    Decision,
    /// The day of publication, else of the first observation, in UTC: `2026-11-29`.
    Day,
}

impl Facet {
    /// All facets.
    pub const ALL: [Self; 8] = [
        Self::Site,
        Self::Source,
        Self::Language,
        Self::Topic,
        Self::Name,
        Self::Sentiment,
        Self::Decision,
        Self::Day,
    ];

    /// Returns the name in requests and answers, which is the field's name in the index but for
    /// the day.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Source => "source",
            Self::Language => "language",
            Self::Topic => "topic",
            Self::Name => "name",
            Self::Sentiment => "sentiment",
            Self::Decision => "decision",
            Self::Day => "day",
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The error for a text that names no property.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no facet; give site, source, language, topic, name, sentiment, decision or day")]
pub struct ParseFacetError(String);

impl FromStr for Facet {
    type Err = ParseFacetError;

    fn from_str(text: &str) -> Result<Self, ParseFacetError> {
        let facet = Self::ALL.into_iter().find(|facet| facet.as_str() == text);
        facet.ok_or_else(|| ParseFacetError(text.chars().take(40).collect()))
    }
}

/// The counts that are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CountRequest {
    /// The properties whose values are counted.
    pub facets: Vec<Facet>,
    /// The most values of each property.
    pub values: usize,
    /// The length of the periods in which articles are counted by their time.
    pub interval: Option<Interval>,
    /// The property by whose most frequent values each period is divided.
    pub by: Option<Facet>,
}

/// Counts of articles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The articles that fulfil all conditions.
    pub total: u64,
    /// The values of each property that was asked for.
    pub facets: Vec<FacetCounts>,
    /// The periods that have articles, the oldest first. The sum of their counts is `total`.
    pub series: Vec<PeriodCount>,
}

/// The most frequent values of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCounts {
    /// The property.
    pub facet: Facet,
    /// Values with the numbers of their articles, the most frequent first, equal ones in the order
    /// of their letters.
    pub values: Vec<(String, u64)>,
    /// The number of further values.
    pub left_out: u64,
    /// The articles without a value.
    pub without: u64,
}

/// The articles of a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodCount {
    /// The start of the period, Unix milliseconds.
    pub start_ms: i64,
    /// The articles of the period.
    pub total: u64,
    /// The articles with each of the most frequent values.
    pub values: Vec<(String, u64)>,
}
