//! Random histories against a plain list of articles: batches of new articles, copies and other
//! versions, a lost index, a crash before the index followed, an older state of the store, and
//! questions.
//!
//! `COURANT_STEPS` sets the number of operations, `COURANT_SEED` the history.

use std::collections::{BTreeMap, BTreeSet};

use courant_article::{ArticleId, Revision, Text};
use courant_search::{CountRequest, Facet, Interval, Listing, SearchMode, TimeOrder};
use courant_store::StoredArticle;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::archive::{Archive, near, query, record};
use crate::conformance;

conformance!(an_archive_answers_as_a_plain_list_would);

const WORDS: [&str; 8] =
    ["ferry", "harbour", "bridge", "strike", "council", "storm", "school", "museum"];
const LANGUAGES: [&str; 3] = ["en", "de", "fr"];
const ARTICLES: usize = 150;
/// The most articles of a batch, and one more.
const BATCH: usize = 12;
/// A comparison is a list, a count and a ranking.
const COMPARED: u64 = 2;
const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

/// The articles by their ids, each with its words.
#[derive(Clone, Default)]
struct Model {
    articles: BTreeMap<ArticleId, (StoredArticle, Vec<usize>)>,
    last_revision: i64,
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

async fn an_archive_answers_as_a_plain_list_would(mut archive: Archive) {
    let seed = setting("COURANT_SEED", 1);
    let mut random = StdRng::seed_from_u64(seed);
    let (mut model, mut saved) = (Model::default(), None);
    let (mut done, all) = (0, setting("COURANT_STEPS", 300));
    while done < all {
        let place = format!("seed {seed}, operation {done}");
        match random.random_range(0..100) {
            0..50 => {
                let batch = model.batch(&mut random);
                archive.put(&batch).await;
                done += batch.len() as u64;
            }
            50..53 => archive = archive.reopened().await,
            53..55 => archive = archive.with_a_lost_index().await,
            55..57 => archive = archive.crashed(&model.batch(&mut random)).await,
            57..59 => {
                archive = match saved.take() {
                    Some(older) => {
                        // A clock that goes on: what is written again is a later version.
                        model = Model { last_revision: model.last_revision, ..older };
                        archive.restored().await
                    }
                    None => {
                        saved = Some(model.clone());
                        archive.saved().await
                    }
                }
            }
            _ => {
                let question = Asked::any(&mut random);
                model.compare(&archive, &question, &place).await;
                done += COMPARED;
            }
        }
        done += 1;
    }
    model.compare(&archive, &Asked::any(&mut random), &format!("seed {seed}, the end")).await;
}

/// A question, as the language has it and as the model understands it.
struct Asked {
    words: Vec<usize>,
    language: Option<&'static str>,
    month: Option<u32>,
}

impl Asked {
    fn any(random: &mut StdRng) -> Self {
        let words = (0..random.random_range(0..3)).map(|_| random.random_range(0..WORDS.len()));
        Self {
            words: words.collect(),
            language: random.random_bool(0.5).then(|| LANGUAGES[random.random_range(0..3)]),
            month: random.random_bool(0.4).then(|| random.random_range(1..4)),
        }
    }

    fn text(&self) -> String {
        let words = self.words.iter().map(|word| WORDS[*word].to_owned());
        let language = self.language.map(|language| format!("lang:{language}"));
        let month = self.month.map(|month| format!("date:2026-{month:02}"));
        words.chain(language).chain(month).collect::<Vec<_>>().join(" ")
    }

    fn fits(&self, record: &StoredArticle, has: &[usize]) -> bool {
        let published = record.article.published_at.as_ref().unwrap().as_str();
        let language = record.analysis.language.as_deref();
        self.words.iter().all(|word| has.contains(word))
            && self.language.is_none_or(|code| language == Some(code))
            && self.month.is_none_or(|month| published.starts_with(&format!("2026-{month:02}")))
    }
}

impl Model {
    fn batch(&mut self, random: &mut StdRng) -> Vec<StoredArticle> {
        (0..random.random_range(1..BATCH)).map(|_| self.write(random)).collect()
    }

