//! A set of row numbers, one bit each.

/// Rows per word.
const WORD: usize = 64;

/// A set of row numbers, as the filter of a scan.
///
/// It takes one bit for every number up to the greatest one in it.
#[derive(Clone, Debug, Default)]
pub struct RowSet {
    words: Vec<u64>,
    len: usize,
}

impl RowSet {
    /// Makes an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. Returns false if it was there.
    pub fn insert(&mut self, row: u32) -> bool {
        let (word, bit) = place(row);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let is_new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.len += usize::from(is_new);
        is_new
    }

    /// Removes a row. Returns false if it was not there.
    pub fn remove(&mut self, row: u32) -> bool {
        let was_there = self.contains(row);
        if was_there {
            let (word, bit) = place(row);
            self.words[word] &= !bit;
            self.len -= 1;
        }
        was_there
    }

    /// Returns true if the row is in the set.
    pub fn contains(&self, row: u32) -> bool {
        let (word, bit) = place(row);
        self.word(word) & bit != 0
    }

    /// The number of rows in the set.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns true if no row is in the set.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the rows, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = u32> {
        let of_word = |(number, word): (usize, &u64)| {
            Bits(*word).map(move |bit| (number * WORD) as u32 + bit)
        };
        self.words.iter().enumerate().flat_map(of_word)
    }

    /// Keeps only the rows that are in `other`, too.
    pub fn intersect(&mut self, other: &Self) {
        self.words.truncate(other.words.len());
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }

    /// Adds the rows of `other`.
    pub fn union(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self.len = self.words.iter().map(|word| word.count_ones() as usize).sum();
    }

    /// Returns the memory that the set takes, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// The rows from `64 * word` on, as bits; 0 behind the last one.
    pub(crate) fn word(&self, word: usize) -> u64 {
        self.words.get(word).copied().unwrap_or(0)
    }
}

impl PartialEq for RowSet {
    /// Words of zeros at the end do not count.
    fn eq(&self, other: &Self) -> bool {
        let words = self.words.len().max(other.words.len());
        (0..words).all(|word| self.word(word) == other.word(word))
    }
}

impl Eq for RowSet {}

impl Extend<u32> for RowSet {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, rows: I) {
        rows.into_iter().for_each(|row| {
            self.insert(row);
        });
    }
}

impl FromIterator<u32> for RowSet {
    fn from_iter<I: IntoIterator<Item = u32>>(rows: I) -> Self {
        let mut set = Self::new();
        set.extend(rows);
        set
    }
}

/// The numbers of the bits that are set in a word, in ascending order.
pub(crate) struct Bits(pub(crate) u64);

impl Iterator for Bits {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        let bit = self.0.trailing_zeros();
        self.0 &= self.0.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit)
    }
}

fn place(row: u32) -> (usize, u64) {
    (row as usize / WORD, 1 << (row as usize % WORD))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_is_what_a_tree_of_numbers_is(
            rows in vec(0_u32..300, 0..100),
            others in vec(0_u32..200, 0..100),
            removed in vec(0_u32..400, 0..20),
        ) {
            let (mut set, mut tree) = (RowSet::new(), BTreeSet::new());
            for row in rows {
                prop_assert_eq!(set.insert(row), tree.insert(row));
            }
            for row in removed {
                prop_assert_eq!(set.remove(row), tree.remove(&row));
            }
            prop_assert!(set.iter().eq(tree.iter().copied()));
            prop_assert_eq!((set.len(), set.is_empty()), (tree.len(), tree.is_empty()));
            prop_assert!((0..500).all(|row| set.contains(row) == tree.contains(&row)));
            let others: BTreeSet<u32> = others.into_iter().collect();
            let other: RowSet = others.iter().copied().collect();
            let (mut both, mut either) = (set.clone(), set);
            both.intersect(&other);
            either.union(&other);
            prop_assert!(both.iter().eq(tree.intersection(&others).copied()));
            prop_assert!(either.iter().eq(tree.union(&others).copied()));
            prop_assert_eq!(both.len(), tree.intersection(&others).count());
            prop_assert_eq!(either.len(), tree.union(&others).count());
        }
    }

    #[test]
    fn sets_with_the_same_rows_are_equal_whatever_was_in_them_before() {
        let mut long: RowSet = [3, 1000].into_iter().collect();
        long.remove(1000);
        assert_eq!(long, [3].into_iter().collect());
        assert_ne!(long, RowSet::new());
    }
}
