//! The index: how it is opened, changed and read.

mod copy;
mod reading;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use courant_store::{Change, StoreHead};
use serde::{Deserialize, Serialize};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;
use tantivy::schema::Schema;
use tantivy::{
    IndexReader, IndexWriter, ReloadPolicy, Searcher, TantivyDocument, TantivyError, Term,
};

use crate::document::document;
use crate::error::Error;
use crate::expunge::{expunge, has_deleted};
use crate::kept_filters::KeptFilters;
use crate::schema::{Fields, rules};
use crate::tokens::{TOKENIZER, WordTokenizer};
use reading::ReadingDirectory;

/// The memory in which the writer gathers documents before it writes them out.
const WRITER_BYTES: usize = 48 << 20;
/// More threads would make more and smaller segments.
const WRITER_THREADS: usize = 1;

/// The state of the store that an index holds; kept with its segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Payload {
    rules: String,
    head: StoreHead,
}

/// An index of the articles of one store.
pub(crate) struct Index {
    pub(crate) fields: Fields,
    pub(crate) filters: KeptFilters,
    inner: tantivy::Index,
    reader: IndexReader,
    /// `None` if the index was opened for reading.
    writer: Option<Mutex<IndexWriter<TantivyDocument>>>,
}

impl Index {
    /// Opens the index in `folder` for the one process that keeps it. An index that cannot be
    /// used is replaced by an empty one.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Folder`], or [`Error::Index`].
    pub(crate) fn keep(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        match Self::open(folder) {
            Ok(index) if index.payload().is_none_or(|payload| payload.rules == rules()) => {
                return Ok(index);
            }
            Ok(_) => tracing::info!("the search index was made by other rules: making it anew"),
            Err(error @ (Error::InUse(_) | Error::Folder { .. })) => return Err(error),
            Err(error) => tracing::warn!(%error, "cannot use the search index: making it anew"),
        }
        empty(folder).map_err(|error| failed(folder, error))?;
        Self::open(folder)
    }

    fn open(folder: &Path) -> Result<Self, Error> {
        let directory = MmapDirectory::open(folder).map_err(TantivyError::from)?;
        let (schema, fields) = Fields::schema();
        let inner = tantivy::Index::open_or_create(directory, schema)?;
        let writer = inner.writer_with_num_threads(WRITER_THREADS, WRITER_BYTES);
        let writer = writer.map_err(|error| match error {
            TantivyError::LockFailure(LockError::LockBusy, _) => Error::InUse(folder.to_owned()),
            error => error.into(),
        })?;
        Self::of(inner, fields, Some(writer))
    }

