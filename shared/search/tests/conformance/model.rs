//! Random histories against a plain list of articles.
//!
//! `COURANT_STEPS` sets the number of operations, `COURANT_SEED` the history.

use std::collections::BTreeMap;

use courant_article::{ArticleId, Revision, Text};
use courant_search::{CountRequest, Facet, Interval, Listing, TimeOrder};
use courant_store::StoredArticle;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::archive::{Archive, query, record};
use crate::conformance;

conformance!(an_archive_answers_as_a_plain_list_would);

const WORDS: [&str; 8] =
    ["ferry", "harbour", "bridge", "strike", "council", "storm", "school", "museum"];
const LANGUAGES: [&str; 3] = ["en", "de", "fr"];
const ARTICLES: usize = 150;
const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// The articles by their ids, each with its words.
#[derive(Default)]
struct Model {
    articles: BTreeMap<ArticleId, (StoredArticle, Vec<usize>)>,
    last_revision: i64,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

async fn an_archive_answers_as_a_plain_list_would(archive: Archive) {
    let seed = setting("COURANT_SEED", 1);
    let mut random = StdRng::seed_from_u64(seed);
    let (mut archive, mut model) = (archive, Model::default());
    for step in 0..setting("COURANT_STEPS", 120) {
        match random.random_range(0..100) {
            0..55 => {
                let batch = (0..random.random_range(1..6)).map(|_| model.write(&mut random));
                let batch: Vec<StoredArticle> = batch.collect();
                archive.put(&batch).await;
            }
            55..58 => archive = archive.reopened().await,
            58..60 => archive = archive.with_a_lost_index().await,
            _ => model.compare(&archive, &mut random, &format!("seed {seed}, step {step}")).await,
        }
    }
    model.compare(&archive, &mut random, &format!("seed {seed}, the end")).await;
}

impl Model {
    /// Writes a new article, or another version of one.
    fn write(&mut self, random: &mut StdRng) -> StoredArticle {
        let name = random.random_range(0..ARTICLES).to_string();
        let words: Vec<usize> =
            (0..random.random_range(1..5)).map(|_| random.random_range(0..WORDS.len())).collect();
        let text: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        let mut record = record(&name, "Title", &text.join(" "), X);
        self.last_revision += 1;
        record.article.revision = Revision(self.last_revision);
        record.article.text = Text::new(text.join(" "));
        let (month, day) = (random.random_range(1..4), random.random_range(1..28));
        record.article.published_at = Some(format!("2026-{month:02}-{day:02}").parse().unwrap());
        record.analysis.language = Some(LANGUAGES[random.random_range(0..3)].into());
        self.articles.insert(record.article.id, (record.clone(), words));
        record
    }

    /// Compares a list, its pages, its count and its series for one question.
    async fn compare(&self, archive: &Archive, random: &mut StdRng, place: &str) {
        let words: Vec<usize> =
            (0..random.random_range(0..3)).map(|_| random.random_range(0..WORDS.len())).collect();
        let language = random.random_bool(0.5).then(|| LANGUAGES[random.random_range(0..3)]);
        let month = random.random_bool(0.4).then(|| random.random_range(1..4));
        let mut text: Vec<String> = words.iter().map(|word| WORDS[*word].to_owned()).collect();
        text.extend(language.map(|language| format!("lang:{language}")));
        text.extend(month.map(|month: u32| format!("date:2026-{month:02}")));
        let text = text.join(" ");
        let place = format!("{place}, {text:?}");

        let mut expected: Vec<(i64, ArticleId)> = self
            .articles
            .values()
            .filter(|(record, has)| {
                let published = record.article.published_at.as_ref().unwrap().as_str();
                words.iter().all(|word| has.contains(word))
                    && language.is_none_or(|code| record.analysis.language.as_deref() == Some(code))
                    && month.is_none_or(|month| published.starts_with(&format!("2026-{month:02}")))
            })
            .map(|(record, _)| {
                let at = record.article.published_at.as_ref().unwrap().unix_seconds();
                (-at, record.article.id)
            })
            .collect();
        expected.sort();
        let expected: Vec<ArticleId> = expected.into_iter().map(|(_, id)| id).collect();
        assert_eq!(listed(archive, &text).await, expected, "{place}");

        let request = CountRequest {
            facets: vec![Facet::Language],
            values: 10,
            interval: Some(Interval::Week),
            by: None,
        };
        let counts = archive.search.count(&query(&text), &request).await.unwrap();
        let series: u64 = counts.series.iter().map(|period| period.total).sum();
        let languages: u64 = counts.facets[0].values.iter().map(|(_, count)| count).sum();
        let all = expected.len() as u64;
        assert_eq!((counts.total, series, languages), (all, all, all), "{place}");
    }
}

/// All pages of a list, the newest first.
async fn listed(archive: &Archive, text: &str) -> Vec<ArticleId> {
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let listing = Listing { query: query(text), order: TimeOrder::Newest, after, limit: 7 };
        let page = archive.search.list(&listing).await.unwrap();
        met.extend(page.hits.iter().map(|hit| hit.id));
        let Some(next) = page.next else { return met };
        after = Some(next);
    }
}
