//! pgvector as it is used plainly: a table of whole articles with an HNSW index, and its defaults.

use anyhow::Context;
use courant_article::Embedding;
use courant_store::{Span, StoredArticle};
use pgvector::HalfVector;
use tokio_postgres::{Client, NoTls};

/// The database that a run makes and drops.
const DATABASE: &str = "courant_bench";
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS plain (
    id bytea PRIMARY KEY, observed bigint NOT NULL, url text NOT NULL, title text NOT NULL,
    body text NOT NULL, language text, source text NOT NULL, analysis json NOT NULL,
    vector halfvec(384) NOT NULL);
CREATE INDEX IF NOT EXISTS plain_observed ON plain (observed);";
const INSERT: &str = "INSERT INTO plain VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// A connection to the plain table.
pub(super) struct Plain(Client);

impl Plain {
    pub(super) async fn create_database(url: &str) -> anyhow::Result<String> {
        let server = connected(url).await?;
        let create = format!("CREATE DATABASE {DATABASE}");
        server.batch_execute(&create).await.context("cannot make a database")?;
        let (server, _) = url.rsplit_once('/').context("the URL names no database")?;
        let database = format!("{server}/{DATABASE}");
        let client = connected(&database).await?;
        client.batch_execute(&format!("CREATE EXTENSION vector;{TABLE}")).await?;
        Ok(database)
    }

    pub(super) async fn drop_database(url: &str) -> anyhow::Result<()> {
        let drop = format!("DROP DATABASE {DATABASE} WITH (FORCE)");
        connected(url).await?.batch_execute(&drop).await.context("cannot drop the database")
    }

    pub(super) async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self(connected(url).await?))
    }

    /// Inserts articles, each in a transaction of its own.
    pub(super) async fn insert(&self, records: &[StoredArticle]) -> anyhow::Result<()> {
        let insert = self.0.prepare(INSERT).await?;
        for record in records {
            let article = &record.article;
            let analysis = serde_json::to_value(&record.analysis)?;
            let vector = HalfVector::from_f32_slice(record.vector.as_slice());
            let id = article.id.as_bytes().as_slice();
            self.0
                .execute(
                    &insert,
                    &[
                        &id,
                        &article.revision.0,
                        &article.url,
                        &article.title,
                        &article.text.as_str(),
                        &record.language(),
                        &article.source,
                        &analysis,
                        &vector,
                    ],
                )
                .await?;
        }
        Ok(())
    }

    /// Makes the index of the vectors.
    pub(super) async fn index(&self) -> anyhow::Result<()> {
        let index = "SET maintenance_work_mem = '512MB';
                     CREATE INDEX ON plain USING hnsw (vector halfvec_cosine_ops);
                     ANALYZE plain";
        Ok(self.0.batch_execute(index).await?)
    }

    /// The nearest articles in `span`, as the server's defaults find them.
    pub(super) async fn nearest(
        &self,
        vector: &Embedding,
        span: Span,
        k: usize,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let query = format!(
            "SELECT id FROM plain WHERE {} ORDER BY vector <=> $1 LIMIT {k}",
            span.condition("observed"),
        );
        let statement = self.0.prepare(&query).await?;
        let vector = HalfVector::from_f32_slice(vector.as_slice());
        let rows = self.0.query(&statement, &[&vector]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The nearest articles in `span`, by comparing with each.
    pub(super) async fn exact(
        &self,
        vector: &Embedding,
        span: Span,
        k: usize,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        self.0.batch_execute("SET enable_indexscan = off").await?;
        let nearest = self.nearest(vector, span, k).await;
        self.0.batch_execute("RESET enable_indexscan").await?;
        nearest
    }
}

pub(super) async fn connected(url: &str) -> anyhow::Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.context("cannot reach Postgres")?;
    tokio::spawn(connection);
    Ok(client)
}
