//! An archive in a temporary folder, searched as the gateway searches its own.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use courant_article::{
    Analysis, Article, ArticleId, CanonicalUrl, ContentHash, Decision, Embedding, Evidence,
    FeedFields, ModelRef, PageFields, Revision, Text,
};
use courant_query::Query;
use courant_search::{Hit, Question, Search};
use courant_store::{Access, Config, Store, StoredArticle};
use courant_telemetry::{Clock, Meters};
use jiff::Timestamp;
use tempfile::TempDir;

use super::sets::Document;

/// The time at which the articles were seen, in Unix milliseconds.
const OBSERVED_AT_MS: i64 = 1_772_526_600_000;
/// The articles that are stored in one transaction.
const AT_ONCE: usize = 200;

/// A store with its index.
pub(super) struct Archive {
    search: Search,
    /// The ids of the set, by those of the archive.
    ids: HashMap<ArticleId, String>,
    _folder: TempDir,
    _meters: Meters,
}

impl Archive {
    /// Stores articles, and indexes them.
    pub(super) async fn of(records: &[StoredArticle]) -> Result<Self> {
        let (folder, meters) = (tempfile::tempdir()?, Meters::new("eval")?);
        let (clock, config) = (Clock::fixed(OBSERVED_AT_MS), Config::default());
        let file = folder.path().join("store.db");
        let store =
            Store::sqlite(&file, Access::ReadWrite, &config, clock, &meters.meter()).await?;
        for records in records.chunks(AT_ONCE) {
            store.articles().upsert(records).await?;
        }
        let search = Search::in_memory(store)?;
        search.catch_up().await?;
        let id = |record: &StoredArticle| (record.article.id, record.article.submission_id.clone());
        Ok(Self { search, ids: records.iter().map(id).collect(), _folder: folder, _meters: meters })
    }

    /// Returns the set's ids of the documents that answer a question, best first.
    pub(super) async fn rank(&self, question: &Question) -> Result<Vec<&str>> {
        let list = self.search.rank(question).await?;
        Ok(list.articles.iter().filter_map(|ranked| self.id(ranked.id)).collect())
    }

    /// Returns the set's ids of related documents, most related first.
    pub(super) async fn related(&self, id: ArticleId, limit: usize) -> Result<Vec<&str>> {
        let hits = self.search.related(id, limit).await?.unwrap_or_default();
        Ok(hits.iter().filter_map(|hit: &Hit| self.id(hit.id)).collect())
    }

    /// Returns the passages of documents that a search shows.
    pub(super) async fn passages(
        &self,
        query: &Query,
        ids: &HashSet<String>,
    ) -> Result<Vec<String>> {
        let ids: Vec<ArticleId> = ids.iter().map(|id| ArticleId::of(&url(id))).collect();
        let hits = self.search.hits(query, &ids).await?;
        Ok(hits.into_iter().map(|hit| hit.snippet.text).collect())
    }

    fn id(&self, id: ArticleId) -> Option<&str> {
        self.ids.get(&id).map(String::as_str)
    }
}

/// Returns a document as it is stored. The submission has the document's id.
pub(super) fn stored(
    document: &Document,
    model: ModelRef,
    vector: Embedding,
    analysis: Analysis,
) -> StoredArticle {
    let url = url(&document.id);
    let article = Article {
        id: ArticleId::of(&url),
        revision: Revision(OBSERVED_AT_MS),
        url: url.to_string(),
        content_hash: ContentHash::of_normalized(&document.text),
        title: document.title.clone(),
        authors: Vec::new(),
        published_at: None,
        declared_language: None,
        site_name: None,
        text: Text::new(document.text.clone()),
        source: "https://example.com/feed".to_owned(),
        submission_id: document.id.clone(),
        decision: Decision::New,
        syndicated_of: None,
        page: PageFields::default(),
        feed: FeedFields::default(),
        evidence: Evidence::default(),
    };
    StoredArticle { article, model, vector, analysis, stored_at: Timestamp::UNIX_EPOCH }
}

fn url(id: &str) -> CanonicalUrl {
    CanonicalUrl::from_canonical(format!("https://example.com/{id}"))
}
