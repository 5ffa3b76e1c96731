//! The facts of an article that have columns and tables of their own, so that people can ask for
//! them with SQL. All come from other columns of its row.

pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::collections::{BTreeMap, BTreeSet};

use courant_article::{CanonicalUrl, Entity, EntityKind, Sentiment, Topic};
use courant_dedup::registered_domain;
use serde::Deserialize;

use crate::articles::row::ArticleRow;
use crate::columns::{clean, parsed, published};
use crate::error::Error;

/// The migration step that makes the columns and tables. Articles that were stored before are
/// filled in behind it.
pub(crate) const STEP: i64 = 10;
/// Articles that are filled in together.
const PART: i64 = 500;
/// A name or host may be longer than an entry of an index.
const INDEXED_CHARS: usize = 200;

/// The facts of one article.
#[derive(Debug, PartialEq)]
pub(crate) struct Facts {
    /// The registered domain of the URL.
    pub(crate) site: String,
    /// The time of publication, Unix milliseconds.
    pub(crate) published_ms: Option<i64>,
    /// The probability of positive less that of negative, -1 to 1.
    pub(crate) sentiment: Option<f32>,
    /// The names in the text, by kind and name.
    pub(crate) names: BTreeSet<(String, String)>,
    /// The scores of the topics that the article is clearly about, by code.
    pub(crate) topics: BTreeMap<String, f32>,
}

/// The part of an analysis that the facts come from.
#[derive(Deserialize)]
struct Findings {
    #[serde(default)]
    topics: Vec<Topic>,
    #[serde(default)]
    sentiment: Option<Sentiment>,
    #[serde(default)]
    entities: Vec<Entity>,
}

impl Facts {
    pub(crate) fn of(row: &ArticleRow) -> Result<Self, Error> {
        Self::read(&row.url, row.published_at.as_deref(), &row.analysis)
    }

    /// Reads the columns `url`, `published_at` and `analysis`.
    pub(crate) fn read(
        url: &str,
        published_at: Option<&str>,
        analysis: &str,
    ) -> Result<Self, Error> {
        let findings: Findings = parsed("analysis", analysis)?;
        let published_at = published_at.map(published).transpose()?;
        let clear = findings.topics.iter().filter(|topic| topic.is_clear());
        Ok(Self {
            site: indexed(&registered_domain(&CanonicalUrl::from_canonical(url))),
            published_ms: published_at.map(|at| at.unix_seconds().saturating_mul(1000)),
            sentiment: findings.sentiment.map(|sentiment| sentiment.polarity()),
            names: findings.entities.iter().map(name).collect(),
            topics: clear.map(|topic| (indexed(&topic.code), topic.score)).collect(),
        })
    }
}

fn name(entity: &Entity) -> (String, String) {
    let kind = match entity.kind {
        EntityKind::Person => "person",
        EntityKind::Organization => "organization",
        EntityKind::Location => "location",
    };
    (kind.to_owned(), indexed(&entity.text))
}

fn indexed(text: &str) -> String {
    clean(text).chars().take(INDEXED_CHARS).collect()
}
