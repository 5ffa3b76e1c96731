//! A text in 245 bytes, from which its likeness to another text is read.

use crate::shingles::Shingles;

/// The smallest hashes that a sketch keeps.
pub(crate) const HASHES: usize = 60;
/// The first byte of a stored sketch.
pub(crate) const VERSION: u8 = 1;
/// Stands where a short text has no further hash.
const NONE: u32 = u32::MAX;
const HEADER_BYTES: usize = 5;

/// The smallest hashes of a text's shingles ("bottom-k", Broder 1997): a random
/// sample, the same for every text that holds the same shingles. Up to
/// 60 shingles, it is all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    /// The number of different shingles in the text.
    pub(crate) shingles: u32,
    /// Ascending, then [`NONE`].
    pub(crate) hashes: [u32; HASHES],
}

/// The counts of shingles that two texts share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overlap {
    /// Shingles of the shorter text that were compared.
    pub compared: u32,
    /// Those of them that the longer text has.
    pub shared: u32,
    /// Compared shingles with a number in them.
    pub numbers_compared: u32,
    /// Shared shingles with a number in them.
    pub numbers_shared: u32,
}

impl Overlap {
    /// The share of the shorter text that stands in the longer one, 0 to 1.
    pub fn containment(self) -> f32 {
        share(self.shared, self.compared)
    }

    /// Returns the share of the compared shingles that have a number in them, 0 to 1.
    pub fn share_of_numbers(self) -> f32 {
        share(self.numbers_compared, self.compared)
    }

    /// The containment of the shingles with a number in them alone.
    pub fn containment_of_numbers(self) -> f32 {
        share(self.numbers_shared, self.numbers_compared)
    }
}

fn share(part: u32, whole: u32) -> f32 {
    if whole == 0 { 0.0 } else { part as f32 / whole as f32 }
}

impl Sketch {
    /// The sketch of a text that [`crate::normalize_text`] made; `None` if it has
    /// fewer than `least_words` words, or no shingle: too little to tell one text
    /// from another by its parts. Two characters count as a word in scripts that
    /// put no spaces.
    pub fn of(normalized: &str, least_words: usize) -> Option<Self> {
        let shingles = Shingles::of(normalized);
        if shingles.words < least_words || shingles.hashes.is_empty() {
            return None;
        }
        let mut hashes = [NONE; HASHES];
        for (place, hash) in hashes.iter_mut().zip(&shingles.hashes) {
            *place = *hash;
        }
        let shingles = u32::try_from(shingles.hashes.len()).unwrap_or(u32::MAX);
        Some(Self { shingles, hashes })
    }

    /// Compares what both sketches know of their texts: the hashes up to the
    /// smaller of their greatest ones.
    pub fn overlap(&self, other: &Self) -> Overlap {
        // Two texts of one length need an order, too: it must not matter who asks.
        let in_order = (self.shingles, &self.hashes) <= (other.shingles, &other.hashes);
        let (short, long) = if in_order { (self, other) } else { (other, self) };
        let limit = short.limit().min(long.limit());
        let mut rest = long.hashes.as_slice();
        let mut overlap = Overlap::default();
        for hash in short.hashes().iter().take_while(|hash| **hash <= limit) {
            overlap.compared += 1;
            let smaller = rest.iter().take_while(|other| *other < hash).count();
            rest = &rest[smaller..];
            let (is_shared, number) = (u32::from(rest.first() == Some(hash)), hash & 1);
            overlap.shared += is_shared;
            overlap.numbers_compared += number;
            overlap.numbers_shared += is_shared * number;
        }
        overlap
    }

    /// The hashes that it keeps, ascending.
    pub fn hashes(&self) -> &[u32] {
        let kept = usize::try_from(self.shingles).unwrap_or(HASHES).min(HASHES);
        &self.hashes[..kept]
    }

    /// Up to here, the sketch holds every hash of its text.
    fn limit(&self) -> u32 {
        if self.hashes().len() < HASHES { NONE } else { self.hashes[HASHES - 1] }
    }

