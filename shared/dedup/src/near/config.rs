//! The rule by which two texts count as the same.

use courant_config::{RangeError, Ranged, Ranges, range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::sketch::{Overlap, Sketch};

const DAY_S: u32 = 86_400;

/// The rule by which two texts count as the same, and the number of remembered texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NearConfig {
    /// The share of the shorter text's 5-word shingles that must stand in the
    /// longer text, 0.3 to 1.
    pub threshold: f32,
    /// Texts with fewer words only match if they are equal, 10 to 1000. In scripts without
    /// spaces, two characters count as a word.
    pub min_words: usize,
    /// The most texts that are remembered, 1000 to 16,000,000. Beyond that, the oldest
    /// sixteenth is forgotten. Each text takes about 400 bytes.
    pub capacity: usize,
    /// Days that a text is remembered, 1 to 3650.
    pub max_age_days: u32,
}

impl Default for NearConfig {
    fn default() -> Self {
        Self { threshold: 0.55, min_words: 30, capacity: 1_000_000, max_age_days: 30 }
    }
}

impl NearConfig {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the first key that is out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("near", self)
    }

    /// Returns the containment of two texts, if they count as the same.
    pub fn nearness(&self, a: &Sketch, b: &Sketch) -> Option<f32> {
        let overlap = a.overlap(b);
        self.is_near(overlap).then(|| overlap.containment())
    }

    fn is_near(&self, overlap: Overlap) -> bool {
        overlap.shared >= MIN_SHARED
            && overlap.containment() >= self.threshold
            && (overlap.share_of_numbers() < MUCH_OF_NUMBERS
                || overlap.containment_of_numbers() >= LEAST_OF_NUMBERS)
    }

    /// Seconds that a text is remembered.
    pub fn max_age_s(&self) -> u32 {
        self.max_age_days.saturating_mul(DAY_S)
    }
}

impl Ranged for NearConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("threshold", self.threshold, 0.3..=1.0);
        ranges.within("min_words", self.min_words, 10..=1000);
        ranges.within("capacity", self.capacity, 1000..=16_000_000);
        ranges.within("max_age_days", self.max_age_days, 1..=3650);
    }
}

/// Fewer common hashes are chance, whatever their share.
const MIN_SHARED: u32 = 4;
/// A text of which so much stands beside numbers is a report of numbers: of two market
/// reports, auctions or results made to one pattern, the words agree and the numbers
/// do not; of two copies of one report, both do.
const MUCH_OF_NUMBERS: f32 = 0.3;
/// So much of what stands beside numbers must then be common.
const LEAST_OF_NUMBERS: f32 = 0.6;
