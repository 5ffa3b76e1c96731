//! Vectors of texts that come again: queries, topic definitions, headlines.

use courant_article::{Embedding, TextKind};
use courant_gpu_utils::device::Provider;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::metrics::ResultMetrics;

/// A text's vector, and what computed it.
pub(crate) type Computed = (Embedding, Provider);

/// The vectors of one model by their text, bounded by their bytes.
pub(crate) struct Results {
    vectors: Cache<[u8; 32], Computed>,
    metrics: ResultMetrics,
}

impl Results {
    /// Keeps up to `megabytes` of vectors.
    pub(crate) fn new(megabytes: u64, metrics: ResultMetrics) -> Self {
        let weight = |_: &[u8; 32], (vector, _): &Computed| {
            u32::try_from(32 + vector.dimension() * size_of::<f32>()).unwrap_or(u32::MAX)
        };
        let vectors = Cache::builder().max_capacity(megabytes << 20).weigher(weight).build();
        Self { vectors, metrics }
    }

    /// The known vector of each of the texts.
    pub(crate) fn known(&self, kind: TextKind, texts: &[String]) -> Vec<Option<Computed>> {
        let known: Vec<_> = texts.iter().map(|text| self.vectors.get(&key(kind, text))).collect();
        let hits = known.iter().flatten().count();
        self.metrics.looked_up(hits, known.len() - hits);
        known
    }

    /// Keeps the vector of `text`.
    pub(crate) fn put(&self, kind: TextKind, text: &str, computed: &Computed) {
        self.vectors.insert(key(kind, text), computed.clone());
    }
}

fn key(kind: TextKind, text: &str) -> [u8; 32] {
    let kind = match kind {
        TextKind::Query => b"q",
        TextKind::Document => b"d",
    };
    Sha256::new_with_prefix(kind).chain_update(text).finalize().into()
}
