//! Asking with SQL.

use courant_article::{Entity, EntityKind, Sentiment, Span, Topic};
use courant_store::{Store, StoredArticle};
use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::conformance;
use crate::house::{Ground, House, config, record, revised};

conformance!(
    the_facts_of_an_article_have_columns_and_tables,
    a_revision_replaces_the_facts,
    an_older_revision_changes_no_facts,
    a_deleted_article_leaves_no_facts,
    a_name_too_long_for_an_index_is_cut,
    the_queries_of_the_manual_are_answered,
);

const X: [f32; 4] = [1.0, 0.0, 0.0, 0.0];

fn entity(kind: EntityKind, text: &str) -> Entity {
    Entity { text: text.into(), kind, span: Span { start: 0, end: 1 }, score: 0.9 }
}

fn topic(code: &str, score: f32) -> Topic {
    Topic { code: code.into(), label: "a topic".into(), score }
}

fn ferry() -> StoredArticle {
    let mut ferry = record("ferry", "Ferry", "text", X);
    ferry.article.url = "https://news.example.co.uk/ferry".into();
    ferry.analysis.sentiment = Some(Sentiment::of([0.625, 0.25, 0.125]));
    ferry.analysis.topics = vec![topic("medtop:04000000", 0.75), topic("medtop:07000000", 0.1)];
    ferry.analysis.entities = vec![
        entity(EntityKind::Person, "Ada Byron"),
        entity(EntityKind::Location, "Bilbao"),
        entity(EntityKind::Person, "Ada Byron"),
        entity(EntityKind::Organization, "A\0B"),
    ];
    ferry
}

/// The rows of an answer, each value as text.
async fn ask(house: &House, query: &str) -> Vec<Vec<String>> {
    match &house.ground {
        Ground::Folder(_) => {
            let file = rusqlite::Connection::open(house.file()).unwrap();
            let mut statement = file.prepare(query).unwrap();
            let columns = statement.column_count();
            let text = |value| match value {
                rusqlite::types::Value::Null => String::new(),
                rusqlite::types::Value::Integer(value) => value.to_string(),
                rusqlite::types::Value::Real(value) => value.to_string(),
                rusqlite::types::Value::Text(value) => value,
                rusqlite::types::Value::Blob(_) => "blob".into(),
            };
            let row =
                |row: &rusqlite::Row<'_>| (0..columns).map(|n| Ok(text(row.get(n)?))).collect();
            statement.query_map([], row).unwrap().map(Result::unwrap).collect()
        }
        Ground::Server(server) => {
            let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
            tokio::spawn(connection);
            let answer = client.simple_query(query).await.unwrap();
            let row = |message| match message {
                SimpleQueryMessage::Row(row) => Some(
                    (0..row.len()).map(|n| row.get(n).unwrap_or_default().to_owned()).collect(),
                ),
                _ => None,
            };
            answer.into_iter().filter_map(row).collect()
        }
    }
}

async fn names(house: &House) -> Vec<Vec<String>> {
    ask(house, "SELECT kind, name FROM article_name ORDER BY kind, name").await
}

async fn the_facts_of_an_article_have_columns_and_tables(house: House) {
    house.put(&[ferry()]).await;
    let query = "SELECT site, published_ms, sentiment, first_observed_ms, language, decision
                 FROM article";
    let published = "1709265600000";
    let expected = ["example.co.uk", published, "-0.5", "1000", "en", "syndicated"];
    assert_eq!(ask(&house, query).await, [expected]);
    let expected =
        [["location", "Bilbao"], ["organization", "A\u{fffd}B"], ["person", "Ada Byron"]];
    assert_eq!(names(&house).await, expected);
    let clear = ask(&house, "SELECT code, score FROM article_topic").await;
    assert_eq!(clear, [["medtop:04000000", "0.75"]]);
}

async fn a_revision_replaces_the_facts(house: House) {
    house.put(&[ferry()]).await;
    let mut later = revised(ferry(), 2000, "later");
    later.article.url = "https://example.org/ferry".into();
    later.article.published_at = None;
    later.analysis.sentiment = None;
    later.analysis.topics = vec![topic("medtop:07000000", 0.5)];
    later.analysis.entities = vec![entity(EntityKind::Person, "Grace Hopper")];
    house.put(&[later]).await;
    let columns = ask(&house, "SELECT site, published_ms, sentiment FROM article").await;
    assert_eq!(columns, [["example.org", "", ""]]);
    assert_eq!(names(&house).await, [["person", "Grace Hopper"]]);
    assert_eq!(ask(&house, "SELECT code FROM article_topic").await, [["medtop:07000000"]]);
}

async fn an_older_revision_changes_no_facts(house: House) {
    house.put(&[revised(ferry(), 2000, "later")]).await;
    let mut late = revised(ferry(), 1500, "late");
    late.analysis.entities.clear();
    house.put(&[late]).await;
    assert_eq!(names(&house).await.len(), 3);
}

async fn a_deleted_article_leaves_no_facts(house: House) {
    house.put(&[ferry()]).await;
    ask(&house, "DELETE FROM article").await;
    assert!(names(&house).await.is_empty());
    assert!(ask(&house, "SELECT code FROM article_topic").await.is_empty());
}

async fn a_name_too_long_for_an_index_is_cut(house: House) {
    let mut ferry = ferry();
    ferry.analysis.entities = vec![entity(EntityKind::Person, &"ö".repeat(9_000))];
    house.put(&[ferry]).await;
    assert_eq!(names(&house).await, [["person".to_owned(), "ö".repeat(200)]]);
}

/// The part of the manual about SQL has its queries in blocks.
fn queries() -> Vec<String> {
    let manual = include_str!("../../../../docs/operations.md");
    let blocks = manual.split("```sql\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect()
}

async fn the_queries_of_the_manual_are_answered(house: House) {
    let mut english = ferry();
    english.article.url = "https://www.example.com/ferry".into();
    house.put(&[english]).await;
    let queries = queries();
    assert_eq!(queries.len(), 3);
    for query in queries {
        assert_eq!(ask(&house, &query).await.len(), 1, "{query}");
    }
}

#[tokio::test]
async fn facts_that_are_wrong_are_found_and_made_anew() {
    let house = House::sqlite().await;
    crate::claims::claim(&house, "ferry", "text", 1000, "example.com").await;
    house.put(&[ferry()]).await;
    let path = house.file();
    let House { store, ground: _ground, .. } = house;
    store.close().await.unwrap();
    assert!(Store::check_sqlite(&path, &config()).await.unwrap().is_whole());
    let file = rusqlite::Connection::open(&path).unwrap();
    file.execute_batch(
        "UPDATE article_name SET name = 'Nobody' WHERE kind = 'person';
         INSERT INTO article_topic VALUES (x'00', 'medtop:04000000', 1)",
    )
    .unwrap();
    drop(file);
    let found = Store::check_sqlite(&path, &config()).await.unwrap();
    for problem in ["1 articles have other facts", "1 articles that are not stored have"] {
        assert!(found.problems.iter().any(|found| found.contains(problem)), "{found:?}");
    }
    assert_eq!(Store::repair_sqlite(&path, &config()).await.unwrap().saved, 1);
    let again = Store::check_sqlite(&path, &config()).await.unwrap();
    assert!(again.is_whole(), "{again:?}");
}
