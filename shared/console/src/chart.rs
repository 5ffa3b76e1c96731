//! Bars over time, drawn on the server: they need no script, and each bar is a link.

use std::collections::BTreeMap;

use courant_api::counts::PeriodView;
use jiff::{SignedDuration, Timestamp};

use crate::choice::Choice;
use crate::dates::Calendar;

/// The height of a chart, in its own units.
const HEIGHT: u64 = 100;
/// The most bars.
const MAX_BARS: usize = 120;

/// The length of a bar in time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Period {
    Hour,
    Day,
}

impl Period {
    fn length(self) -> SignedDuration {
        match self {
            Self::Hour => SignedDuration::from_hours(1),
            Self::Day => SignedDuration::from_hours(24),
        }
    }
}

/// A bar.
pub(crate) struct Bar {
    /// The left edge.
    pub(crate) x: usize,
    /// The top edge.
    pub(crate) y: u64,
    pub(crate) height: u64,
    /// The period and its count, in words.
    pub(crate) label: String,
    /// The articles of this period.
    pub(crate) href: String,
    /// The period as the query language has it.
    pub(crate) from: String,
    pub(crate) until: String,
}

/// A chart.
pub(crate) struct Chart {
    pub(crate) bars: Vec<Bar>,
    pub(crate) first: String,
    pub(crate) last: String,
}

impl Chart {
    /// Draws a series, with empty periods between; `None` if there is nothing to draw. The last
    /// `MAX_BARS` periods are drawn.
    pub(crate) fn of(
        series: &[PeriodView],
        period: Period,
        choice: &Choice,
        calendar: &Calendar,
    ) -> Option<Self> {
        let counts: BTreeMap<i64, u64> = series
            .iter()
            .filter_map(|of| Some((of.start.parse::<Timestamp>().ok()?.as_second(), of.count)))
            .collect();
        let (first, last) = (*counts.first_key_value()?.0, *counts.last_key_value()?.0);
        let step = period.length().as_secs();
        let earliest = last - step * (MAX_BARS as i64 - 1);
        let most = *counts.range(first.max(earliest)..).map(|(_, count)| count).max()?;
        let starts = (first.max(earliest)..=last).step_by(usize::try_from(step).ok()?);
        let bars = starts.enumerate().filter_map(|(x, start)| {
            let count = counts.get(&start).copied().unwrap_or(0);
            bar(x, start, period, count, most, choice, calendar)
        });
        let bars: Vec<Bar> = bars.collect();
        let name = |start: i64| Some(name(Timestamp::from_second(start).ok()?, period, calendar));
        Some(Self { first: name(first.max(earliest))?, last: name(last)?, bars })
    }

    /// Returns the width, in bars.
    pub(crate) fn width(&self) -> usize {
        self.bars.len().max(12)
    }
}

fn bar(
    x: usize,
    start: i64,
    period: Period,
    count: u64,
    most: u64,
    choice: &Choice,
    calendar: &Calendar,
) -> Option<Bar> {
    let start = Timestamp::from_second(start).ok()?;
    let end = start.checked_add(period.length()).ok()?;
    let height = (count * HEIGHT).div_ceil(most.max(1));
    let (from, until) = match period {
        Period::Hour => {
            let minute = |time: Timestamp| time.strftime("%Y-%m-%dT%H:%MZ").to_string();
            let last = end.checked_sub(SignedDuration::from_mins(1)).ok()?;
            (minute(start), minute(last))
        }
        Period::Day => {
            let day = start.strftime("%Y-%m-%d").to_string();
            (day.clone(), day)
        }
    };
    let date = if from == until { from.clone() } else { format!("{from}..{until}") };
    let articles = calendar.texts.count("articles", &count);
    Some(Bar {
        x,
        y: HEIGHT - height,
        height,
        label: format!("{}: {articles}", name(start, period, calendar)),
        href: choice.and("date", &date).at("/search"),
        from,
        until,
    })
}

/// Hours are in the reader's zone; days are those of UTC, by which articles are counted.
fn name(start: Timestamp, period: Period, calendar: &Calendar) -> String {
    match period {
        Period::Hour => {
            let date = calendar.date(start.to_zoned(calendar.zone.clone()).date());
            format!("{date}, {}", calendar.clock_time(start))
        }
        Period::Day => calendar.date(start.to_zoned(jiff::tz::TimeZone::UTC).date()),
    }
}
