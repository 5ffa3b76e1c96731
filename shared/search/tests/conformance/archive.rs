//! A store with its search.

use std::ops::Deref;

use courant_article::{ArticleId, Decision, Embedding};
use courant_query::Query;
use courant_search::{Question, RankedList, Search, SearchMode};
use courant_store::StoredArticle;
use tempfile::TempDir;

use crate::house::{self, DIMENSION, House};

pub(crate) struct Archive {
    pub(crate) search: Search,
    pub(crate) folder: TempDir,
    house: House,
}

impl Archive {
    pub(crate) async fn in_house(house: House) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let search = Search::keep(house.store.clone(), folder.path()).await.unwrap();
        Self { search, folder, house }
    }

    /// Stores records, and lets the index follow.
    pub(crate) async fn put(&self, records: &[StoredArticle]) {
        self.house.put(records).await;
        self.search.catch_up().await.unwrap();
    }

    /// The same store and index, opened again.
    pub(crate) async fn reopened(self) -> Self {
        let Self { search, folder, house } = self;
        drop(search);
        let house = house.reopened().await;
        let search = Search::keep(house.store.clone(), folder.path()).await.unwrap();
        Self { search, folder, house }
    }

    /// The same store with a new index.
    pub(crate) async fn with_a_lost_index(self) -> Self {
        let Self { search, folder: _lost, house } = self;
        drop(search);
        let folder = tempfile::tempdir().unwrap();
        let search = Search::keep(house.store.clone(), folder.path()).await.unwrap();
        search.catch_up().await.unwrap();
        Self { search, folder, house }
    }

    pub(crate) async fn rank(&self, question: &Question) -> RankedList {
        self.search.rank(question).await.unwrap()
    }

    /// The articles that a search by words finds, best first.
    pub(crate) async fn texts(&self, text: &str) -> Vec<ArticleId> {
        ids(&self.rank(&asked(text, SearchMode::Text)).await)
    }
}

impl Deref for Archive {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

pub(crate) fn query(text: &str) -> Query {
    Query::parse(text, "2026-11-30T12:00:00Z".parse().unwrap()).unwrap()
}

pub(crate) fn asked(text: &str, mode: SearchMode) -> Question {
    Question { query: query(text), vector: None, mode, recency: None }
}

pub(crate) fn near(text: &str, vector: [f32; DIMENSION], mode: SearchMode) -> Question {
    Question { vector: Some(Embedding::normalized(vector.to_vec())), ..asked(text, mode) }
}

pub(crate) fn ids(list: &RankedList) -> Vec<ArticleId> {
    list.articles.iter().map(|ranked| ranked.id).collect()
}

/// A record that is no copy of another one.
pub(crate) fn record(
    name: &str,
    title: &str,
    text: &str,
    vector: [f32; DIMENSION],
) -> StoredArticle {
    let mut record = house::record(name, title, text, vector);
    record.article.syndicated_of = None;
    record.article.decision = Decision::New;
    record
}
