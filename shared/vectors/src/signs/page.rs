//! Codes of neighbouring row numbers, laid out for the scan.

/// The values of a word of a code.
pub(super) const WORD: usize = 64;
/// Rows whose words lie side by side, one in each lane of a vector register.
pub(super) const LANES: usize = 8;
/// Rows that are scored by one call: as many as a word of a set has bits.
pub(super) const GROUP: usize = 64;
/// Rows of a page.
pub(super) const PAGE_ROWS: usize = 16_384;

/// The same word of the codes of eight rows, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct WordLanes(pub(super) [u64; LANES]);

/// The codes of [`PAGE_ROWS`] rows: for every eight rows, their words one after the other.
#[derive(Clone, Debug)]
pub(super) struct Page {
    words: usize,
    lanes: Box<[WordLanes]>,
}

impl Page {
    /// Rows without a code, which take `words` words each.
    pub(super) fn new(words: usize) -> Self {
        let lanes = vec![WordLanes([0; LANES]); PAGE_ROWS / LANES * words];
        Self { words, lanes: lanes.into_boxed_slice() }
    }

    pub(super) fn size_bytes(&self) -> usize {
        size_of_val(&*self.lanes)
    }

    /// Overwrites the code of the row at `place`.
    pub(super) fn set(&mut self, place: usize, code: &[u8]) {
        let first = place / LANES * self.words;
        let block = &mut self.lanes[first..first + self.words];
        for (lanes, bytes) in block.iter_mut().zip(code.chunks(WORD / 8)) {
            let mut word = [0; WORD / 8];
            word[..bytes.len()].copy_from_slice(bytes);
            lanes.0[place % LANES] = u64::from_le_bytes(word);
        }
    }

    /// The codes of the group of rows at `place`.
    pub(super) fn group(&self, place: usize) -> &[WordLanes] {
        let size = GROUP / LANES * self.words;
        &self.lanes[place * size..(place + 1) * size]
    }
}