    /// Writes a new article, a copy of another one, or another version of one.
    fn write(&mut self, random: &mut StdRng) -> StoredArticle {
        let name = random.random_range(0..ARTICLES).to_string();
        let words: Vec<usize> =
            (0..random.random_range(1..5)).map(|_| random.random_range(0..WORDS.len())).collect();
        let (mut record, mut words) = (record(&name, "Title", "", X), words);
        let nth = random.random_range(0..ARTICLES);
        let first = self.articles.values().nth(nth).filter(|_| random.random_bool(0.2));
        // A copy's first is itself no copy.
        let first = first.filter(|(first, _)| first.article.syndicated_of.is_none());
        if let Some((first, has)) = first.filter(|(first, _)| first.article.id != record.article.id)
        {
            record.article.syndicated_of = Some(first.article.id);
            words.clone_from(has);
        }
        let text: Vec<&str> = words.iter().map(|word| WORDS[*word]).collect();
        self.last_revision += 1;
        record.article.revision = Revision(self.last_revision);
        record.article.text = Text::new(text.join(" "));
        let (month, day) = (random.random_range(1..4), random.random_range(1..28));
        record.article.published_at = Some(format!("2026-{month:02}-{day:02}").parse().unwrap());
        record.analysis.language = Some(LANGUAGES[random.random_range(0..3)].into());
        self.articles.insert(record.article.id, (record.clone(), words));
        record
    }

    fn fitting<'a>(&'a self, asked: &'a Asked) -> impl Iterator<Item = &'a StoredArticle> {
        let fits = |(record, has): &&(StoredArticle, Vec<usize>)| asked.fits(record, has);
        self.articles.values().filter(fits).map(|(record, _)| record)
    }

    /// Compares a list with its pages, a count with its series, and a ranking, for one question.
    async fn compare(&self, archive: &Archive, asked: &Asked, place: &str) {
        let text = asked.text();
        let place = format!("{place}, {text:?}");
        let mut expected: Vec<(i64, ArticleId)> = self
            .fitting(asked)
            .map(|record| {
                let at = record.article.published_at.as_ref().unwrap().unix_seconds();
                (-at, record.article.id)
            })
            .collect();
        expected.sort();
        let expected: Vec<ArticleId> = expected.into_iter().map(|(_, id)| id).collect();
        assert_eq!(listed(archive, &text).await, expected, "{place}");
        assert_eq!(counted(archive, &text).await, [expected.len() as u64; 3], "{place}");
        if !asked.words.is_empty() {
            self.compare_ranking(archive, asked, &place).await;
        }
    }

    /// The articles that fulfil all conditions are ranked, one for all copies of a text.
    async fn compare_ranking(&self, archive: &Archive, asked: &Asked, place: &str) {
        let list = archive.rank(&near(&asked.text(), X, SearchMode::Hybrid)).await;
        let first =
            |record: &StoredArticle| record.article.syndicated_of.unwrap_or(record.article.id);
        let expected: BTreeSet<ArticleId> = self.fitting(asked).map(first).collect();
        assert_eq!(list.total, self.fitting(asked).count() as u64, "{place}");
        let mut ranked = BTreeSet::new();
        for article in &list.articles {
            let (record, has) = &self.articles[&article.id];
            assert!(ranked.insert(first(record)), "{place}: a text twice");
            let alone = Asked { words: Vec::new(), ..*asked };
            assert!(alone.fits(record, has), "{place}: a filter does not hold");
            assert_eq!(article.is_relaxed, !asked.fits(record, has), "{place}");
        }
        assert!(ranked.is_superset(&expected), "{place}: an article is missing");
    }
}

/// The number of articles by the count, by the sum of its series, and by that of a facet.
async fn counted(archive: &Archive, text: &str) -> [u64; 3] {
    let request = CountRequest {
        facets: vec![Facet::Language],
        values: 10,
        interval: Some(Interval::Week),
        by: None,
    };
    let counts = archive.search.count(&query(text), &request).await.unwrap();
    let series = counts.series.iter().map(|period| period.total).sum();
    let languages = counts.facets[0].values.iter().map(|(_, count)| count).sum();
    [counts.total, series, languages]
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
