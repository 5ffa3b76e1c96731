//! Submissions of articles, and their outcomes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An article to be let in: its text, its page as HTML, or its address alone, from which the crawler
/// fetches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// The article's address, http or https.
    #[schemars(extend("format" = "uri"))]
    pub url: String,
    /// The headline. With `html`, that of the page if absent.
    #[serde(default)]
    pub title: Option<String>,
    /// The plain text of the article, without markup; cut at 256 KiB.
    #[serde(default)]
    pub text: Option<String>,
    /// The page of the article instead of the text, read as the crawler reads pages. What is stated
    /// beside it counts more than what the page says.
    #[serde(default)]
    pub html: Option<String>,
    /// Names of the authors.
    #[serde(default)]
    pub authors: Vec<String>,
    /// RFC 3339 with offset, or a date alone as 2026-03-01.
    #[serde(default)]
    pub published_at: Option<String>,
    /// ISO 639-1, such as en.
    #[serde(default)]
    pub language: Option<String>,
    /// The publisher's name.
    #[serde(default)]
    pub site_name: Option<String>,
    /// The address that the page declares as canonical, within the same domain.
    #[serde(default)]
    pub declared_canonical_url: Option<String>,
    /// The feed, site or program it comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// The lead image's address, http or https.
    #[serde(default)]
    pub image: Option<String>,
    /// Tags and keywords.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The publisher's section, in its own words.
    #[serde(default)]
    pub section: Option<String>,
    /// RFC 3339 with offset, or a date alone: when the page was last changed.
    #[serde(default)]
    pub modified_at: Option<String>,
    /// Not everybody may read all of it at its address.
    #[serde(default)]
    pub paywalled: bool,
    /// Your own name for the article, which is stored and shown with it.
    #[serde(default)]
    pub outer_id: Option<String>,
    /// RFC 3339: when this version was seen. Now, if absent. Older than what is
    /// known of the same URL, it changes nothing.
    #[serde(default)]
    pub observed_at: Option<String>,
    /// Names this submission in `courant.entry.decided`. Made up, if absent.
    #[serde(default)]
    pub submission_id: Option<String>,
}

/// The outcome of a submission.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The name of the submission.
    pub submission_id: String,
    /// The id by which the article is found once it is stored; for a duplicate,
    /// that of the article which it repeats.
    pub article_id: String,
    /// `new`, `revision`, `syndicated`, `duplicate` or `refused`. Absent while it
    /// is not decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// The first article with this text, where it is a copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The number of a change of the archive that includes the article, once it is stored: as the
    /// parameter `change` of a search it finds the article.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<i64>,
}

/// The time that a submission waits for its decision.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Seconds to wait for the decision.
    #[serde(default)]
    #[schemars(range(min = 0, max = 300))]
    pub wait: f64,
    /// The end of the wait: `decided`, or `stored`, which comes later.
    #[serde(default)]
    pub until: Until,
}

/// The end of a wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Until {
    /// The decision.
    #[default]
    Decided,
    /// The article is stored, if the entry becomes one.
    Stored,
}
