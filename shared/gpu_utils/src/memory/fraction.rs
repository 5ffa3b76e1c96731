//! The share of a device's memory that may be taken.

use serde::{Deserialize, Serialize};

/// A fraction that follows the use of the device. It is counted in hundredths, so that equal
/// steps up and down cancel exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct UsableFraction {
    hundredths: u8,
}

impl UsableFraction {
    /// Below this, no model of any size would find a place.
    const LEAST: u8 = 25;
    const MOST: u8 = 90;

    /// Makes a fraction of 0.25 to 0.90. `None` for other values.
    pub fn new(fraction: f64) -> Option<Self> {
        let hundredths = (fraction * 100.0).round();
        let range = f64::from(Self::LEAST)..=f64::from(Self::MOST);
        // In range, so it fits.
        range.contains(&hundredths).then_some(Self { hundredths: hundredths as u8 })
    }

    /// The fraction.
    pub fn get(self) -> f64 {
        f64::from(self.hundredths) / 100.0
    }

    /// Returns this share of `total_bytes`, rounded down.
    pub fn of(self, total_bytes: u64) -> u64 {
        let bytes = u128::from(total_bytes) * u128::from(self.hundredths) / 100;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Returns the fraction after a window of work. `peak`: the greatest used share of the
    /// whole device.
    #[must_use]
    pub fn after(self, peak: f64, out_of_memory: bool) -> Self {
        let hundredths = if out_of_memory || peak > 0.90 {
            self.hundredths.saturating_sub(10).max(Self::LEAST)
        } else if peak < 0.60 {
            (self.hundredths + 5).min(Self::MOST)
        } else {
            self.hundredths
        };
        Self { hundredths }
    }
}

/// A fraction out of its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{0} is not a fraction of 0.25 to 0.90")]
pub struct OutOfRange(f64);

impl TryFrom<f64> for UsableFraction {
    type Error = OutOfRange;

    fn try_from(fraction: f64) -> Result<Self, OutOfRange> {
        Self::new(fraction).ok_or(OutOfRange(fraction))
    }
}

impl From<UsableFraction> for f64 {
    fn from(fraction: UsableFraction) -> Self {
        fraction.get()
    }
}

impl Default for UsableFraction {
    fn default() -> Self {
        Self { hundredths: 85 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IntoDeserializer;
    use serde::de::value::F64Deserializer;

    use super::*;

    #[test]
    fn use_moves_the_fraction() {
        let fraction = UsableFraction::default();
        assert_eq!(fraction.after(0.59, false).get(), 0.90);
        assert_eq!(fraction.after(0.10, false).after(0.10, false).get(), 0.90);
        assert_eq!(fraction.after(0.75, false).get(), 0.85);
        assert_eq!(fraction.after(0.91, false).get(), 0.75);
        assert_eq!(fraction.after(0.10, true).get(), 0.75);
        assert_eq!(fraction.of(1_000), 850);
    }

    #[test]
    fn only_fractions_of_the_range_are_taken() {
        assert!(UsableFraction::new(0.25).is_some() && UsableFraction::new(0.90).is_some());
        for wrong in [0.24, 0.91, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(UsableFraction::new(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_configured_fraction_is_checked_when_it_is_read() {
        let read = |fraction: f64| {
            let value: F64Deserializer<serde::de::value::Error> = fraction.into_deserializer();
            UsableFraction::deserialize(value)
        };
        assert_eq!(read(0.7).unwrap().get(), 0.7);
        let error = read(0.95).unwrap_err().to_string();
        assert_eq!(error, "0.95 is not a fraction of 0.25 to 0.90");
    }

    proptest! {
        #[test]
        fn it_stays_in_its_range(windows in prop::collection::vec((0.0..1.0, any::<bool>()), 0..99)) {
            let mut fraction = UsableFraction::default();
            for (peak, out_of_memory) in windows {
                fraction = fraction.after(peak, out_of_memory);
                prop_assert!(UsableFraction::new(fraction.get()) == Some(fraction));
            }
        }
    }
}
