//! Articles in the order of their times.

use courant_article::ArticleId;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use crate::columns::{ArticleName, Names};

/// An order by time. Articles of one time are in the order of their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeOrder {
    /// The newest article comes first.
    Newest,
    /// The oldest article comes first.
    Oldest,
}

/// A place in a list by time: the next page begins behind it. It has no end, and articles that
/// arrive meanwhile move nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeCursor {
    /// The time of the last article of the page, Unix milliseconds.
    pub time_ms: i64,
    /// Its name.
    pub id: ArticleId,
}

/// Collects the first documents of a list.
pub(crate) struct TimeCollector {
    pub(crate) order: TimeOrder,
    pub(crate) after: Option<TimeCursor>,
    pub(crate) limit: usize,
}

impl TimeCollector {
    /// The place in the list as a key that ascends.
    fn key(&self, time_ms: i64, id: ArticleId) -> (i64, ArticleId) {
        match self.order {
            TimeOrder::Newest => (time_ms.saturating_neg(), id),
            TimeOrder::Oldest => (time_ms, id),
        }
    }
}

/// A place in the list and the article there.
type Listed = ((i64, ArticleId), i64, ArticleName);

pub(crate) struct SegmentTimes {
    times: Column<i64>,
    names: Names,
    order: TimeOrder,
    behind: Option<(i64, ArticleId)>,
    limit: usize,
    /// The first `limit` articles, and at most as many more.
    listed: Vec<Listed>,
    /// No article behind this place belongs to the first.
    last: Option<(i64, ArticleId)>,
}

impl Collector for TimeCollector {
    type Fruit = Vec<(i64, ArticleName)>;
    type Child = SegmentTimes;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentTimes> {
        let cursor = |cursor: TimeCursor| {
            let TimeCursor { time_ms, id } = cursor;
            self.key(time_ms, id)
        };
        Ok(SegmentTimes {
            times: segment.fast_fields().i64("time")?,
            names: Names::of(segment)?,
            order: self.order,
            behind: self.after.map(cursor),
            limit: self.limit,
            listed: Vec::new(),
            last: None,
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Vec<Listed>>) -> tantivy::Result<Self::Fruit> {
        let mut all: Vec<Listed> = fruits.into_iter().flatten().collect();
        all.sort_unstable_by_key(|(key, ..)| *key);
        all.truncate(self.limit);
        Ok(all.into_iter().map(|(_, time_ms, name)| (time_ms, name)).collect())
    }
}

impl SegmentTimes {
    fn cut(&mut self) {
        self.listed.sort_unstable_by_key(|(key, ..)| *key);
        self.listed.truncate(self.limit);
        self.last = self.listed.last().map(|(key, ..)| *key);
    }
}

impl SegmentCollector for SegmentTimes {
    type Fruit = Vec<Listed>;

    fn collect(&mut self, document: DocId, _: Score) {
        let Some(time_ms) = self.times.first(document) else { return };
        let first = match self.order {
            TimeOrder::Newest => time_ms.saturating_neg(),
            TimeOrder::Oldest => time_ms,
        };
        if self.last.is_some_and(|(last, _)| first > last)
            || self.behind.is_some_and(|(behind, _)| first < behind)
        {
            return;
        }
        let name = self.names.name(document);
        let key = (first, name.id);
        if self.behind.is_some_and(|behind| key <= behind) {
            return;
        }
        self.listed.push((key, time_ms, name));
        if self.listed.len() >= 2 * self.limit.max(1) {
            self.cut();
        }
    }

    fn harvest(mut self) -> Vec<Listed> {
        self.cut();
        self.listed
    }
}
