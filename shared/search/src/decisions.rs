//! The decisions on entries, found by article or submission.
//!
//! They are an index that is derived from the events of the bus: it keeps the position of the last
//! event with its segments, and goes on behind it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use courant_article::ArticleId;
use serde::{Deserialize, Serialize};
use tantivy::collector::TopDocs;
use tantivy::directory::MmapDirectory;
use tantivy::query::{BooleanQuery, Query, RangeQuery, TermQuery};
use tantivy::schema::{
    FAST, Field, INDEXED, IndexRecordOption, NumericOptions, STORED, STRING, Schema, Value,
};
use tantivy::{
    Index, IndexReader, IndexWriter, Order, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use crate::blocking::blocking;
use crate::error::Error;
use crate::expunge::{expunge, has_deleted};

/// The memory in which decisions are gathered before they are written.
const WRITER_BYTES: usize = 15 << 20;

/// A decision on an entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DecidedEntry {
    /// The name of the submission.
    pub submission_id: String,
    /// The URL of the entry.
    pub url: String,
    /// The time of the decision, Unix milliseconds.
    pub decided_at_ms: i64,
    /// `new`, `revision`, `syndicated`, `duplicate` or `refused`.
    pub decision: String,
    /// The rule that decided; empty if the event names none.
    pub rule: String,
    /// The article of the entry's own address; `None` if it has no address that can be read.
    pub own_id: Option<ArticleId>,
    /// The article that the entry became, or repeats.
    pub article_id: Option<ArticleId>,
    /// The first article with the text, for a copy.
    pub of: Option<ArticleId>,
    /// The share of the shorter text that stands in the longer one, for nearly equal texts.
    pub containment: Option<f32>,
    /// The reason of a refusal.
    pub reason: Option<String>,
}

/// The decisions to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecisionKey {
    /// Those on the article's address, and those that call an entry a copy of it.
    Article(ArticleId),
    /// Those on the submission.
    Submission(String),
}

/// The decisions of the last days. Clones share one index.
#[derive(Clone)]
pub struct Decisions(Arc<Inner>);

struct Inner {
    fields: Fields,
    index: Index,
    reader: IndexReader,
    writer: Mutex<IndexWriter<TantivyDocument>>,
    /// Set when decisions on a deleted article were forgotten, until [`Decisions::expunge`].
    has_deleted: AtomicBool,
}

#[derive(Clone, Copy)]
struct Fields {
    article: Field,
    submission: Field,
    time: Field,
    record: Field,
}

impl Fields {
    fn schema() -> (Schema, Self) {
        let mut schema = Schema::builder();
        let fields = Self {
            article: schema.add_bytes_field("article", INDEXED),
            submission: schema.add_text_field("submission", STRING),
            time: schema.add_i64_field("time", NumericOptions::from(INDEXED | FAST)),
            record: schema.add_bytes_field("record", STORED),
        };
        (schema.build(), fields)
    }
}

impl Decisions {
    /// Opens the index in `folder`, or makes it. One that cannot be used is replaced by an empty
    /// one.
    ///
    /// # Errors
    /// [`Error::Folder`] or [`Error::Index`].
    pub fn keep(folder: &Path) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::Folder {
            path: folder.to_owned(),
            source: Arc::new(error),
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        match Self::open(folder) {
            Ok(decisions) => Ok(decisions),
            Err(Error::Index(error)) if matches!(*error, TantivyError::LockFailure(..)) => {
                Err(Error::InUse(folder.to_owned()))
            }
            Err(error) => {
                tracing::warn!(%error, "cannot use the index of decisions: making it anew");
                std::fs::remove_dir_all(folder).map_err(failed)?;
                std::fs::create_dir_all(folder).map_err(failed)?;
                Self::open(folder)
            }
        }
    }

    fn open(folder: &Path) -> Result<Self, Error> {
        let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
        let (schema, fields) = Fields::schema();
        Self::of(Index::open_or_create(directory, schema)?, fields)
    }

