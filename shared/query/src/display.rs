//! Writes a query so that it parses to the same query.

use std::fmt::{self, Display, Formatter};
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use courant_article::EntityKind;

use crate::chars::is_escaped;
use crate::dates;
use crate::expr::{Condition, Expr, SentimentFilter, TextField};
use crate::field::Field;
use crate::lex;
use crate::query::Query;
use crate::values::LABELS;

/// Writes the query in the query language. It parses to the same query, if it keeps the bounds of
/// a query text. Relative dates become absolute, which can make the text longer.
impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.expr().fmt(f)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All(parts) => joined(parts, " ", f),
            Self::Any(parts) => match one_field(parts) {
                Some(field) => f.write_str(&field),
                None => joined(parts, " OR ", f),
            },
            Self::Not(inner) => excluded(&Grouped(inner).to_string(), f),
            Self::Is(condition) => match one_field(std::slice::from_ref(self)) {
                Some(field) => f.write_str(&field),
                None => f.write_str(&value_of(condition)),
            },
        }
    }
}

fn joined(parts: &[Expr], separator: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { separator })?;
        // `AND` binds tighter than `OR`, so that only an `OR` needs parentheses here.
        match part {
            Expr::Any(_) => Grouped(part).fmt(f)?,
            _ => part.fmt(f)?,
        }
    }
    Ok(())
}

/// Writes the exclusion of `unit`. A dash excludes no unit that starts with another sign.
fn excluded(unit: &str, f: &mut Formatter<'_>) -> fmt::Result {
    let takes_dash = unit.starts_with(|c: char| c.is_alphanumeric() || c == '(' || c == '"');
    write!(f, "{}{unit}", if takes_dash { "-" } else { "NOT " })
}

/// An expression in parentheses, if it is more than one unit.
struct Grouped<'a>(&'a Expr);

impl Display for Grouped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expr::All(_) => write!(f, "({})", self.0),
            Expr::Any(parts) if one_field(parts).is_none() => write!(f, "({})", self.0),
            unit => unit.fmt(f),
        }
    }
}

/// Writes `parts` as one field with several values, if they all ask for that field.
fn one_field(parts: &[Expr]) -> Option<String> {
    let written = |part: &Expr| match part {
        Expr::Is(condition) => Some((field_of(condition)?, value_of(condition))),
        _ => None,
    };
    let (fields, values): (Vec<Field>, Vec<String>) =
        parts.iter().map(written).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    let first = fields.first()?;
    let is_same = fields.iter().all(|field| field == first);
    is_same.then(|| format!("{}:{}", first.name(), values.join(",")))
}

fn field_of(condition: &Condition) -> Option<Field> {
    Some(match condition {
        Condition::Text { field: TextField::Any, .. } => return None,
        Condition::Text { field: TextField::Title, .. } => Field::Title,
        Condition::Author(_) => Field::Author,
        Condition::Site(_) => Field::Site,
        Condition::Source(_) => Field::Source,
        Condition::Language(_) => Field::Lang,
        Condition::Topic(_) => Field::Topic,
        Condition::Entity { kind: None, .. } => Field::Entity,
        Condition::Entity { kind: Some(EntityKind::Person), .. } => Field::Person,
        Condition::Entity { kind: Some(EntityKind::Organization), .. } => Field::Org,
        Condition::Entity { kind: Some(EntityKind::Location), .. } => Field::Place,
        Condition::Sentiment(_) => Field::Sentiment,
        Condition::Story(_) => Field::Story,
        Condition::Decision(_) => Field::Decision,
        Condition::Published(_) => Field::Date,
        Condition::Observed(_) => Field::Observed,
        Condition::HasImage => Field::Has,
    })
}

fn value_of(condition: &Condition) -> String {
    match condition {
        Condition::Text { field: TextField::Any, text, quoted: false } if lex::is_word(text) => {
            text.clone()
        }
        Condition::Text { field: TextField::Title, text, quoted: false } => bare_or_quoted(text),
        Condition::Text { text, .. } => quoted(text),
        Condition::Author(text)
        | Condition::Site(text)
        | Condition::Source(text)
        | Condition::Language(text)
        | Condition::Topic(text)
        | Condition::Story(text)
        | Condition::Entity { name: text, .. } => bare_or_quoted(text),
        Condition::Sentiment(filter) => sentiment(*filter),
        Condition::Decision(decision) => decision.to_string(),
        Condition::Published(range) | Condition::Observed(range) => dates::write(*range),
        Condition::HasImage => "image".to_owned(),
    }
}

fn bare_or_quoted(text: &str) -> String {
    if lex::is_value(text) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut written = String::from('"');
    for c in text.chars() {
        if is_escaped(c) {
            written.push('\\');
        }
        written.push(c);
    }
    written + "\""
}

fn sentiment(filter: SentimentFilter) -> String {
    match filter {
        SentimentFilter::Label(label) => {
            let found = LABELS.iter().find(|(_, known)| *known == label);
            found.map_or("", |(name, _)| name).to_owned()
        }
        SentimentFilter::Range { min: Unbounded, max: Unbounded } => "-1..1".to_owned(),
        SentimentFilter::Range { min: Unbounded, max: Included(max) } => format!("<={max}"),
        SentimentFilter::Range { min: Unbounded, max: Excluded(max) } => format!("<{max}"),
        SentimentFilter::Range { min: Included(min), max: Unbounded } => format!(">={min}"),
        SentimentFilter::Range { min: Excluded(min), max: Unbounded } => format!(">{min}"),
        SentimentFilter::Range { min, max } => format!("{}..{}", end(min, '>'), end(max, '<')),
    }
}

fn end(bound: Bound<f32>, sign: char) -> String {
    match bound {
        Included(score) => score.to_string(),
        Excluded(score) => format!("{sign}{score}"),
        Unbounded => String::new(),
    }
}
