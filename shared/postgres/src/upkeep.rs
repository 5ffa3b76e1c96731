//! The rules by which partitions of vectors by time are kept in order.
//!
//! The partition of the present has no index of its vectors: to enter a vector there takes longer
//! than all the rest of storing its row. Searches compare with each of its vectors, so it is cut
//! when it has many. A partition whose time is over gets an index. Each partition costs every search
//! that it may have an answer to, so old ones are merged.

use std::fmt;

use crate::span::Span;

/// The most partitions after the upkeep.
const MOST: usize = 12;
/// The number of vectors from which an index is worth making: fewer are compared in a millisecond.
pub const INDEXED: i64 = 1_000;
/// The next month has its partition so much sooner.
const AHEAD_MS: i64 = 7 * 86_400_000;

/// A step of the upkeep, as it was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpkeepStep {
    /// Made the partition for a time to come.
    Made(Span),
    /// Cut the partition of the present: from now on, rows go to a new one.
    Cut(Span),
    /// Gave a partition an index of its vectors.
    Indexed(Span),
    /// Merged partitions into this one.
    Merged {
        /// The spans of the merged partitions.
        parts: Vec<Span>,
        /// The span of the new one.
        into: Span,
    },
}

impl fmt::Display for UpkeepStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Made(span) => write!(f, "made partition {}", span.name()),
            Self::Cut(span) => write!(f, "cut partition {}", span.name()),
            Self::Indexed(span) => write!(f, "indexed partition {}", span.name()),
            Self::Merged { parts, into } => {
                write!(f, "merged {} partitions into {}", parts.len(), into.name())
            }
        }
    }
}

/// A look at the partitions, after a step or where there is nothing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// The number of partitions.
    pub partitions: usize,
    /// The step that was done. `None` if nothing is to do, or another process does it.
    pub step: Option<UpkeepStep>,
}

/// A partition as the rules see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The times of its rows.
    pub span: Span,
    /// The number of rows.
    pub rows: i64,
    /// True if its vectors have an index.
    pub is_indexed: bool,
}

/// Returns the next step for the partitions `parts`, which are in the order of their times.
pub fn next(parts: &[Part], now_ms: i64, most_hot: i64) -> Option<UpkeepStep> {
    let closed: Vec<Part> =
        parts.iter().copied().filter(|part| part.span.until_ms <= now_ms).collect();
    made(parts, now_ms)
        .or_else(|| cut(parts, now_ms, most_hot))
        .or_else(|| indexed(&closed))
        .or_else(|| (parts.len() > MOST).then(|| merged(&closed, now_ms)).flatten())
}

fn made(parts: &[Part], now_ms: i64) -> Option<UpkeepStep> {
    let spans: Vec<Span> = parts.iter().map(|part| part.span).collect();
    let is_missing = |time: &i64| !spans.iter().any(|span| span.contains(*time));
    let time = [now_ms, now_ms.saturating_add(AHEAD_MS)].into_iter().find(is_missing)?;
    Some(UpkeepStep::Made(Span::missing(time, &spans)))
}

fn cut(parts: &[Part], now_ms: i64, most_hot: i64) -> Option<UpkeepStep> {
    let hot = parts.iter().find(|part| part.span.contains(now_ms))?;
    (hot.rows >= most_hot).then_some(UpkeepStep::Cut(hot.span))
}

/// The newest are searched most.
fn indexed(closed: &[Part]) -> Option<UpkeepStep> {
    let is_due = |part: &&Part| !part.is_indexed && part.rows >= INDEXED;
    Some(UpkeepStep::Indexed(closed.iter().rev().find(is_due)?.span))
}