    /// Makes an empty index in memory.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub fn in_memory() -> Result<Self, Error> {
        let (schema, fields) = Fields::schema();
        Self::of(Index::create_in_ram(schema), fields)
    }

    fn of(index: Index, fields: Fields) -> Result<Self, Error> {
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let writer = Mutex::new(index.writer_with_num_threads(1, WRITER_BYTES)?);
        let has_deleted = AtomicBool::new(has_deleted(&index)?);
        Ok(Self(Arc::new(Inner { fields, index, reader, writer, has_deleted })))
    }

    /// Returns the position of the last event that the index holds.
    pub fn position(&self) -> Option<u64> {
        self.0.index.load_metas().ok()?.payload?.parse().ok()
    }

    /// Compares the checksums of all files. A damaged index forgets everything.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn check(&self) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        blocking(move || {
            let Some(file) = inner.index.validate_checksum()?.into_iter().min() else {
                return Ok(());
            };
            tracing::warn!(file = %file.display(), "the index of decisions is damaged: making it anew");
            inner.clear()
        })
        .await
    }

    /// Takes in decisions, whose last event stands at `position`. Forgets those on the articles
    /// `deleted`, and those made before `oldest_ms` (Unix milliseconds).
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn add(
        &self,
        decided: Vec<DecidedEntry>,
        deleted: Vec<ArticleId>,
        position: u64,
        oldest_ms: i64,
    ) -> Result<(), Error> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.add(&decided, &deleted, position, oldest_ms)).await
    }

    /// Returns true if decisions on deleted articles are still in the files.
    pub(crate) fn has_deleted(&self) -> bool {
        self.0.has_deleted.load(Ordering::Acquire)
    }

    /// Takes forgotten decisions out of the files.
    pub(crate) fn expunge(&self) -> Result<(), Error> {
        self.0.has_deleted.store(false, Ordering::Release);
        expunge(&self.0.index, &self.0.reader, &self.0.writer)
    }

    /// Returns at most `limit` decisions, the latest first.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub async fn find(&self, key: DecisionKey, limit: usize) -> Result<Vec<DecidedEntry>, Error> {
        let inner = Arc::clone(&self.0);
        blocking(move || inner.find(&key, limit)).await
    }
}

