//! Some tens of thousands of sketches of about one age, and a table of their keys.

use courant_article::{ArticleId, ContentHash};

use super::{KEYS, SketchedText};
use crate::Sketch;

/// Entries per bucket: one cache line.
const BUCKET: usize = 16;
/// Entries that a bucket has on average in a full segment. Of a Poisson variable
/// of this mean, one in 200 does not find room: a text has other keys.
const BUCKET_FILL: usize = 11;
/// Entries with the same tag in a bucket. A shingle that so many texts share is
/// no sign of one text; and of many copies, the first ones are enough.
const MAX_SAME: usize = 12;
/// An entry is the tag above the slot's number plus one; 0 is none.
const SLOT_BITS: u32 = 20;
const SLOT_MASK: u32 = (1 << SLOT_BITS) - 1;
/// The most texts of a segment.
pub(super) const MAX_SLOTS: usize = SLOT_MASK as usize;

type Bucket = [u32; BUCKET];

/// Whose a sketch is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner {
    pub(super) id: ArticleId,
    pub(super) text: u64,
    pub(super) site: u32,
    pub(super) at_s: u32,
}

/// A part of the index that lives and goes as a whole.
#[derive(Debug)]
pub(super) struct Segment {
    capacity: usize,
    owners: Vec<Owner>,
    sketches: Vec<Sketch>,
    buckets: Box<[Bucket]>,
}

impl Segment {
    /// Room for `capacity` texts, at most [`MAX_SLOTS`].
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, MAX_SLOTS);
        let buckets = (capacity * KEYS).div_ceil(BUCKET_FILL);
        Self {
            capacity,
            owners: Vec::new(),
            sketches: Vec::new(),
            buckets: vec![[0; BUCKET]; buckets].into_boxed_slice(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.owners.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.owners.len() >= self.capacity
    }

    pub(super) fn newest_s(&self) -> u32 {
        self.owners.last().map_or(0, |owner| owner.at_s)
    }

    pub(super) fn at(&self, slot: usize) -> (&Owner, &Sketch) {
        (&self.owners[slot], &self.sketches[slot])
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.owners.capacity() * size_of::<Owner>()
            + self.sketches.capacity() * size_of::<Sketch>()
            + self.buckets.len() * size_of::<Bucket>()
    }

    /// Adds a text behind those that are there.
    pub(super) fn insert(&mut self, offer: &SketchedText, at_s: u32) {
        if self.owners.len() == self.owners.capacity() {
            self.grow();
        }
        let Ok(number) = u32::try_from(self.owners.len() + 1) else { return };
        for key in offer.sketch.hashes().iter().take(KEYS) {
            let entry = tag(*key) | number;
            let place = self.place(*key);
            add(&mut self.buckets[place], entry);
        }
        let (id, text) = (offer.id, offer.text);
        self.owners.push(Owner { id, text, site: site_hash(&offer.site), at_s });
        self.sketches.push(offer.sketch.clone());
    }

    /// By halves, and never beyond the capacity: doubling would waste memory.
    fn grow(&mut self) {
        let len = self.owners.len();
        let more = (len / 2).max(64).min(self.capacity.saturating_sub(len)).max(1);
        self.owners.reserve_exact(more);
        self.sketches.reserve_exact(more);
    }

    /// Calls `found` for each of the sketch's hashes and each text that has it
    /// among its keys, and once in 4096 for one that has not.
    pub(super) fn look_up(&self, sketch: &Sketch, mut found: impl FnMut(usize)) {
        for key in sketch.hashes() {
            let tag = tag(*key);
            for entry in self.buckets[self.place(*key)] {
                let number = entry & SLOT_MASK;
                if entry & !SLOT_MASK == tag && number != 0 {
                    found(number as usize - 1);
                }
            }
        }
    }

    /// The bucket of a key. Keys are small numbers, being the smallest hashes:
    /// they must be spread again.
    fn place(&self, key: u32) -> usize {
        let spread = u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        // Below the number of buckets, as `spread` is below 2^32.
        ((spread * self.buckets.len() as u64) >> 32) as usize
    }
}

fn tag(key: u32) -> u32 {
    key << SLOT_BITS
}

fn add(bucket: &mut Bucket, entry: u32) {
    let same = bucket.iter().filter(|other| (**other ^ entry) & !SLOT_MASK == 0).count();
    if same < MAX_SAME
        && let Some(free) = bucket.iter_mut().find(|other| **other == 0)
    {
        *free = entry;
    }
}

/// Sites are only compared, so 32 bits of their name's hash are enough.
pub(super) fn site_hash(site: &str) -> u32 {
    let hash = ContentHash::of_normalized(site);
    let [a, b, c, d, ..] = *hash.as_bytes();
    u32::from_le_bytes([a, b, c, d])
}