/// The parts of a month become the month, then the months of a past year become the year, then the
/// two neighbours with the fewest rows become one.
fn merged(closed: &[Part], now_ms: i64) -> Option<UpkeepStep> {
    let whole = |span_of: fn(i64) -> Span| {
        closed.iter().find_map(|part| {
            let into = span_of(part.span.from_ms.max(part.span.until_ms.saturating_sub(1)));
            let inside = |other: &&Part| {
                other.span.from_ms >= into.from_ms && other.span.until_ms <= into.until_ms
            };
            let parts: Vec<Span> = closed.iter().filter(inside).map(|part| part.span).collect();
            (parts.len() > 1 && into.until_ms <= now_ms)
                .then_some(UpkeepStep::Merged { parts, into })
        })
    };
    whole(Span::month_of).or_else(|| whole(Span::year_of)).or_else(|| {
        let [first, second] = *closed.windows(2).min_by_key(|pair| pair[0].rows + pair[1].rows)?
        else {
            return None;
        };
        let (first, second) = (first.span, second.span);
        let into = Span { from_ms: first.from_ms, until_ms: second.until_ms };
        Some(UpkeepStep::Merged { parts: vec![first, second], into })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-15.
    const NOW: i64 = 1_794_700_800_000;
    const DAY: i64 = 86_400_000;

    fn month(months_ago: i64) -> Part {
        let mut span = Span::month_of(NOW);
        for _ in 0..months_ago {
            span = Span::month_of(span.from_ms - 1);
        }
        Part { span, rows: 10_000, is_indexed: months_ago > 0 }
    }

    fn months(number: i64) -> Vec<Part> {
        (0..number).rev().map(month).collect()
    }

    #[test]
    fn a_partition_for_the_present_and_the_next_week_is_made() {
        assert_eq!(next(&[], NOW, 50_000), Some(UpkeepStep::Made(Span::month_of(NOW))));
        assert_eq!(next(&months(3), NOW, 50_000), None);
        let late = Span::month_of(NOW).until_ms - DAY;
        let expected = Span::month_of(late + 2 * DAY);
        assert_eq!(next(&months(3), late, 50_000), Some(UpkeepStep::Made(expected)));
    }

    #[test]
    fn the_present_is_cut_when_it_has_many_and_closed_ones_are_indexed() {
        let mut parts = months(3);
        assert_eq!(next(&parts, NOW, 10_000), Some(UpkeepStep::Cut(month(0).span)));
        parts[1].is_indexed = false;
        parts[0].is_indexed = false;
        assert_eq!(next(&parts, NOW, 50_000), Some(UpkeepStep::Indexed(month(1).span)));
        parts[1].rows = 10;
        assert_eq!(next(&parts, NOW, 50_000), Some(UpkeepStep::Indexed(month(2).span)));
    }

    #[test]
    fn months_of_a_past_year_become_a_year() {
        assert_eq!(next(&months(12), NOW, 50_000), None);
        let Some(UpkeepStep::Merged { parts, into }) = next(&months(13), NOW, 50_000) else {
            panic!("nothing is merged");
        };
        assert_eq!((into.name().as_str(), parts.len()), ("2025", 2));
    }

    #[test]
    fn the_parts_of_a_month_become_the_month_first() {
        let mut parts = months(13);
        let cut = parts[11];
        let middle = cut.span.from_ms + 3 * DAY;
        parts[11].span.until_ms = middle;
        parts.insert(12, Part { span: Span { from_ms: middle, ..cut.span }, ..cut });
        let Some(UpkeepStep::Merged { parts, into }) = next(&parts, NOW, 50_000) else {
            panic!("nothing is merged");
        };
        assert_eq!((into, parts.len()), (cut.span, 2));
    }

    /// Merging comes to an end, and leaves out nothing.
    #[test]
    fn any_partitions_come_down_to_twelve() {
        let mut parts: Vec<Part> = (0..60).rev().map(|n| month(n * 7)).collect();
        parts.insert(0, Part { span: Span::month_of(i64::MIN), ..month(1) });
        let mut steps = 0;
        while let Some(step) = next(&parts, NOW, 50_000) {
            let UpkeepStep::Merged { parts: merged, into } = step else { panic!("{step:?}") };
            let rows =
                parts.iter().filter(|part| merged.contains(&part.span)).map(|p| p.rows).sum();
            parts.retain(|part| !merged.contains(&part.span));
            parts.push(Part { span: into, rows, is_indexed: true });
            parts.sort_by_key(|part| part.span);
            assert!(parts.windows(2).all(|pair| pair[0].span.until_ms <= pair[1].span.from_ms));
            steps += 1;
            assert!(steps < 100);
        }
        assert_eq!(parts.len(), MOST);
        assert_eq!(parts.iter().map(|part| part.rows).sum::<i64>(), 610_000);
    }
}