impl Inner {
    fn clear(&self) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.delete_all_documents()?;
        // Without a position.
        writer.commit()?;
        Ok(self.reader.reload()?)
    }

    fn add(
        &self,
        decided: &[DecidedEntry],
        deleted: &[ArticleId],
        position: u64,
        oldest_ms: i64,
    ) -> Result<(), Error> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for decided in decided {
            writer.add_document(self.document(decided)?)?;
        }
        for id in deleted {
            writer.delete_term(Term::from_field_bytes(self.fields.article, id.as_bytes()));
        }
        let oldest = Term::from_field_i64(self.fields.time, oldest_ms);
        let outdated =
            RangeQuery::new(std::ops::Bound::Unbounded, std::ops::Bound::Excluded(oldest));
        writer.delete_query(Box::new(outdated))?;
        let mut prepared = writer.prepare_commit()?;
        prepared.set_payload(&position.to_string());
        prepared.commit()?;
        if !deleted.is_empty() {
            self.has_deleted.store(true, Ordering::Release);
        }
        Ok(self.reader.reload()?)
    }

    fn document(&self, decided: &DecidedEntry) -> Result<TantivyDocument, Error> {
        let mut document = TantivyDocument::new();
        let mut articles = vec![decided.own_id, decided.article_id, decided.of];
        articles.sort();
        articles.dedup();
        for id in articles.into_iter().flatten() {
            document.add_bytes(self.fields.article, id.as_bytes());
        }
        document.add_text(self.fields.submission, &decided.submission_id);
        document.add_i64(self.fields.time, decided.decided_at_ms);
        let record = serde_json::to_vec(decided)
            .map_err(|error| TantivyError::InternalError(error.to_string()))?;
        document.add_bytes(self.fields.record, &record);
        Ok(document)
    }

    fn find(&self, key: &DecisionKey, limit: usize) -> Result<Vec<DecidedEntry>, Error> {
        let term = match key {
            DecisionKey::Article(id) => Term::from_field_bytes(self.fields.article, id.as_bytes()),
            DecisionKey::Submission(id) => Term::from_field_text(self.fields.submission, id),
        };
        let query: Box<dyn Query> = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        let query = BooleanQuery::intersection(vec![query]);
        let latest = TopDocs::with_limit(limit).order_by_fast_field::<i64>("time", Order::Desc);
        let searcher = self.reader.searcher();
        let mut found = Vec::new();
        for (_, address) in searcher.search(&query, &latest)? {
            let document: TantivyDocument = searcher.doc(address)?;
            let record = document.get_first(self.fields.record).and_then(|value| value.as_bytes());
            let decided = serde_json::from_slice(record.unwrap_or_default())
                .map_err(|error| TantivyError::InternalError(error.to_string()))?;
            found.push(decided);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(name: &str, own: u8, of: Option<u8>, at_ms: i64) -> DecidedEntry {
        let id = |byte: u8| ArticleId::from_bytes([byte; 16]);
        DecidedEntry {
            submission_id: name.into(),
            decided_at_ms: at_ms,
            own_id: Some(id(own)),
            article_id: Some(id(own)),
            of: of.map(id),
            ..DecidedEntry::default()
        }
    }

    async fn names(decisions: &Decisions, key: DecisionKey) -> Vec<String> {
        let found = decisions.find(key, 10).await.unwrap();
        found.into_iter().map(|decided| decided.submission_id).collect()
    }

    #[tokio::test]
    async fn decisions_are_found_by_article_and_submission_until_they_are_old() {
        let folder = tempfile::tempdir().unwrap();
        let decisions = Decisions::keep(folder.path()).unwrap();
        assert_eq!(decisions.position(), None);
        let first = vec![decided("first", 1, None, 100), decided("copy", 2, Some(1), 200)];
        decisions.add(first, vec![], 7, 0).await.unwrap();
        let article = |byte: u8| DecisionKey::Article(ArticleId::from_bytes([byte; 16]));
        assert_eq!(names(&decisions, article(1)).await, ["copy", "first"]);
        assert_eq!(names(&decisions, article(2)).await, ["copy"]);
        assert_eq!(names(&decisions, DecisionKey::Submission("first".into())).await, ["first"]);
        drop(decisions);
        let decisions = Decisions::keep(folder.path()).unwrap();
        assert_eq!(decisions.position(), Some(7));
        decisions.add(vec![decided("later", 1, None, 300)], vec![], 9, 150).await.unwrap();
        assert_eq!(names(&decisions, article(1)).await, ["later", "copy"]);
        assert_eq!(decisions.position(), Some(9));
        let deleted = vec![ArticleId::from_bytes([1; 16])];
        decisions.add(vec![decided("last", 1, None, 400)], deleted, 10, 150).await.unwrap();
        assert!(names(&decisions, article(1)).await.is_empty());
        assert!(names(&decisions, article(2)).await.is_empty(), "its copy names it");
    }

    #[tokio::test]
    async fn a_damaged_file_is_noticed_and_everything_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let decisions = Decisions::keep(folder.path()).unwrap();
        decisions.add(vec![decided("first", 1, None, 100)], vec![], 7, 0).await.unwrap();
        decisions.check().await.unwrap();
        assert_eq!(decisions.position(), Some(7), "nothing is damaged");
        drop(decisions);
        let files = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let store = files.into_iter().find(|file| file.extension().is_some_and(|e| e == "store"));
        let store = store.unwrap();
        let mut bytes = std::fs::read(&store).unwrap();
        bytes[10] ^= 1;
        std::fs::write(&store, bytes).unwrap();
        let decisions = Decisions::keep(folder.path()).unwrap();
        decisions.check().await.unwrap();
        assert_eq!(decisions.position(), None);
        assert!(names(&decisions, DecisionKey::Submission("first".into())).await.is_empty());
        decisions.add(vec![decided("again", 1, None, 100)], vec![], 7, 0).await.unwrap();
        assert_eq!(names(&decisions, DecisionKey::Submission("again".into())).await, ["again"]);
    }

    #[tokio::test]
    async fn a_damaged_index_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let decisions = Decisions::keep(folder.path()).unwrap();
        decisions.add(vec![decided("first", 1, None, 100)], vec![], 7, 0).await.unwrap();
        drop(decisions);
        std::fs::write(folder.path().join("meta.json"), "{").unwrap();
        let decisions = Decisions::keep(folder.path()).unwrap();
        assert_eq!(decisions.position(), None);
    }
}
