//! Makes the table of features from the statistics of each language.

use std::collections::BTreeMap;

use super::features::{FeatureKind, hash};
use super::table::{BUCKETS, MAGIC, STEP};
use super::{Script, TableError};

/// A language in one script, as a table holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// The language's ISO 639-1 code.
    pub language: &'static str,
    /// The script of its texts.
    pub script: Script,
    /// The evidence that a feature gives for this language if the language's own statistics lack
    /// it, in nats above the common floor. Languages with small statistics need more.
    pub lift: f64,
}

/// The evidence that each feature gives for one label, in nats above the common floor.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    evidence: BTreeMap<u32, f64>,
}

impl Counts {
    /// Adds a letter group or a word, which must be in lower case and composed (NFC). The greater
    /// evidence counts if it is added twice.
    pub fn add(&mut self, kind: FeatureKind, letters: &str, evidence: f64) {
        let letters: Vec<char> = letters.chars().collect();
        let own = self.evidence.entry(hash(kind, &letters)).or_default();
        *own = own.max(evidence);
    }
}

/// Returns the table of `labels`, each with the evidence for it.
///
/// # Errors
/// [`TableError::Length`] if there are more labels, features, or features in one bucket than the
/// format can hold.
/// [`TableError::Label`] if a language code does not have two letters.
pub fn write_table(labels: &[(Label, Counts)]) -> Result<Vec<u8>, TableError> {
    let mut features: BTreeMap<u32, Vec<[u8; 2]>> = BTreeMap::new();
    for (number, (_, counts)) in labels.iter().enumerate() {
        let number = u8::try_from(number).map_err(|_| TableError::Length)?;
        for (hash, evidence) in &counts.evidence {
            features.entry(*hash).or_default().push([number, steps(*evidence)]);
        }
    }
    let mut table = MAGIC.to_vec();
    let label_count = u16::try_from(labels.len()).map_err(|_| TableError::Length)?;
    let feature_count = u32::try_from(features.len()).map_err(|_| TableError::Length)?;
    table.extend(label_count.to_le_bytes());
    table.extend(((feature_count >> 16) as u16).to_le_bytes());
    table.extend((feature_count as u16).to_le_bytes());
    for (label, _) in labels {
        let code: [u8; 2] = label.language.as_bytes().try_into().map_err(|_| TableError::Label)?;
        table.extend(code);
        table.extend([label.script.number(), (label.lift / STEP).round() as i8 as u8]);
    }
    table.extend(bucket_sizes(features.keys())?);
    table.extend(features.keys().flat_map(|hash| (*hash as u16).to_le_bytes()));
    table.extend(features.values().map(|entries| entries.len() as u8));
    table.extend(features.values().flatten().flatten());
    Ok(table)
}

fn steps(evidence: f64) -> u8 {
    (evidence / STEP).round().clamp(0.0, 255.0) as u8
}

fn bucket_sizes<'a>(hashes: impl Iterator<Item = &'a u32>) -> Result<Vec<u8>, TableError> {
    let mut sizes = vec![0_u8; BUCKETS];
    for hash in hashes {
        let size = &mut sizes[(hash >> 16) as usize];
        *size = size.checked_add(1).ok_or(TableError::Length)?;
    }
    Ok(sizes)
}
