//! The filters of the query language as one object, the same in every tool.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// Conditions beside the query; all of them must hold. Commas mean "or".
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Outlets, as example.com or news.example.com.
    site: Option<String>,
    /// ISO 639 codes.
    lang: Option<String>,
    /// IPTC labels or codes, as sport.
    topic: Option<String>,
    /// Names of any kind.
    entity: Option<String>,
    person: Option<String>,
    org: Option<String>,
    place: Option<String>,
    author: Option<String>,
    /// The feed that it came from.
    source: Option<String>,
    /// negative, neutral, positive, or >0.3.
    sentiment: Option<String>,
    /// new, syndicated or revision.
    decision: Option<String>,
    /// Publication: 2026-11, 2026-11-01..2026-11-15, today, P7D.
    date: Option<String>,
    /// When it was first seen, like date.
    observed: Option<String>,
    /// image
    has: Option<String>,
}

impl Filters {
    /// Returns the filters by the names of the fields.
    pub fn into_fields(self) -> BTreeMap<String, String> {
        let fields = [
            ("site", self.site),
            ("lang", self.lang),
            ("topic", self.topic),
            ("entity", self.entity),
            ("person", self.person),
            ("org", self.org),
            ("place", self.place),
            ("author", self.author),
            ("source", self.source),
            ("sentiment", self.sentiment),
            ("decision", self.decision),
            ("date", self.date),
            ("observed", self.observed),
            ("has", self.has),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        given.filter(|(_, value)| !value.trim().is_empty()).collect()
    }
}
