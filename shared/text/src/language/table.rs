//! The table of features: the languages that have each feature, and the evidence that it gives for
//! each.
//!
//! `data/languages.table` holds these parts in order, with little-endian numbers: the magic; the
//! number of labels; the number of features, the upper 16 bits first; for each label, its code,
//! script and lift; for each bucket (the upper 16 bits of a feature's hash), the number of its
//! features; for each feature, the lower 16 bits of its hash; for each feature, the number of its
//! entries; and the entries of two bytes each, a label and the evidence in steps of [`STEP`].

use std::sync::LazyLock;

use super::Script;
use super::features::features;

pub(super) const MAGIC: &[u8; 8] = b"CRTLANG1";
pub(super) const BUCKETS: usize = 1 << 16;
/// One step of evidence, in nats.
pub(super) const STEP: f64 = 0.05;
/// The bytes of one label.
pub(super) const LABEL_BYTES: usize = 4;

static BYTES: &[u8] = include_bytes!("../../data/languages.table");
static BUILT_IN: LazyLock<Table> =
    LazyLock::new(|| Table::parse(BYTES).expect("the built-in table is whole: a test reads it"));

/// The reasons why bytes are no table.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The bytes do not start as a table of this version does.
    #[error("the bytes do not start with {}", MAGIC.escape_ascii())]
    Magic,
    /// The bytes are too few or too many, or there are more parts than the format can hold.
    #[error("the table's length does not match its parts")]
    Length,
    /// A label's language or script is unknown, or an entry names a label that is not in the table.
    #[error("the table has an unknown label")]
    Label,
}

/// A language in one script. Serbian has two such labels.
#[derive(Clone, Copy, Debug)]
struct Known {
    language: &'static str,
    script: Script,
    /// The evidence that a known feature gives for this label if the label lacks it, in nats.
    lift: f64,
}

/// One candidate and the evidence for it per letter group, in nats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Score {
    pub(super) language: &'static str,
    pub(super) rate: f64,
    pub(super) groups: f64,
}

/// The features, found by their hash.
#[derive(Debug)]
pub(super) struct Table {
    labels: Vec<Known>,
    /// The index of each bucket's first feature, and one index more at the end.
    buckets: Vec<u32>,
    hashes: &'static [u8],
    /// The index of each feature's first entry, and one index more at the end.
    starts: Vec<u32>,
    entries: &'static [u8],
}

impl Table {
    pub(super) fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Reads a table.
    ///
    /// # Errors
    /// The first fault of the bytes.
    pub(super) fn parse(bytes: &'static [u8]) -> Result<Self, TableError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(TableError::Magic)?;
        let labels = usize::from(number(&mut rest)?);
        let features = usize::from(number(&mut rest)?) << 16 | usize::from(number(&mut rest)?);
        let labels = take(&mut rest, labels * LABEL_BYTES)?;
        let counts = take(&mut rest, BUCKETS)?;
        let hashes = take(&mut rest, 2 * features)?;
        let lengths = take(&mut rest, features)?;
        let table = Self {
            labels: labels.chunks_exact(LABEL_BYTES).map(label).collect::<Result<_, _>>()?,
            buckets: running(counts),
            hashes,
            starts: running(lengths),
            entries: rest,
        };
        table.check(features)?;
        Ok(table)
    }

    fn check(&self, features: usize) -> Result<(), TableError> {
        let ends = |starts: &[u32]| starts.last().map_or(0, |end| *end as usize);
        if ends(&self.buckets) != features || 2 * ends(&self.starts) != self.entries.len() {
            return Err(TableError::Length);
        }
        let known =
            |entry: &[u8]| entry.first().is_some_and(|n| usize::from(*n) < self.labels.len());
        if self.entries.chunks_exact(2).all(known) { Ok(()) } else { Err(TableError::Label) }
    }

    /// Returns the languages of all labels.
    pub(super) fn languages(&self) -> impl Iterator<Item = &'static str> {
        self.labels.iter().map(|label| label.language)
    }

    pub(super) fn has(&self, language: &str, script: Script) -> bool {
        self.labels.iter().any(|label| label.language == language && label.script == script)
    }

    /// Returns the scores of the languages written in `script`, the likeliest first.
    pub(super) fn scores(&self, text: &str, script: Script, most: usize) -> Vec<Score> {
        let mut sums = vec![0_u32; self.labels.len()];
        let mut hits = vec![0_u32; self.labels.len()];
        let (mut known, mut all) = (0_u32, 0_u32);
        features(text, script, most, |_, hash| {
            all += 1;
            let Some(entries) = self.entries(hash) else { return };
            known += 1;
            for entry in entries.chunks_exact(2) {
                let label = usize::from(entry[0]);
                sums[label] += u32::from(entry[1]);
                hits[label] += 1;
            }
        });
        let groups = f64::from(all.max(1));
        let rate = |label: usize| {
            let missing = f64::from(known - hits[label]) * self.labels[label].lift;
            (f64::from(sums[label]) * STEP + missing) / groups
        };
        let own = (0..self.labels.len()).filter(|label| self.labels[*label].script == script);
        let mut scores: Vec<Score> = own
            .map(|label| Score { language: self.labels[label].language, rate: rate(label), groups })
            .collect();
        scores.sort_by(|one, other| other.rate.total_cmp(&one.rate));
        scores
    }

    fn entries(&self, hash: u32) -> Option<&'static [u8]> {
        let bucket = (hash >> 16) as usize;
        let (start, end) = (self.buckets[bucket] as usize, self.buckets[bucket + 1] as usize);
        let low = (hash as u16).to_le_bytes();
        let place = self.hashes[2 * start..2 * end].chunks_exact(2).position(|own| own == low)?;
        let (from, to) = (self.starts[start + place], self.starts[start + place + 1]);
        Some(&self.entries[2 * from as usize..2 * to as usize])
    }
}

fn take(rest: &mut &'static [u8], length: usize) -> Result<&'static [u8], TableError> {
    let (taken, left) = rest.split_at_checked(length).ok_or(TableError::Length)?;
    *rest = left;
    Ok(taken)
}

fn number(rest: &mut &'static [u8]) -> Result<u16, TableError> {
    let bytes = take(rest, 2)?;
    Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
}

fn label(bytes: &'static [u8]) -> Result<Known, TableError> {
    let (code, rest) = bytes.split_at_checked(2).ok_or(TableError::Length)?;
    let language = str::from_utf8(code).map_err(|_| TableError::Label)?;
    let script = Script::from_number(rest[0]).ok_or(TableError::Label)?;
    Ok(Known { language, script, lift: f64::from(rest[1] as i8) * STEP })
}

/// Returns the running sums of `counts`, starting with 0.
fn running(counts: &[u8]) -> Vec<u32> {
    let sums = counts.iter().scan(0, |sum, count| {
        *sum += u32::from(*count);
        Some(*sum)
    });
    std::iter::once(0).chain(sums).collect()
}