    /// At most 245 bytes: the version, the number of shingles and the hashes,
    /// little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = std::iter::once(&self.shingles).chain(self.hashes());
        let bytes = numbers.flat_map(|number| number.to_le_bytes());
        std::iter::once(VERSION).chain(bytes).collect()
    }

    /// Reads the bytes of [`Self::to_bytes`]; `None` if they are of another version or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (version, numbers) = bytes.split_first()?;
        let (numbers, rest) = numbers.as_chunks::<4>();
        let (shingles, kept) = numbers.split_first()?;
        if *version != VERSION || !rest.is_empty() || kept.is_empty() || kept.len() > HASHES {
            return None;
        }
        let mut hashes = [NONE; HASHES];
        for (place, hash) in hashes.iter_mut().zip(kept) {
            *place = u32::from_le_bytes(*hash);
        }
        let sketch = Self { shingles: u32::from_le_bytes(*shingles), hashes };
        let is_whole =
            sketch.hashes().len() == kept.len() && kept.len() * 4 + HEADER_BYTES == bytes.len();
        (is_whole && sketch.hashes().is_sorted_by(|a, b| a < b)).then_some(sketch)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(range: std::ops::Range<u32>) -> String {
        range.map(|number| format!("word{number} ")).collect()
    }

    fn sketch(range: std::ops::Range<u32>) -> Sketch {
        Sketch::of(&words(range), 1).unwrap()
    }

    #[test]
    fn short_texts_are_compared_exactly() {
        let overlap = sketch(0..44).overlap(&sketch(20..64));
        assert_eq!((overlap.compared, overlap.shared), (40, 20));
        assert_eq!(overlap.containment(), 0.5);
    }

    #[test]
    fn a_part_is_contained_in_the_whole() {
        let whole = sketch(0..2000);
        let part = sketch(500..1000).overlap(&whole);
        assert_eq!(part.containment(), 1.0);
        assert!((10..25).contains(&part.compared), "a quarter of {HASHES}: {part:?}");
        assert_eq!(whole.overlap(&sketch(2000..2500)).shared, 0);
    }

    #[test]
    fn the_containment_of_long_texts_is_an_estimate() {
        let estimates = (0..50).map(|n| {
            let start = n * 10_000;
            sketch(start..start + 1000).overlap(&sketch(start + 400..start + 1400)).containment()
        });
        let mean = estimates.sum::<f32>() / 50.0;
        assert!((mean - 0.6).abs() < 0.03, "{mean}");
    }

    #[test]
    fn too_short_a_text_has_no_sketch() {
        assert_eq!(Sketch::of("one two three four five six", 7), None);
        assert!(Sketch::of("one two three four five six", 6).is_some());
        assert_eq!(Sketch::of("one two three four", 1), None);
        assert_eq!(Sketch::of("", 0), None);
    }

    #[test]
    fn damaged_bytes_are_no_sketch() {
        let bytes = sketch(0..200).to_bytes();
        assert_eq!(bytes.len(), 245);
        assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 4]), None);
        assert_eq!(Sketch::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Sketch::from_bytes(&[]), None);
        let mut newer = bytes.clone();
        newer[0] = VERSION + 1;
        assert_eq!(Sketch::from_bytes(&newer), None);
        let mut disordered = bytes;
        disordered.swap(5, 9);
        disordered.swap(8, 12);
        assert_eq!(Sketch::from_bytes(&disordered), None);
    }

    proptest! {
        #[test]
        fn bytes_hold_the_whole_sketch(start in 0..1000u32, length in 5..300u32) {
            let sketch = sketch(start..start + length);
            prop_assert_eq!(Sketch::from_bytes(&sketch.to_bytes()), Some(sketch));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(sketch) = Sketch::from_bytes(&bytes) {
                prop_assert_eq!(sketch.to_bytes(), bytes);
            }
        }

        #[test]
        fn overlap_is_symmetric_and_at_most_all(a in 0..200u32, b in 0..200u32, n in 5..300u32, m in 5..300u32) {
            let (a, b) = (sketch(a..a + n), sketch(b..b + m));
            let overlap = a.overlap(&b);
            prop_assert_eq!(overlap.containment(), b.overlap(&a).containment());
            prop_assert!(overlap.shared <= overlap.compared);
            prop_assert_eq!(a.overlap(&a).containment(), 1.0);
        }
    }
}
