//! A scan of 1-bit codes in the searching process, beside pgvector: the codes give candidates, whose
//! vectors are read from the server and compared exactly.

use anyhow::Context;
use courant_article::Embedding;
use courant_store::Span;
use courant_vectors::{RowSet, SignCodes, dot};
use pgvector::HalfVector;
use tokio_postgres::Client;

use super::archive::{Archive, DIMENSION};
use super::plain::connected;

/// Candidates that are compared exactly: with so many, recall is that of pgvector's own index.
const DEPTH: usize = 200;

/// The codes of all articles, with the time at which each was observed.
pub(super) struct Codes {
    codes: SignCodes,
    observed_ms: Vec<i64>,
    ids: Vec<Vec<u8>>,
}

impl Codes {
    /// Makes the codes. `observed_ms`: the time of each article, in their order.
    pub(super) fn of(archive: &Archive, observed_ms: Vec<i64>) -> anyhow::Result<Self> {
        let mut codes = SignCodes::new(DIMENSION);
        let mut ids = Vec::with_capacity(archive.len());
        for number in 0..archive.len() {
            let code = SignCodes::encode(archive.vector(number).as_slice());
            codes.set(u32::try_from(number)?, code.as_deref())?;
            ids.push(archive.id(number).as_bytes().to_vec());
        }
        Ok(Self { codes, observed_ms, ids })
    }

    fn in_span(&self, span: Span) -> RowSet {
        let within = |ms: &i64| (span.from_ms..span.until_ms).contains(ms);
        (0..).zip(&self.observed_ms).filter(|(_, ms)| within(ms)).map(|(row, _)| row).collect()
    }
}

/// A connection that reads the vectors of candidates.
pub(super) struct Scanner(Client);

impl Scanner {
    pub(super) async fn connect(url: &str) -> anyhow::Result<Self> {
        Ok(Self(connected(url).await?))
    }

    /// Returns the ids of the nearest articles in `span`.
    pub(super) async fn nearest(
        &self,
        codes: &Codes,
        vector: &Embedding,
        span: Span,
        k: usize,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let among = (span != Span::ALWAYS).then(|| codes.in_span(span));
        let candidates = codes.codes.candidates(vector.as_slice(), DEPTH, among.as_ref(), 1)?;
        let ids: Vec<&[u8]> = candidates
            .iter()
            .filter_map(|row| codes.ids.get(*row as usize))
            .map(Vec::as_slice)
            .collect();
        let read = "SELECT id, vector FROM plain WHERE id = ANY($1)";
        let rows = self.0.query(read, &[&ids]).await.context("cannot read vectors")?;
        let scored = |row: &tokio_postgres::Row| {
            let values: HalfVector = row.get(1);
            let values: Vec<f32> =
                values.to_vec().into_iter().map(|value| value.to_f32()).collect();
            (dot(vector.as_slice(), &values), row.get::<_, Vec<u8>>(0))
        };
        let mut scored: Vec<(f32, Vec<u8>)> = rows.iter().map(scored).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        Ok(scored.into_iter().take(k).map(|(_, id)| id).collect())
    }
}
