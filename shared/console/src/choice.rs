//! The choice of articles that a page shows: a query, and filters as parameters of their own.

use axum::http::Uri;
use courant_api::search::FILTERS;
use form_urlencoded::parse;

use crate::ask::with_query;

/// The longest shown value.
const MAX_VALUE_CHARS: usize = 1_000;
/// The most filters.
const MAX_FILTERS: usize = 16;

/// A choice of articles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The query.
    pub(crate) query: String,
    filters: Vec<(&'static str, String)>,
    /// Other parameters that the page keeps.
    others: Vec<(&'static str, String)>,
    path: String,
}

/// A filter that is on.
pub(crate) struct Chip {
    pub(crate) field: &'static str,
    pub(crate) value: String,
    /// The page without it.
    pub(crate) without: String,
}

impl Choice {
    /// Reads the parameters of a page, which keeps those named `kept`.
    pub(crate) fn of(uri: &Uri, kept: &[&'static str]) -> Self {
        let mut choice = Self { path: uri.path().to_owned(), ..Self::default() };
        for (name, value) in parse(uri.query().unwrap_or_default().as_bytes()) {
            let value: String = value.trim().chars().take(MAX_VALUE_CHARS).collect();
            if value.is_empty() {
                continue;
            }
            let field = FILTERS.into_iter().find(|field| *field == name);
            let kept = kept.iter().find(|kept| **kept == name);
            match (field, kept) {
                _ if name == "q" => choice.query = value,
                (Some(field), _) if choice.filters.len() < MAX_FILTERS => {
                    choice.set(field, value);
                }
                (None, Some(kept)) => choice.others.push((kept, value)),
                _ => {}
            }
        }
        choice
    }

    fn set(&mut self, field: &'static str, value: String) {
        self.filters.retain(|(known, _)| *known != field);
        self.filters.push((field, value));
    }

    /// The choice with another filter.
    #[must_use]
    pub(crate) fn and(&self, field: &'static str, value: &str) -> Self {
        let mut choice = self.clone();
        choice.set(field, value.to_owned());
        choice
    }

    /// The choice without a filter.
    #[must_use]
    pub(crate) fn without(&self, field: &str) -> Self {
        let mut choice = self.clone();
        choice.filters.retain(|(known, _)| *known != field);
        choice
    }

    /// The choice with another value of a parameter that is no filter.
    #[must_use]
    pub(crate) fn keeping(&self, name: &'static str, value: &str) -> Self {
        let mut choice = self.clone();
        choice.others.retain(|(known, _)| *known != name);
        choice.others.push((name, value.to_owned()));
        choice
    }

    /// The choice without a parameter that is no filter.
    #[must_use]
    pub(crate) fn dropping(&self, name: &str) -> Self {
        let mut choice = self.clone();
        choice.others.retain(|(known, _)| *known != name);
        choice
    }

    /// Returns the value of a parameter that is no filter.
    pub(crate) fn other(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Returns the value of a filter.
    pub(crate) fn filter(&self, field: &str) -> Option<&str> {
        self.filters.iter().find(|(known, _)| *known == field).map(|(_, value)| value.as_str())
    }

    /// Returns true if every article is chosen.
    pub(crate) fn is_all(&self) -> bool {
        self.query.is_empty() && self.filters.is_empty()
    }

    /// Returns query and filters as parameters of the interface.
    pub(crate) fn params(&self) -> Vec<(&str, &str)> {
        let query = Some(("q", self.query.as_str())).filter(|(_, query)| !query.is_empty());
        let filters = self.filters.iter().map(|(field, value)| (*field, value.as_str()));
        query.into_iter().chain(filters).collect()
    }

    /// Returns the filters, for hidden fields of forms.
    pub(crate) fn hidden(&self) -> Vec<(&str, &str)> {
        let all = self.filters.iter().chain(&self.others);
        all.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Returns the address of this choice at another path.
    pub(crate) fn at(&self, path: &str) -> String {
        let others = self.others.iter().map(|(name, value)| (*name, value.as_str()));
        let params: Vec<(&str, &str)> = self.params().into_iter().chain(others).collect();
        with_query(path, &params)
    }

    /// The choice without its query.
    #[must_use]
    pub(crate) fn of_any_words(&self) -> Self {
        Self { query: String::new(), ..self.clone() }
    }

    /// The choice at another page.
    #[must_use]
    pub(crate) fn moved(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }

    /// Returns the address of this choice.
    pub(crate) fn href(&self) -> String {
        self.at(&self.path)
    }

    /// Returns the filters that are on.
    pub(crate) fn chips(&self) -> Vec<Chip> {
        let chip = |(field, value): &(&'static str, String)| Chip {
            field,
            value: value.trim_matches('"').to_owned(),
            without: self.without(field).href(),
        };
        self.filters.iter().map(chip).collect()
    }
}

/// Returns a value as the query language takes it: in quotation marks if it needs them.
pub(crate) fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_read_changed_and_written() {
        let uri: Uri = "/search?q=storm+sea&lang=en&sort=newest&colour=red&site=".parse().unwrap();
        let choice = Choice::of(&uri, &["sort"]);
        assert_eq!(choice.params(), [("q", "storm sea"), ("lang", "en")]);
        assert_eq!(choice.href(), "/search?q=storm+sea&lang=en&sort=newest");
        let more = choice.and("site", "a.example").without("lang").keeping("sort", "oldest");
        assert_eq!(more.at("/"), "/?q=storm+sea&site=a.example&sort=oldest");
        assert_eq!(choice.chips()[0].without, "/search?q=storm+sea&sort=newest");
    }

    #[test]
    fn values_are_quoted_where_the_language_needs_it() {
        assert_eq!(quoted("a-b.example"), "a-b.example");
        assert_eq!(quoted("Jane \"J\" Doe"), "\"Jane \\\"J\\\" Doe\"");
    }
}
