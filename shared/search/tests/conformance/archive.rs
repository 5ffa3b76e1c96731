//! A store with its search.

use std::ops::Deref;
use std::path::Path;

use courant_article::{ArticleId, Decision, Embedding};
use courant_query::Query;
use courant_search::{Question, RankedList, Search, SearchMode};
use courant_store::StoredArticle;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::house::{self, DIMENSION, Ground, House};

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

    /// The same store after a kill of the server, where there is one, with changes that the index
    /// did not see.
    pub(crate) async fn crashed(self, unseen: &[StoredArticle]) -> Self {
        self.house.put(unseen).await;
        let Self { search, folder, mut house } = self;
        drop(search);
        if let Ground::Server(server) = &mut house.ground {
            server.kill().unwrap();
            server.restart().unwrap();
        }
        let house = house.reopened().await;
        let search = Search::keep(house.store.clone(), folder.path()).await.unwrap();
        search.catch_up().await.unwrap();
        Self { search, folder, house }
    }

    /// Copies the store as it is now, for [`Self::restored`].
    pub(crate) async fn saved(self) -> Self {
        let copy = "CREATE DATABASE saved TEMPLATE postgres STRATEGY = FILE_COPY";
        self.closed(copy, |file, saved| std::fs::copy(file, saved).map(drop)).await
    }

    /// Puts the copy in the place of the store. The index stays as it is.
    pub(crate) async fn restored(self) -> Self {
        let restore = "DROP DATABASE postgres WITH (FORCE);
                       CREATE DATABASE postgres TEMPLATE saved STRATEGY = FILE_COPY;
                       DROP DATABASE saved";
        self.closed(restore, |file, saved| std::fs::rename(saved, file)).await
    }

    /// Closes the store, changes its database by `sql` or its file by `change`, and opens it again.
    async fn closed(self, sql: &str, change: fn(&Path, &Path) -> std::io::Result<()>) -> Self {
        let Self { search, folder, house } = self;
        drop(search);
        house.store.clone().close().await.unwrap();
        match &house.ground {
            Ground::Folder(_) => {
                let file = house.file();
                change(&file, &file.with_extension("saved")).unwrap();
            }
            Ground::Server(server) => on_server(&server.url(), sql).await,
        }
        let house = house.reopened().await;
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

/// Runs statements beside the store's database, to which nobody may be connected.
async fn on_server(url: &str, sql: &str) {
    let beside = url.strip_suffix("postgres").unwrap().to_owned() + "template1";
    let (client, connection) = tokio_postgres::connect(&beside, NoTls).await.unwrap();
    let connection = tokio::spawn(connection);
    let others = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
                  WHERE datname IN ('postgres', 'saved')";
    client.batch_execute(others).await.unwrap();
    for statement in sql.split(';') {
        client.batch_execute(statement).await.unwrap();
    }
    drop(client);
    connection.await.unwrap().unwrap();
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
