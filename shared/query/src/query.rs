//! A parsed query, and the questions that a search asks it.

use jiff::Timestamp;

use crate::error::QueryError;
use crate::expr::{Condition, Expr, TextField, TimeRange};
use crate::parse;

/// A question in the query language, parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    expr: Expr,
}

impl Default for Query {
    fn default() -> Self {
        Self::everything()
    }
}

impl Query {
    /// Returns the query without conditions.
    pub fn everything() -> Self {
        Self { expr: Expr::All(Vec::new()) }
    }

    /// Parses a query. A blank text asks for everything. `now` resolves relative dates.
    ///
    /// # Errors
    /// The first mistake in `text`, or the first of the bounds [`MAX_CHARS`](crate::MAX_CHARS),
    /// [`MAX_CONDITIONS`](crate::MAX_CONDITIONS) and [`MAX_LEVELS`](crate::MAX_LEVELS) that it
    /// exceeds.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, QueryError> {
        Ok(Self { expr: parse::parse(text, now)? })
    }

    /// Parses a filter that is a parameter of its own, such as `lang=en,de` or
    /// `author=Jane Doe`. Values are separated by commas and may contain spaces. A title of
    /// several words is a phrase.
    ///
    /// # Errors
    /// As for [`Query::parse`]. The position is a place in `value`.
    pub fn filter(field: &str, value: &str, now: Timestamp) -> Result<Self, QueryError> {
        Ok(Self { expr: parse::filter(field, value, now)? })
    }

    /// Returns the query for the words of a plain text. No character in it is syntax.
    pub fn words(text: &str) -> Self {
        let word = |text: &str| {
            let text = text.to_owned();
            Expr::Is(Condition::Text { field: TextField::Any, text, quoted: false })
        };
        Self { expr: Expr::all(text.split_whitespace().map(word).collect()) }
    }

    /// Returns the query with one condition.
    pub fn of(condition: Condition) -> Self {
        Self { expr: Expr::Is(condition) }
    }

    /// Joins two queries: both must hold. The result may exceed the bounds of a query text.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { expr: Expr::all(vec![self.expr, other.expr]) }
    }

    /// Returns the conditions.
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Returns the range of times in which every article of the query was first observed, by the
    /// conditions that must all hold.
    pub fn observed(&self) -> TimeRange {
        let parts = match &self.expr {
            Expr::All(parts) => parts.as_slice(),
            part => std::slice::from_ref(part),
        };
        let mut all = TimeRange { from_ms: None, until_ms: None };
        for part in parts {
            if let Expr::Is(Condition::Observed(range)) = part {
                all.from_ms = all.from_ms.max(range.from_ms);
                let both = all.until_ms.zip(range.until_ms).map(|(one, other)| one.min(other));
                all.until_ms = both.or(all.until_ms).or(range.until_ms);
            }
        }
        all
    }

    /// Returns the words and phrases that are asked for, without fields, filters and exclusions:
    /// the text to embed and to highlight. It is empty for a query of filters alone.
    pub fn text(&self) -> String {
        let mut texts = Vec::new();
        collect_texts(&self.expr, &mut texts);
        texts.join(" ")
    }

    /// Returns the words at the top level, in order. A search by relevance may relax them. Phrases
    /// and the words inside `OR`, exclusions and fields are strict.
    pub fn loose_words(&self) -> Vec<&str> {
        self.top_level().iter().filter_map(loose_word).collect()
    }

    /// Returns the query without [`Query::loose_words`].
    #[must_use]
    pub fn without_loose_words(&self) -> Self {
        let strict = self.top_level().iter().filter(|part| loose_word(part).is_none());
        Self { expr: Expr::all(strict.cloned().collect()) }
    }

    /// Returns the query with [`Query::loose_words`] alone.
    #[must_use]
    pub fn only_loose_words(&self) -> Self {
        let loose = self.top_level().iter().filter(|part| loose_word(part).is_some());
        Self { expr: Expr::all(loose.cloned().collect()) }
    }

    /// Returns the language that `lang:` asks for at the top level, if it is one alone.
    pub fn language(&self) -> Option<&str> {
        let mut languages = self.top_level().iter().filter_map(|part| match part {
            Expr::Is(Condition::Language(language)) => Some(language.as_str()),
            _ => None,
        });
        let first = languages.next()?;
        languages.all(|other| other == first).then_some(first)
    }

    /// Returns the parts that must all hold; none for a query without conditions.
    pub fn top_level(&self) -> &[Expr] {
        match &self.expr {
            Expr::All(parts) => parts,
            other => std::slice::from_ref(other),
        }
    }
}

fn loose_word(part: &Expr) -> Option<&str> {
    match part {
        Expr::Is(Condition::Text { field: TextField::Any, text, quoted: false }) => Some(text),
        _ => None,
    }
}

fn collect_texts<'a>(expr: &'a Expr, texts: &mut Vec<&'a str>) {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => {
            parts.iter().for_each(|part| collect_texts(part, texts));
        }
        Expr::Is(Condition::Text { field: TextField::Any, text, .. }) => texts.push(text),
        Expr::Not(_) | Expr::Is(_) => {}
    }
}
