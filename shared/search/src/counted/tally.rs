//! Counts documents, segment by segment.

use std::collections::{BTreeMap, HashMap};

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

use super::{CountRequest, Counts, Facet, FacetCounts, Interval, PeriodCount};

/// Collects the counts that are asked for.
pub(crate) struct CountCollector(pub(crate) CountRequest);

/// Counts by values; the key is the value.
type ValueCounts = BTreeMap<String, u64>;

/// The counts of a segment, or of all.
#[derive(Default)]
pub(crate) struct Tally {
    total: u64,
    /// By facet: values, and articles without one.
    facets: Vec<(ValueCounts, u64)>,
    periods: BTreeMap<i64, (u64, ValueCounts)>,
}

impl Collector for CountCollector {
    type Fruit = Counts;
    type Child = SegmentCounts;

    fn for_segment(
        &self,
        _: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentCounts> {
        let facet = |facet: &Facet| FacetColumn::open(segment, *facet);
        Ok(SegmentCounts {
            total: 0,
            facets: self.0.facets.iter().map(facet).collect::<tantivy::Result<_>>()?,
            interval: self.0.interval,
            times: segment.fast_fields().i64("time")?,
            by: self.0.by.as_ref().map(facet).transpose()?,
            periods: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Tally>>) -> tantivy::Result<Counts> {
        let mut sum =
            Tally { facets: vec![Default::default(); self.0.facets.len()], ..Tally::default() };
        for tally in fruits {
            sum.add(tally?);
        }
        Ok(sum.counts(&self.0))
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.total += other.total;
        for ((values, without), (more, more_without)) in self.facets.iter_mut().zip(other.facets) {
            add_values(values, more);
            *without += more_without;
        }
        for (start, (total, values)) in other.periods {
            let period = self.periods.entry(start).or_default();
            period.0 += total;
            add_values(&mut period.1, values);
        }
    }

    fn counts(self, request: &CountRequest) -> Counts {
        let facets = request.facets.iter().zip(self.facets);
        let facets = facets.map(|(facet, (values, without))| {
            let known = values.len();
            let values = most_frequent(values, request.values);
            let left_out = (known - values.len()) as u64;
            FacetCounts { facet: *facet, values, left_out, without }
        });
        let facets = facets.collect();
        let mut overall = ValueCounts::new();
        for (_, values) in self.periods.values() {
            add_values(&mut overall, values.clone());
        }
        let shown: Vec<String> =
            most_frequent(overall, request.values).into_iter().map(|(value, _)| value).collect();
        let series = self.periods.into_iter().map(|(start_ms, (total, values))| {
            let count = |value: &String| (value.clone(), values.get(value).copied().unwrap_or(0));
            PeriodCount { start_ms, total, values: shown.iter().map(count).collect() }
        });
        Counts { total: self.total, facets, series: series.collect() }
    }
}

fn add_values(sum: &mut ValueCounts, more: ValueCounts) {
    for (value, count) in more {
        *sum.entry(value).or_default() += count;
    }
}

fn most_frequent(values: ValueCounts, limit: usize) -> Vec<(String, u64)> {
    let mut values: Vec<_> = values.into_iter().collect();
    // The order of letters stays among equals.
    values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    values.truncate(limit);
    values
}

/// Counts the values of one property in one segment by their ordinals: places in the segment's
/// dictionary, or numbers of days.
struct FacetColumn {
    values: Values,
    counts: OrdinalCounts,
    without: u64,
}

/// Counts by ordinals.
enum OrdinalCounts {
    /// By places in a dictionary.
    Dense(Vec<u64>),
    /// By numbers of days.
    Sparse(HashMap<u64, u64>),
}

impl OrdinalCounts {
    fn add(&mut self, ordinal: u64) {
        match self {
            Self::Dense(counts) => counts[ordinal as usize] += 1,
            Self::Sparse(counts) => *counts.entry(ordinal).or_default() += 1,
        }
    }

    /// The ordinals that were counted, ascending.
    fn counted(&self) -> Vec<(u64, u64)> {
        match self {
            Self::Dense(counts) => {
                (0..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect()
            }
            Self::Sparse(counts) => {
                let mut counted: Vec<_> = counts.iter().map(|(o, count)| (*o, *count)).collect();
                counted.sort_unstable();
                counted
            }
        }
    }
}

/// The values of a property in a segment.
enum Values {
    /// No article has one.
    Absent,
    Dictionary(StrColumn),
    /// Times in Unix milliseconds, counted by day.
    Times(Column<i64>),
}

impl Values {
    fn each_ordinal(&self, document: DocId, take: impl FnMut(u64)) {
        match self {
            Self::Absent => {}
            Self::Dictionary(column) => column.ords().values_for_doc(document).for_each(take),
            Self::Times(column) => {
                column.values_for_doc(document).map(day_ordinal).for_each(take);
            }
        }
    }
}

impl FacetColumn {
    fn open(segment: &SegmentReader, facet: Facet) -> tantivy::Result<Self> {
        let columns = segment.fast_fields();
        let values = match facet {
            Facet::Day => Values::Times(columns.i64("time")?),
            _ => columns.str(facet.as_str())?.map_or(Values::Absent, Values::Dictionary),
        };
        let counts = match &values {
            Values::Dictionary(column) => OrdinalCounts::Dense(vec![0; column.num_terms()]),
            Values::Absent | Values::Times(_) => OrdinalCounts::Sparse(HashMap::new()),
        };
        Ok(Self { values, counts, without: 0 })
    }

    fn count(&mut self, document: DocId) {
        let mut has_value = false;
        self.values.each_ordinal(document, |ordinal| {
            self.counts.add(ordinal);
            has_value = true;
        });
        self.without += u64::from(!has_value);
    }

    fn values(&self) -> std::io::Result<ValueCounts> {
        self.named(&self.counts.counted())
    }

    /// Counts by value. The ordinals ascend: the dictionary is read once from its start to its end.
    fn named(&self, counts: &[(u64, u64)]) -> std::io::Result<ValueCounts> {
        let column = match &self.values {
            Values::Absent => return Ok(ValueCounts::new()),
            Values::Times(_) => {
                return Ok(counts.iter().map(|(day, count)| (day_name(*day), *count)).collect());
            }
            Values::Dictionary(column) => column,
        };
        let ordinals: Vec<u64> = counts.iter().map(|(ordinal, _)| *ordinal).collect();
        let mut values = ValueCounts::new();
        let mut counts = counts.iter();
        column.dictionary().sorted_ords_to_term_cb(&ordinals, |value| {
            if let Some((_, count)) = counts.next() {
                values.insert(String::from_utf8_lossy(value).into_owned(), *count);
            }
        })?;
        Ok(values)
    }
}

/// Returns a day as a number that ascends with time.
fn day_ordinal(time_ms: i64) -> u64 {
    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    time_ms.div_euclid(DAY_MS).wrapping_sub(i64::MIN) as u64
}

/// Returns the name of a day, such as `2026-11-29`. A day outside the calendar is a number.
fn day_name(ordinal: u64) -> String {
    let day = (ordinal as i64).wrapping_add(i64::MIN);
    let midnight = day.checked_mul(24 * 60 * 60).map(jiff::Timestamp::from_second);
    match midnight {
        Some(Ok(midnight)) => midnight.to_zoned(jiff::tz::TimeZone::UTC).date().to_string(),
        _ => day.to_string(),
    }
}

/// A period's articles, and those of each value by its place.
type PeriodOrdinals = (u64, HashMap<u64, u64>);

pub(crate) struct SegmentCounts {
    total: u64,
    facets: Vec<FacetColumn>,
    interval: Option<Interval>,
    times: Column<i64>,
    by: Option<FacetColumn>,
    periods: HashMap<i64, PeriodOrdinals>,
}

impl SegmentCollector for SegmentCounts {
    type Fruit = tantivy::Result<Tally>;

    fn collect(&mut self, document: DocId, _: Score) {
        self.total += 1;
        for facet in &mut self.facets {
            facet.count(document);
        }
        let Some(interval) = self.interval else { return };
        let start = interval.start_ms(self.times.first(document).unwrap_or_default());
        let period = self.periods.entry(start).or_default();
        period.0 += 1;
        if let Some(by) = &self.by {
            by.values.each_ordinal(document, |ordinal| *period.1.entry(ordinal).or_default() += 1);
        }
    }

    fn harvest(self) -> tantivy::Result<Tally> {
        let facets = self.facets.iter().map(|facet| Ok((facet.values()?, facet.without)));
        let facets = facets.collect::<tantivy::Result<_>>()?;
        let mut periods = BTreeMap::new();
        for (start, (total, ordinals)) in self.periods {
            let mut ordinals: Vec<(u64, u64)> = ordinals.into_iter().collect();
            ordinals.sort_unstable();
            let values = self.by.as_ref().map(|by| by.named(&ordinals)).transpose()?;
            periods.insert(start, (total, values.unwrap_or_default()));
        }
        Ok(Tally { total: self.total, facets, periods })
    }
}
