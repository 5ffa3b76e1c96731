//! Rows as the signs of their values: one bit per value, for a scan that finds candidates.
//!
//! A query keeps four bits per value. Its score with a row is the sum of its codes where the row
//! is positive, which orders the rows as the sum with the signs does. Of 19,165 articles of a news
//! agency, 992 of 1,000 of the ten nearest were among the first 100 of this order, and 998 among
//! the first 200. With the signs of the query alone they were 952 and 981. More bits per value,
//! a rotation, or the rows without their mean found no more, so a code depends on its row alone.

mod best;
mod kernels;
mod page;
mod query;

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::DimensionError;
use crate::row_set::{Bits, RowSet};
use best::BestRows;
use kernels::CountKernel;
use page::{GROUP, PAGE_ROWS, Page, WORD};
use query::QueryPlanes;

/// A thread of its own is worth its start for this many pages: a million rows are 62.
const PAGES_PER_THREAD: usize = 16;

/// The signs of rows, by row number.
///
/// Row numbers may have gaps: memory is taken for every 16,384 numbers of which one is in use.
#[derive(Clone, Debug)]
pub struct SignCodes {
    dimension: usize,
    pages: Vec<Option<Page>>,
    /// The rows that have a direction: all others are near nothing.
    rows: RowSet,
}

impl SignCodes {
    /// Makes an empty collection of rows with `dimension` values.
    ///
    /// # Panics
    /// If `dimension` is 0.
    pub fn new(dimension: usize) -> Self {
        assert!(dimension > 0, "a row has at least one value");
        Self { dimension, pages: Vec::new(), rows: RowSet::new() }
    }

    /// Returns the code of a row: a bit per value, which is set if the value is positive, from
    /// the lowest bit of the first byte on. Returns `None` for a row of zeros.
    pub fn encode(row: &[f32]) -> Option<Vec<u8>> {
        let has_direction = row.iter().any(|value| *value != 0.0);
        let byte = |values: &[f32]| {
            let bits = values.iter().enumerate().map(|(bit, value)| u8::from(*value > 0.0) << bit);
            bits.fold(0, |byte, bit| byte | bit)
        };
        has_direction.then(|| row.chunks(8).map(byte).collect())
    }

    /// Adds or replaces a row, of which `code` is what [`Self::encode`] returned. Without a code
    /// the row is near nothing.
    ///
    /// # Errors
    /// [`DimensionError`] if the code has another number of bytes: nothing was changed.
    pub fn set(&mut self, row: u32, code: Option<&[u8]>) -> Result<(), DimensionError> {
        let Some(code) = code else {
            self.remove(row);
            return Ok(());
        };
        if code.len() != self.dimension.div_ceil(8) {
            return Err(DimensionError { expected: self.dimension, found: code.len() * 8 });
        }
        let (page, place) = (row as usize / PAGE_ROWS, row as usize % PAGE_ROWS);
        if page >= self.pages.len() {
            self.pages.resize_with(page + 1, || None);
        }
        let words = self.dimension.div_ceil(WORD);
        self.pages[page].get_or_insert_with(|| Page::new(words)).set(place, code);
        self.rows.insert(row);
        Ok(())
    }

    /// Removes a row, if it is there.
    pub fn remove(&mut self, row: u32) {
        self.rows.remove(row);
        let page = row as usize / PAGE_ROWS;
        if page < self.pages.len() && groups(page).all(|group| self.rows.word(group) == 0) {
            self.pages[page] = None;
        }
    }

    /// The rows that have a direction.
    pub fn rows(&self) -> &RowSet {
        &self.rows
    }

    /// Returns the memory that the codes take, in bytes.
    pub fn size_bytes(&self) -> usize {
        let pages = self.pages.iter().flatten().map(Page::size_bytes).sum::<usize>();
        pages + self.pages.capacity() * size_of::<Option<Page>>() + self.rows.size_bytes()
    }

    /// The `depth` rows whose codes are nearest to `query`, best first, equal ones by their
    /// numbers; only those in `among`, if it is given. At most `threads` threads compare.
    ///
    /// # Errors
    /// [`DimensionError`] if the query does not fit.
    pub fn candidates(
        &self,
        query: &[f32],
        depth: usize,
        among: Option<&RowSet>,
        threads: usize,
    ) -> Result<Vec<u32>, DimensionError> {
        if query.len() != self.dimension {
            return Err(DimensionError { expected: self.dimension, found: query.len() });
        }
        let depth = depth.min(among.unwrap_or(&self.rows).len());
        let Some(planes) = QueryPlanes::new(query).filter(|_| depth > 0) else {
            return Ok(Vec::new());
        };
        let threads = threads.clamp(1, (self.pages.len() / PAGES_PER_THREAD).max(1));
        let share = self.pages.len().div_ceil(threads).max(1);
        let scan = |pages| self.scan(pages, &planes, depth, among);
        let best = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads)
                .map(|part| scope.spawn(move || scan(part * share..(part + 1) * share)))
                .collect();
            let mut best = scan(0..share);
            for other in others {
                match other.join() {
                    Ok(other) => best.merge(other),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            best
        });
        Ok(best.into_rows())
    }

    /// Scores the rows of some pages.
    fn scan(
        &self,
        pages: Range<usize>,
        planes: &QueryPlanes,
        depth: usize,
        among: Option<&RowSet>,
    ) -> BestRows {
        let kernel = CountKernel::detect();
        let mut best = BestRows::new(depth);
        let mut scores = [0; GROUP];
        for number in pages.start..pages.end.min(self.pages.len()) {
            let Some(page) = &self.pages[number] else { continue };
            for (place, group) in groups(number).enumerate() {
                let wanted = among.map_or(u64::MAX, |among| among.word(group));
                let rows = self.rows.word(group) & wanted;
                if rows == 0 {
                    continue;
                }
                kernel.score(page.group(place), planes.words(), rows, &mut scores);
                for bit in Bits(rows) {
                    best.offer((group * GROUP) as u32 + bit, scores[bit as usize]);
                }
            }
        }
        best
    }
}

/// The groups of rows of a page, by their numbers among all.
fn groups(page: usize) -> Range<usize> {
    page * (PAGE_ROWS / GROUP)..(page + 1) * (PAGE_ROWS / GROUP)
}
