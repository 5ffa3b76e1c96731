//! Queries in the language of the index.

use std::ops::Bound;

use courant_article::{EntityKind, IPTC_TOPICS};
use courant_query::{Condition, Expr, Query, SentimentFilter, TextField, TimeRange};
use courant_text::analyzer::{QueryWord, query_words};
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, Occur, PhraseQuery, Query as IndexQuery, RangeQuery,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use crate::error::Error;
use crate::schema::Fields;

type BoxedQuery = Box<dyn IndexQuery>;

/// The most combinations of forms in which a phrase is looked for.
const PHRASES: usize = 64;

/// Makes queries of the index.
pub(crate) struct Lowering<'a> {
    pub(crate) fields: Fields,
    /// The languages whose stems count.
    pub(crate) languages: &'a [&'a str],
}

impl Lowering<'_> {
    /// Returns the query that finds the articles which fulfil all conditions.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub(crate) fn strict(&self, query: &Query) -> Result<BoxedQuery, Error> {
        self.expr(query.expr())
    }

    /// Returns the query that finds articles with any of these texts.
    pub(crate) fn any_phrase(&self, texts: &[String]) -> BoxedQuery {
        union(texts.iter().map(|text| self.phrase(self.fields.text, text)).collect())
    }

    /// Returns the query that finds the articles which fulfil one part of a query.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub(crate) fn expr(&self, expr: &Expr) -> Result<BoxedQuery, Error> {
        let all = |parts: &[Expr]| -> Result<Vec<BoxedQuery>, Error> {
            parts.iter().map(|part| self.expr(part)).collect()
        };
        Ok(match expr {
            Expr::All(parts) if parts.is_empty() => Box::new(AllQuery),
            Expr::All(parts) => Box::new(BooleanQuery::intersection(all(parts)?)),
            Expr::Any(parts) => union(all(parts)?),
            Expr::Not(part) => {
                let rest = vec![
                    (Occur::Must, Box::new(AllQuery) as BoxedQuery),
                    (Occur::MustNot, self.expr(part)?),
                ];
                Box::new(BooleanQuery::new(rest))
            }
            Expr::Is(condition) => self.condition(condition)?,
        })
    }

    fn condition(&self, condition: &Condition) -> Result<BoxedQuery, Error> {
        let fields = &self.fields;
        Ok(match condition {
            Condition::Text { field: TextField::Any, text, .. } => self.phrase(fields.text, text),
            Condition::Text { field: TextField::Title, text, .. } => {
                self.phrase(fields.title, text)
            }
            Condition::Author(name) => self.phrase(fields.author, name),
            Condition::Site(site) => {
                union(vec![self.exactly(fields.site, site), self.exactly(fields.host, site)])
            }
            Condition::Source(source) => self.exactly(fields.source, source),
            Condition::Language(code) => self.exactly(fields.language, code),
            Condition::Topic(topic) => {
                union(codes(topic).map(|code| self.exactly(fields.topic, code)).collect())
            }
            Condition::Entity { kind, name } => self.name(*kind, name),
            Condition::Sentiment(filter) => self.sentiment(filter),
            Condition::Story(_) => {
                let message = "stories are not made by this release: leave out `story:`";
                return Err(Error::Unsupported(message.into()));
            }
            Condition::Decision(decision) => self.exactly(fields.decision, decision.as_str()),
            Condition::Published(range) => within(fields.time, *range),
            Condition::Observed(range) => within(fields.observed, *range),
            Condition::HasImage => term_query(Term::from_field_bool(fields.has_image, true)),
        })
    }

    fn name(&self, kind: Option<EntityKind>, name: &str) -> BoxedQuery {
        let of = |kind: EntityKind| {
            let field = match kind {
                EntityKind::Person => self.fields.person,
                EntityKind::Organization => self.fields.organization,
                EntityKind::Location => self.fields.place,
            };
            self.phrase(field, name)
        };
        match kind {
            Some(kind) => of(kind),
            None => union(
                [EntityKind::Person, EntityKind::Organization, EntityKind::Location].map(of).into(),
            ),
        }
    }

    fn sentiment(&self, filter: &SentimentFilter) -> BoxedQuery {
        match filter {
            SentimentFilter::Label(label) => self.exactly(self.fields.sentiment, label.as_str()),
            SentimentFilter::Range { min, max } => {
                let term = |value: f32| Term::from_field_f64(self.fields.polarity, value.into());
                between(min.map(term), max.map(term))
            }
        }
    }

    /// Words that stand together. A text without words matches nothing.
    fn phrase(&self, field: Field, text: &str) -> BoxedQuery {
        let words = query_words(text, self.languages);
        match words.as_slice() {
            [] => Box::new(EmptyQuery),
            [word] => union(word.forms.iter().map(|form| self.term(field, form)).collect()),
            words => union(
                combinations(words)
                    .into_iter()
                    .map(|forms| {
                        let terms =
                            forms.into_iter().map(|form| Term::from_field_text(field, form));
                        Box::new(PhraseQuery::new(terms.collect())) as BoxedQuery
                    })
                    .collect(),
            ),
        }
    }

    fn term(&self, field: Field, form: &str) -> BoxedQuery {
        let term = Term::from_field_text(field, form);
        Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
    }

    fn exactly(&self, field: Field, value: &str) -> BoxedQuery {
        term_query(Term::from_field_text(field, value))
    }
}

fn term_query(term: Term) -> BoxedQuery {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

/// Any of the queries. One needs no union; of none nothing is found.
fn union(mut queries: Vec<BoxedQuery>) -> BoxedQuery {
    match queries.len() {
        0 => Box::new(EmptyQuery),
        1 => queries.remove(0),
        _ => Box::new(BooleanQuery::union(queries)),
    }
}

/// Every choice of one form per word, the first [`PHRASES`] of them.
fn combinations(words: &[QueryWord]) -> Vec<Vec<&str>> {
    let mut phrases: Vec<Vec<&str>> = vec![Vec::new()];
    for word in words {
        let longer = phrases.iter().flat_map(|phrase| {
            word.forms.iter().map(move |form| {
                let mut longer = phrase.clone();
                longer.push(form.as_str());
                longer
            })
        });
        phrases = longer.take(PHRASES).collect();
    }
    phrases
}

fn within(field: Field, range: TimeRange) -> BoxedQuery {
    let term = |ms: i64| Term::from_field_i64(field, ms);
    let from = range.from_ms.map_or(Bound::Unbounded, |ms| Bound::Included(term(ms)));
    let until = range.until_ms.map_or(Bound::Unbounded, |ms| Bound::Excluded(term(ms)));
    between(from, until)
}

fn between(from: Bound<Term>, until: Bound<Term>) -> BoxedQuery {
    if matches!((&from, &until), (Bound::Unbounded, Bound::Unbounded)) {
        return Box::new(AllQuery);
    }
    Box::new(RangeQuery::new(from, until))
}

/// The codes of the topics that a person means: the code itself, with or without `medtop:`, or
/// those whose names contain the words.
fn codes(topic: &str) -> impl Iterator<Item = &'static str> {
    let asked = topic.to_lowercase();
    let is_meant = move |code: &str, label: &str| {
        let digits = code.trim_start_matches("medtop:");
        code == asked || digits == asked || label.to_lowercase().contains(&asked)
    };
    IPTC_TOPICS
        .iter()
        .filter(move |known| is_meant(known.code, known.label))
        .map(|known| known.code)
}
