//! An index of sketches in memory. It finds the near texts of a text among a million.
//!
//! A text is found by the smallest of its hashes (its keys), of which two texts
//! with half of their shingles in common share several, and judged by the whole
//! sketch. The index is cut into segments by age: the oldest is dropped as a
//! whole when the index is full or the segment too old.

mod config;
mod segment;

use std::collections::VecDeque;

use courant_article::ArticleId;

pub use config::NearConfig;

use crate::Sketch;
use crate::sketch::HASHES;
use segment::Segment;

/// The number of a sketch's smallest hashes that lead to it. If half of a text is found in
/// a text of the same length, the two share a third of these hashes or more: 16 find nearly
/// all such texts.
pub const KEYS: usize = 16;
/// At most so many candidates are compared, those with the most keys first.
const MAX_COMPARED: usize = 64;
/// Segments of a full index.
const SEGMENTS: usize = 16;

/// A text that is compared with earlier texts and added to an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SketchedText {
    /// The article's name.
    pub id: ArticleId,
    /// The [`crate::text_key`] of its text.
    pub text: u64,
    /// The registered domain of its URL.
    pub site: String,
    /// The sketch of its text.
    pub sketch: Sketch,
}

/// An earlier article with nearly the same text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearMatch {
    /// The earlier article. It is never the one of the offer.
    pub id: ArticleId,
    /// The [`crate::text_key`] of the text that was added for it.
    pub text: u64,
    /// True if the earlier article is of the same site.
    pub on_this_site: bool,
    /// The share of the shorter text that stands in the longer one, 0 to 1.
    pub containment: f32,
}

/// An index of sketches in memory.
#[derive(Debug)]
pub struct NearIndex {
    config: NearConfig,
    /// The oldest first.
    segments: VecDeque<Segment>,
}

impl NearIndex {
    /// An empty index.
    pub fn new(config: &NearConfig) -> Self {
        Self { config: config.clone(), segments: VecDeque::new() }
    }

    /// Adds `offer`, and returns the earlier articles that are near to it, in the order in
    /// which they were added.
    ///
    /// A text that is near to one of its own site is not added: it will be refused as a
    /// duplicate, or the index already holds it. So a chain of small changes does not lead from
    /// one article to a different one.
    pub fn offer(&mut self, offer: &SketchedText, now_s: u32) -> Vec<NearMatch> {
        let met = self.met(offer, now_s);
        if !met.iter().any(|found| found.on_this_site) {
            self.insert(offer, now_s);
        }
        met.into_iter().filter(|found| found.id != offer.id).collect()
    }

    /// Adds a text that was accepted before, without a search. Call this for the oldest text
    /// first.
    pub fn insert(&mut self, offer: &SketchedText, now_s: u32) {
        self.make_room(now_s);
        if self.segments.back().is_none_or(Segment::is_full) {
            self.segments.push_back(Segment::new(self.segment_capacity()));
        }
        if let Some(newest) = self.segments.back_mut() {
            newest.insert(offer, now_s);
        }
    }

    /// Returns the number of texts in the index.
    pub fn len(&self) -> usize {
        self.segments.iter().map(Segment::len).sum()
    }

    /// Returns true if the index holds no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the memory that the index takes, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.segments.iter().map(Segment::size_bytes).sum()
    }

    /// Returns the ids of the articles that share a key with `sketch`, and so would be compared
    /// with it.
    pub fn candidates(&self, sketch: &Sketch) -> Vec<ArticleId> {
        let at = |(segment, slot): (usize, usize)| self.segments[segment].at(slot).0.id;
        self.ranked(sketch).into_iter().map(at).collect()
    }

    /// Returns the texts that are near to `offer` and came before it, the earliest first.
    /// `offer` itself comes last if the index holds it already.
    fn met(&self, offer: &SketchedText, now_s: u32) -> Vec<NearMatch> {
        let oldest_s = self.oldest_s(now_s);
        let site = segment::site_hash(&offer.site);
        let mut places = self.ranked(&offer.sketch);
        places.sort_unstable();
        let mut met = Vec::new();
        for (segment, slot) in places {
            let (owner, sketch) = self.segments[segment].at(slot);
            let is_own = owner.id == offer.id;
            let Some(containment) = self.config.nearness(&offer.sketch, sketch) else { continue };
            if owner.at_s < oldest_s || (is_own && *sketch != offer.sketch) {
                continue;
            }
            met.push(NearMatch {
                id: owner.id,
                text: owner.text,
                on_this_site: owner.site == site,
                containment,
            });
            if is_own {
                break;
            }
        }
        met
    }

    /// Returns the places (segment, slot) of the candidates, those with the most keys in common
    /// first.
    fn ranked(&self, sketch: &Sketch) -> Vec<(usize, usize)> {
        let mut hits = Vec::with_capacity(HASHES);
        for (number, segment) in self.segments.iter().enumerate() {
            segment.look_up(sketch, |slot| hits.push((number, slot)));
        }
        hits.sort_unstable();
        let groups = hits.chunk_by(|a, b| a == b);
        let mut ranked: Vec<(usize, (usize, usize))> =
            groups.map(|group| (group.len(), group[0])).collect();
        ranked.sort_by_key(|(hits, place)| (usize::MAX - hits, *place));
        ranked.truncate(MAX_COMPARED);
        ranked.into_iter().map(|(_, place)| place).collect()
    }

    fn make_room(&mut self, now_s: u32) {
        let oldest_s = self.oldest_s(now_s);
        let is_spent = |segment: &Segment| segment.newest_s() < oldest_s;
        while self.segments.front().is_some_and(is_spent)
            || (self.segments.len() >= SEGMENTS
                && self.segments.back().is_none_or(Segment::is_full))
        {
            self.segments.pop_front();
        }
    }

    fn oldest_s(&self, now_s: u32) -> u32 {
        now_s.saturating_sub(self.config.max_age_s())
    }

    fn segment_capacity(&self) -> usize {
        self.config.capacity.div_ceil(SEGMENTS)
    }
}

#[cfg(test)]
mod tests;
