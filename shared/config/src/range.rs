//! The one way to check that a value is within its range, and to state the range.
//!
//! A section names its ranges once, in [`Ranged::ranges`]. Reading a section checks
//! them, and the reference of all keys prints them.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A table of `courant.toml` whose values have ranges.
pub trait Ranged {
    /// States the range of every key that has one.
    fn ranges(&self, ranges: &mut Ranges);
}

/// A value is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is {value}, but may be {range}")]
pub struct RangeError {
    /// The key with its section, as `store.pool_max`.
    pub key: String,
    /// The value.
    pub value: String,
    /// The values that it may have, with their unit.
    pub range: String,
}

/// The range of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRange {
    /// The key with its section, as `store.pool_max`.
    pub key: String,
    /// The values that it may have, with their unit.
    pub range: String,
}

/// The ranges of a section, and the first value outside of its own.
#[derive(Debug)]
pub struct Ranges {
    table: String,
    stated: Vec<StatedRange>,
    wrong: Option<RangeError>,
}

/// Checks the values of `section`.
///
/// # Errors
/// [`RangeError`] names the first value that is out of its range.
pub fn check(section: &str, values: &impl Ranged) -> Result<(), RangeError> {
    match Ranges::of(section, values).wrong {
        None => Ok(()),
        Some(wrong) => Err(wrong),
    }
}

/// Returns the ranges that `values` state, in their order.
pub(crate) fn stated(section: &str, values: &impl Ranged) -> Vec<StatedRange> {
    Ranges::of(section, values).stated
}

impl Ranges {
    fn of(section: &str, values: &impl Ranged) -> Self {
        let mut ranges = Self { table: section.to_owned(), stated: Vec::new(), wrong: None };
        values.ranges(&mut ranges);
        ranges
    }

    /// Requires `value` to be within `range`, ends included. NaN is never within it.
    pub fn within<T: PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) {
        let text = format!("{} to {}{}", range.start(), range.end(), unit(key));
        let shown = format!("{value}{}", unit(key));
        self.state(key, shown, text, range.contains(&value));
    }

    /// Works like [`Self::within`]. An absent value is always valid.
    pub fn within_if_set<T: PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        value: Option<T>,
        range: RangeInclusive<T>,
    ) {
        let value = value.unwrap_or(*range.start());
        self.within(key, value, range);
    }

    /// Requires `value` to be `least` or more.
    pub fn at_least<T: PartialOrd + Display + Copy>(&mut self, key: &str, value: T, least: T) {
        let holds = value >= least;
        let shown = format!("{value}{}", unit(key));
        self.state(key, shown, format!("{least} or more{}", unit(key)), holds);
    }

    /// Works like [`Self::at_least`]. An absent value is always valid.
    pub fn at_least_if_set<T: PartialOrd + Display + Copy>(
        &mut self,
        key: &str,
        value: Option<T>,
        least: T,
    ) {
        self.at_least(key, value.unwrap_or(least), least);
    }

    /// States a range in words. `holds` is true if `value` is within it.
    pub fn rule(&mut self, key: &str, value: impl Display, range: &str, holds: bool) {
        let shown = format!("{value}{}", unit(key));
        self.state(key, shown, format!("{range}{}", unit(key)), holds);
    }

    /// Adds the ranges of the table `name` within this one.
    pub fn table(&mut self, name: &str, values: &impl Ranged) {
        let inner = Self::of(&format!("{}.{name}", self.table), values);
        self.stated.extend(inner.stated);
        self.wrong = self.wrong.take().or(inner.wrong);
    }

    fn state(&mut self, key: &str, value: String, range: String, holds: bool) {
        let key = format!("{}.{key}", self.table);
        if !holds && self.wrong.is_none() {
            self.wrong = Some(RangeError { key: key.clone(), value, range: range.clone() });
        }
        self.stated.push(StatedRange { key, range });
    }
}

/// The unit stands in the key's name.
fn unit(key: &str) -> &'static str {
    let units = [
        ("_ms", " milliseconds"),
        ("_s", " seconds"),
        ("_days", " days"),
        ("_bytes", " bytes"),
        ("_mb", " megabytes"),
    ];
    units.iter().find(|(suffix, _)| key.ends_with(suffix)).map_or("", |(_, unit)| unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Inner {
        rate: f64,
    }

    struct Outer {
        wait_s: u64,
        sessions: Option<usize>,
        least: usize,
        inner: Inner,
    }

    impl Ranged for Inner {
        fn ranges(&self, ranges: &mut Ranges) {
            ranges.within("rate", self.rate, 0.0..=1.0);
        }
    }

    impl Ranged for Outer {
        fn ranges(&self, ranges: &mut Ranges) {
            ranges.within("wait_s", self.wait_s, 1..=60);
            ranges.at_least_if_set("sessions", self.sessions, 1);
            ranges.rule("least", self.least, "at most sessions", self.least <= 4);
            ranges.table("inner", &self.inner);
        }
    }

    fn outer() -> Outer {
        Outer { wait_s: 3, sessions: None, least: 0, inner: Inner { rate: 0.5 } }
    }

    fn wrong(values: &Outer) -> String {
        check("part", values).unwrap_err().to_string()
    }

    #[test]
    fn every_error_has_one_form_with_key_value_range_and_unit() {
        assert_eq!(check("part", &outer()), Ok(()));
        let slow = Outer { wait_s: 61, ..outer() };
        assert_eq!(wrong(&slow), "part.wait_s is 61 seconds, but may be 1 to 60 seconds");
        let idle = Outer { sessions: Some(0), ..outer() };
        assert_eq!(wrong(&idle), "part.sessions is 0, but may be 1 or more");
        let crossed = Outer { least: 5, ..outer() };
        assert_eq!(wrong(&crossed), "part.least is 5, but may be at most sessions");
        let unsure = Outer { inner: Inner { rate: f64::NAN }, ..outer() };
        assert_eq!(wrong(&unsure), "part.inner.rate is NaN, but may be 0 to 1");
    }

    #[test]
    fn the_first_of_two_wrong_values_is_named() {
        let twice = Outer { wait_s: 0, least: 9, ..outer() };
        assert!(wrong(&twice).starts_with("part.wait_s is 0"));
    }

    #[test]
    fn every_range_is_stated_also_that_of_an_absent_value() {
        let ranges = stated("part", &outer());
        let keys: Vec<_> = ranges.iter().map(|range| range.key.as_str()).collect();
        assert_eq!(keys, ["part.wait_s", "part.sessions", "part.least", "part.inner.rate"]);
        assert_eq!(ranges[1].range, "1 or more");
    }
}
