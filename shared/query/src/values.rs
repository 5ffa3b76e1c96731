//! Reads the value of each field.

use std::ops::Bound::{self, Excluded, Included, Unbounded};

use courant_article::{Decision, EntityKind, SentimentLabel};
use jiff::Timestamp;
use url::Url;

use crate::chars::is_blank;
use crate::dates;
use crate::error::QueryError;
use crate::expr::{Condition, SentimentFilter, TextField};
use crate::field::Field;
use crate::lex::{Value, is_value};

pub(crate) const LABELS: [(&str, SentimentLabel); 3] = [
    ("negative", SentimentLabel::Negative),
    ("neutral", SentimentLabel::Neutral),
    ("positive", SentimentLabel::Positive),
];

/// Returns the condition that `field` has `value`.
pub(crate) fn condition(
    field: Field,
    value: &Value,
    now: Timestamp,
) -> Result<Condition, QueryError> {
    let text = value.text.clone();
    Ok(match field {
        Field::Title => title(value)?,
        Field::Author => Condition::Author(text),
        Field::Site => Condition::Site(host(value)?),
        Field::Source => Condition::Source(text),
        Field::Lang => Condition::Language(language(value)?),
        Field::Topic => Condition::Topic(text),
        Field::Entity => Condition::Entity { kind: None, name: text },
        Field::Person => Condition::Entity { kind: Some(EntityKind::Person), name: text },
        Field::Org => Condition::Entity { kind: Some(EntityKind::Organization), name: text },
        Field::Place => Condition::Entity { kind: Some(EntityKind::Location), name: text },
        Field::Sentiment => Condition::Sentiment(sentiment(value)?),
        Field::Story => Condition::Story(text),
        Field::Decision => Condition::Decision(decision(value)?),
        Field::Date => Condition::Published(dates::range(value, now)?),
        Field::Observed => Condition::Observed(dates::range(value, now)?),
        Field::Has if text.eq_ignore_ascii_case("image") => Condition::HasImage,
        Field::Has => return Err(value.error("is nothing to ask for").advise("write `has:image`")),
    })
}

fn title(value: &Value) -> Result<Condition, QueryError> {
    if is_blank(&value.text) {
        return Err(value.error("has no words"));
    }
    let quoted = value.quoted || !is_value(&value.text);
    Ok(Condition::Text { field: TextField::Title, text: value.text.clone(), quoted })
}

/// Returns the host of a URL or a host, in the form that it has in URLs.
fn host(value: &Value) -> Result<String, QueryError> {
    let address = value.text.split_once("://").map_or(&*value.text, |(_, address)| address);
    let url = Url::parse(&format!("http://{}", address.trim_start_matches(['*', '.']))).ok();
    let host = url.as_ref().and_then(Url::host_str);
    let host = host.filter(|host| !host.starts_with(['*', '.']));
    let error = || value.error("is not a site").advise("write a host such as `news.example.com`");
    host.map(str::to_owned).ok_or_else(error)
}

/// Returns the base of a language tag: `en` for `en-GB`.
fn language(value: &Value) -> Result<String, QueryError> {
    let base = value.text.split(['-', '_']).next().unwrap_or_default();
    if matches!(base.len(), 2 | 3) && base.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Ok(base.to_ascii_lowercase());
    }
    Err(value.error("is not a language code").advise("write two or three letters such as `en`"))
}

fn decision(value: &Value) -> Result<Decision, QueryError> {
    let mut stored = Decision::ALL.into_iter().filter(|decision| decision.is_accepted());
    let found = stored.find(|decision| value.text.eq_ignore_ascii_case(decision.as_str()));
    let error =
        || value.error("is not a decision").advise("write `new`, `syndicated` or `revision`");
    found.ok_or_else(error)
}

fn sentiment(value: &Value) -> Result<SentimentFilter, QueryError> {
    let label = LABELS.iter().find(|(name, _)| value.text.eq_ignore_ascii_case(name));
    if let Some((_, label)) = label {
        return Ok(SentimentFilter::Label(*label));
    }
    let (min, max) = bounds(&value.text).ok_or_else(|| {
        let error = value.error("is not a sentiment from -1 to 1");
        error.advise("write for example `negative`, `>0.3`, `<=-0.5` or `-0.2..0.4`")
    })?;
    let is_empty = match (min, max) {
        (Unbounded, _) | (_, Unbounded) => false,
        (Included(min), Included(max)) => min > max,
        (Included(min) | Excluded(min), Included(max) | Excluded(max)) => min >= max,
    };
    if is_empty {
        return Err(value.error("ends before it starts"));
    }
    Ok(SentimentFilter::Range { min, max })
}

fn bounds(text: &str) -> Option<(Bound<f32>, Bound<f32>)> {
    if let Some((min, max)) = text.split_once("..") {
        let ends = (end(min, '>')?, end(max, '<')?);
        return (ends != (Unbounded, Unbounded)).then_some(ends);
    }
    let number = text.trim_start_matches(['<', '>', '=']);
    let score = score(number)?;
    match text.strip_suffix(number)? {
        ">" => Some((Excluded(score), Unbounded)),
        ">=" => Some((Included(score), Unbounded)),
        "<" => Some((Unbounded, Excluded(score))),
        "<=" => Some((Unbounded, Included(score))),
        _ => None,
    }
}

/// Reads one end of a range, which belongs to the range unless `sign` stands before it.
fn end(text: &str, sign: char) -> Option<Bound<f32>> {
    match text.strip_prefix(sign) {
        Some(text) => Some(Excluded(score(text)?)),
        None if text.is_empty() => Some(Unbounded),
        None => Some(Included(score(text)?)),
    }
}

fn score(text: &str) -> Option<f32> {
    text.parse().ok().filter(|score| (-1.0..=1.0).contains(score))
}