    /// Copies the index in `from` to the folder `to`, also beside the process that keeps it. Returns
    /// the number of bytes.
    ///
    /// # Errors
    /// [`Error::Folder`], also if `to` holds an index.
    pub(crate) fn copy(from: &Path, to: &Path) -> Result<u64, Error> {
        copy::copy(from, to).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed(from, error),
            _ => failed(to, error),
        })
    }

    /// Opens the index in `folder` beside the process that keeps it, or on a disk that cannot be
    /// written to.
    ///
    /// # Errors
    /// [`Error::Index`] if there is none, or it was made by other rules.
    pub(crate) fn read(folder: &Path) -> Result<Self, Error> {
        let directory = ReadingDirectory::open(folder)?;
        let (schema, fields) = Fields::schema();
        let inner = tantivy::Index::open(directory)?;
        check_schema(&inner, &schema)?;
        Self::of(inner, fields, None)
    }

    /// Makes an empty index in memory.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn in_memory() -> Result<Self, Error> {
        let (schema, fields) = Fields::schema();
        let inner = tantivy::Index::create_in_ram(schema);
        let writer = inner.writer_with_num_threads(WRITER_THREADS, WRITER_BYTES)?;
        Self::of(inner, fields, Some(writer))
    }

    fn of(
        inner: tantivy::Index,
        fields: Fields,
        writer: Option<IndexWriter<TantivyDocument>>,
    ) -> Result<Self, Error> {
        inner.tokenizers().register(TOKENIZER, WordTokenizer::default());
        let reader = inner.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let (filters, writer) = (KeptFilters::default(), writer.map(Mutex::new));
        Ok(Self { fields, filters, inner, reader, writer })
    }

    /// Returns the state of the store that the index holds; `None` if it is new.
    pub(crate) fn head(&self) -> Option<StoreHead> {
        Some(self.payload()?.head)
    }

    fn payload(&self) -> Option<Payload> {
        let payload = self.inner.load_metas().ok()?.payload?;
        serde_json::from_str(&payload).ok()
    }

    /// Returns a view of the articles that does not change.
    pub(crate) fn searcher(&self) -> Searcher {
        self.reader.searcher()
    }

    /// Takes in changes. They can be found after [`Self::commit`].
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn apply(&self, changes: &[Change]) -> Result<(), Error> {
        self.with_writer(|writer| {
            for change in changes {
                writer.delete_term(Term::from_field_bytes(self.fields.id, change.id.as_bytes()));
                if let Some(article) = &change.article {
                    writer.add_document(document(&self.fields, article))?;
                }
            }
            Ok(())
        })
    }

    /// Writes what was taken in, and makes it visible to new views. `head` is the state of the
    /// store that the index then holds.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn commit(&self, head: &StoreHead) -> Result<(), Error> {
        self.with_writer(|writer| {
            let payload = Payload { rules: rules(), head: head.clone() };
            let payload = serde_json::to_string(&payload)
                .map_err(|error| TantivyError::InternalError(error.to_string()))?;
            let mut prepared = writer.prepare_commit()?;
            prepared.set_payload(&payload);
            prepared.commit()?;
            self.reader.reload()
        })
    }

    /// Forgets all articles.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn clear(&self) -> Result<(), Error> {
        self.with_writer(|writer| {
            writer.delete_all_documents()?;
            Ok(())
        })
    }

    /// Returns true if the files hold documents that were deleted.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn has_deleted(&self) -> Result<bool, Error> {
        has_deleted(&self.inner)
    }

    /// Takes deleted documents out of the files. Does nothing to an index that was opened for
    /// reading.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn expunge(&self) -> Result<(), Error> {
        match &self.writer {
            Some(writer) => expunge(&self.inner, &self.reader, writer),
            None => Ok(()),
        }
    }

    /// Forgets the changes that were not written, after a failure.
    ///
    /// # Errors
    /// [`Error::Index`].
    pub(crate) fn roll_back(&self) -> Result<(), Error> {
        self.with_writer(|writer| writer.rollback().map(|_| ()))
    }

    /// Reads every file, and compares its checksum.
    ///
    /// # Errors
    /// [`Error::Damaged`] names the first damaged file, [`Error::Index`] if one cannot be read.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.inner.validate_checksum()?.into_iter().min() {
            None => Ok(()),
            Some(file) => Err(Error::Damaged(file)),
        }
    }

    fn with_writer<T>(
        &self,
        work: impl FnOnce(&mut IndexWriter<TantivyDocument>) -> Result<T, TantivyError>,
    ) -> Result<T, Error> {
        let writer = self.writer.as_ref().ok_or_else(|| {
            TantivyError::InvalidArgument("the index was opened for reading".into())
        })?;
        let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(work(&mut writer)?)
    }
}

fn check_schema(index: &tantivy::Index, schema: &Schema) -> Result<(), Error> {
    if index.schema() == *schema {
        return Ok(());
    }
    Err(TantivyError::SchemaError("it was made by another release".into()).into())
}

fn failed(folder: &Path, error: std::io::Error) -> Error {
    Error::Folder { path: folder.to_owned(), source: Arc::new(error) }
}

/// Removes the files of an index.
fn empty(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
