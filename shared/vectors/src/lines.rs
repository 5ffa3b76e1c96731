//! Numbers in memory that suits a scan: cache lines, in large pages.

#![expect(unsafe_code, reason = "lines of bytes are read as numbers, and pages are advised")]

use std::marker::PhantomData;

use half::f16;

const LINE_BYTES: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE_BYTES]);

/// A number that any bytes are a value of, and whose zero has only zero bytes.
///
/// # Safety
/// Both must hold, and the number's size divide a line's.
pub(super) unsafe trait Number: Copy {}

// SAFETY: any four, two or one bytes are a value, and zero bytes are 0.
unsafe impl Number for f32 {}
// SAFETY: as above.
unsafe impl Number for f16 {}
// SAFETY: as above.
unsafe impl Number for u8 {}

/// A growing sequence of numbers that begins on a cache line.
///
/// A scan of 100,000 rows touches more small pages than the processor
/// remembers the places of, so the memory asks for large ones.
pub(super) struct Lines<T> {
    lines: Vec<Line>,
    len: usize,
    numbers: PhantomData<T>,
}

impl<T: Number> Lines<T> {
    const PER_LINE: usize = LINE_BYTES / size_of::<T>();

    pub(super) fn new() -> Self {
        Self { lines: Vec::new(), len: 0, numbers: PhantomData }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.lines.capacity() * LINE_BYTES
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: `len` numbers lie within the lines, which are initialized; any
        // bytes are a number, and a line is aligned at least as one.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        // SAFETY: as in `as_slice`; `self` is borrowed alone.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }

    pub(super) fn extend(&mut self, numbers: impl ExactSizeIterator<Item = T>) {
        let start = self.len;
        let end = start + numbers.len();
        self.reserve(end.div_ceil(Self::PER_LINE));
        self.lines.resize(end.div_ceil(Self::PER_LINE), Line([0; LINE_BYTES]));
        self.len = end;
        for (slot, number) in self.as_mut_slice()[start..].iter_mut().zip(numbers) {
            *slot = number;
        }
    }

    /// Grows by half: the pages of new memory must be advised before they are
    /// first written, which a vector that grows by itself leaves no time for.
    fn reserve(&mut self, lines: usize) {
        if lines <= self.lines.capacity() {
            return;
        }
        let mut grown = Vec::with_capacity(lines.max(self.lines.capacity() / 2 * 3));
        prefer_large_pages(grown.spare_capacity_mut());
        grown.extend_from_slice(&self.lines);
        self.lines = grown;
    }
}

impl<T: Number> Clone for Lines<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::new();
        clone.extend(self.as_slice().iter().copied());
        clone
    }
}

/// Asks for large pages where whole ones fit. It is advice: a system without
/// them serves small pages, and the scan takes longer.
#[cfg(target_os = "linux")]
fn prefer_large_pages(memory: &mut [std::mem::MaybeUninit<Line>]) {
    const PAGE: usize = 2 << 20;
    let bytes = size_of_val(memory);
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE);
    let advised = bytes.saturating_sub(skipped) / PAGE * PAGE;
    if advised > 0 {
        // SAFETY: the range lies within `memory`; the advice changes no content.
        unsafe { libc::madvise(start.add(skipped).cast(), advised, libc::MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn prefer_large_pages(_memory: &mut [std::mem::MaybeUninit<Line>]) {}
