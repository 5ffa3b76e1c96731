//! The coverage of a query, outlet by outlet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::articles::Found;
use crate::counts::ValueView;

/// The coverage of a query by outlets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OutletsAnswer {
    /// The question as it was asked.
    pub query: String,
    /// The articles on the subject, of all outlets.
    pub total: u64,
    /// Those that were compared, with the most articles first.
    pub outlets: Vec<Outlet>,
    /// Outlets that have articles under the same filters, and none on the subject.
    pub silent: Vec<SilentOutlet>,
    /// Further outlets with articles on the subject.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub further_outlets: u64,
}

/// The coverage by one outlet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outlet {
    /// The registered domain of the outlet.
    pub site: String,
    /// Its articles on the subject.
    pub articles: u64,
    /// All its articles under the same filters.
    pub articles_in_all: u64,
    /// Its articles on the subject, by their sentiment.
    pub sentiment: BTreeMap<String, u64>,
    /// The names that its articles on the subject have most often.
    pub names: Vec<ValueView>,
    /// The earliest one.
    pub first: Option<Headline>,
    /// The latest ones.
    pub headlines: Vec<Headline>,
}

/// An outlet without an article on the subject.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SilentOutlet {
    /// The registered domain of the outlet.
    pub site: String,
    /// Its articles on other subjects, under the same filters.
    pub articles_in_all: u64,
}

/// An article of an outlet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Headline {
    /// The id of the article.
    pub id: String,
    /// The headline.
    pub title: String,
    /// RFC 3339 or a date alone, as the page or the feed that names it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<Found> for Headline {
    fn from(found: Found) -> Self {
        Self { id: found.id, title: found.title, published_at: found.published_at }
    }
}
