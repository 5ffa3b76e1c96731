//! Words that set articles apart, and suggestions for what somebody types.

use std::collections::BTreeMap;

use courant_api::words::{SuggestionView, Suggestions, WordView, WordsAnswer};
use courant_article::iptc_label;
use courant_search::{OutstandingWord, Suggestion, SuggestionKind};

use super::Api;
use crate::error::ApiError;

/// The most words or suggestions in an answer.
const MAX_WORDS: usize = 100;
/// The longest beginning that is completed, in characters.
const MAX_TYPED: usize = 100;

impl Api {
    /// The words that set the articles of a query apart.
    pub(crate) async fn words(
        &self,
        text: &str,
        filters: &BTreeMap<String, String>,
        limit: usize,
    ) -> Result<WordsAnswer, ApiError> {
        check(limit)?;
        let query = self.query(text, filters)?;
        let finding = self.search.outstanding_words(&query, limit);
        let found = self.metrics.agent.timed("words", finding).await?;
        let view = |word: OutstandingWord| WordView {
            word: word.word,
            articles: word.articles,
            of_archive: word.of_archive,
            lift: (word.lift * 100.0).round() / 100.0,
        };
        Ok(WordsAnswer {
            query: text.to_owned(),
            total: found.total,
            sample: found.sample,
            words: found.words.into_iter().map(view).collect(),
        })
    }

    /// The names, sites, topics, languages and words that begin as somebody types.
    pub(crate) async fn suggest(&self, typed: &str, limit: usize) -> Result<Suggestions, ApiError> {
        check(limit)?;
        if typed.chars().nth(MAX_TYPED).is_some() {
            let message = format!("q is longer than {MAX_TYPED} characters; give its start");
            return Err(ApiError::Invalid(message));
        }
        let found = self.metrics.agent.timed("suggest", self.search.suggest(typed, limit)).await?;
        Ok(Suggestions { suggestions: found.into_iter().map(view).collect() })
    }
}

fn check(limit: usize) -> Result<(), ApiError> {
    if (1..=MAX_WORDS).contains(&limit) {
        return Ok(());
    }
    Err(ApiError::Invalid(format!("limit is {limit}; give 1 to {MAX_WORDS}")))
}

fn view(found: Suggestion) -> SuggestionView {
    let kind = found.kind.as_str();
    let query = match found.kind {
        SuggestionKind::Word => found.value.clone(),
        SuggestionKind::Person | SuggestionKind::Organization | SuggestionKind::Place => {
            format!("{kind}:{}", quoted(&found.value))
        }
        _ => format!("{kind}:{}", found.value),
    };
    let label = if found.kind == SuggestionKind::Topic { iptc_label(&found.value) } else { None };
    SuggestionView {
        kind: kind.to_owned(),
        label: label.map(str::to_owned),
        articles: found.articles,
        query,
        value: found.value,
    }
}

/// A value of a field in quotation marks.
fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
