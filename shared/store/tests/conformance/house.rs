//! A store with what it stands on, and records to put into it.

use std::path::PathBuf;

use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Evidence,
    FeedFields, KeyPhrase, ModelRef, Origin, PageFields, Revision, Sentiment, Text,
};
use courant_config::Secret;
use courant_store::{Access, Config, Error, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use tempfile::TempDir;

use crate::postgres::Postgres;

/// Small, so that vectors can be written down.
pub(crate) const DIMENSION: usize = 4;

pub(crate) enum Ground {
    Folder(TempDir),
    Server(Postgres),
}

pub(crate) struct House {
    pub(crate) store: Store,
    pub(crate) config: Config,
    pub(crate) ground: Ground,
    pub(crate) meters: Meters,
    /// Stands until a test moves it.
    pub(crate) clock: Clock,
}

pub(crate) fn config() -> Config {
    Config { dimension: DIMENSION, ..Config::default() }
}

impl House {
    pub(crate) async fn sqlite() -> Self {
        Self::build(config(), Ground::Folder(tempfile::tempdir().unwrap())).await
    }

    pub(crate) async fn postgres() -> Self {
        let server = Postgres::start().unwrap();
        let url = Some(Secret::new(server.url()));
        Self::build(Config { url, ..config() }, Ground::Server(server)).await
    }

    async fn build(config: Config, ground: Ground) -> Self {
        let meters = Meters::new("test").unwrap();
        let clock = Clock::fixed(1_700_000_000_000);
        let store = open(&config, &ground, &meters, &clock).await.unwrap();
        Self { store, config, ground, meters, clock }
    }

    /// Another handle, as another process or the next start has it.
    pub(crate) async fn open_another(&self) -> Result<Store, Error> {
        open(&self.config, &self.ground, &self.meters, &self.clock).await
    }

    /// The same data, opened after the handle was dropped.
    pub(crate) async fn reopened(self) -> Self {
        let Self { store, config, ground, meters, clock } = self;
        drop(store);
        let store = open(&config, &ground, &meters, &clock).await.unwrap();
        Self { store, config, ground, meters, clock }
    }

    pub(crate) fn server(&mut self) -> &mut Postgres {
        match &mut self.ground {
            Ground::Server(server) => server,
            Ground::Folder(_) => panic!("this house stands on SQLite"),
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        match &self.ground {
            Ground::Folder(folder) => folder.path().join("store.db"),
            Ground::Server(_) => panic!("this house stands on Postgres"),
        }
    }

    pub(crate) async fn put(&self, records: &[StoredArticle]) {
        self.store.articles().upsert(records).await.unwrap();
    }
}

async fn open(
    config: &Config,
    ground: &Ground,
    meters: &Meters,
    clock: &Clock,
) -> Result<Store, Error> {
    let (clock, meter) = (clock.clone(), meters.meter());
    match ground {
        Ground::Folder(folder) => {
            let path = folder.path().join("store.db");
            Store::sqlite(&path, Access::ReadWrite, config, clock, &meter).await
        }
        Ground::Server(_) => Store::postgres(config, clock, &meter).await,
    }
}

pub(crate) fn url(name: &str) -> CanonicalUrl {
    CanonicalUrl::from_canonical(format!("https://example.com/{name}"))
}

pub(crate) fn id(name: &str) -> ArticleId {
    ArticleId::of(&url(name))
}

/// A record named `name` with every field filled.
pub(crate) fn record(
    name: &str,
    title: &str,
    text: &str,
    vector: [f32; DIMENSION],
) -> StoredArticle {
    let article = Article {
        id: id(name),
        revision: Revision(1000),
        url: url(name).to_string(),
        content_hash: ContentHash::of_normalized(text),
        title: title.into(),
        authors: vec!["A. Writer".into(), "Ö \"B\" {C}, D".into()],
        published_at: Some("2024-03-01T09:30:00+05:30".parse().unwrap()),
        declared_language: Some("en-GB".into()),
        site_name: Some("The Example".into()),
        text: Text::with_flag(text.into(), true),
        source: "https://example.com/feed".into(),
        submission_id: "s-1".into(),
        decision: Decision::Syndicated,
        syndicated_of: Some(id("the first")),
        page: PageFields {
            image: Some("https://example.com/1.jpg".into()),
            tags: vec!["bridges".into(), "Ö \"B\"".into()],
            section: Some("Local".into()),
            modified_at: Some("2024-03-02".parse().unwrap()),
            paywalled: true,
            outer_id: Some("cms-1".into()),
        },
        feed: FeedFields {
            title: Some("In the feed".into()),
            summary: Some("In short".into()),
            authors: vec!["A. Writer".into()],
            categories: vec!["News".into()],
            published_at: Some("2024-03-01T09:00:00Z".parse().unwrap()),
        },
        evidence: Evidence {
            authors: Some(Origin::Shown),
            published_at: Some(Origin::Listed),
            ..Evidence::default()
        },
    };
    StoredArticle {
        article,
        model: model(),
        vector: Embedding::normalized(vector.to_vec()),
        analysis: analysis(),
        stored_at: "2024-03-01T10:00:00.123Z".parse().unwrap(),
    }
}

fn model() -> ModelRef {
    ModelRef {
        name: "all-MiniLM-L6-v2".into(),
        version: "abc".into(),
        precision: "fp32".into(),
        provider: "cpu".into(),
    }
}

fn analysis() -> Analysis {
    Analysis {
        language: Some("en".into()),
        key_phrases: vec![KeyPhrase { text: "näive \\u0000 \"phrase\"".into(), score: 0.5 }],
        sentiment: Some(Sentiment::of([0.25, 0.5, 0.25])),
        skipped: [("entities".to_owned(), "later".to_owned())].into(),
        ..Analysis::default()
    }
}

pub(crate) fn revised(mut record: StoredArticle, revision: i64, text: &str) -> StoredArticle {
    record.article.revision = Revision(revision);
    record.article.text = Text::new(text.into());
    record.article.content_hash = ContentHash::of_normalized(text);
    record
}
