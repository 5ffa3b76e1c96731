//! Reads the metrics of a run, for its summary.

use std::collections::BTreeMap;

/// The samples of a text in Prometheus's format: each series with its labels, and its value.
pub struct Figures(BTreeMap<String, f64>);

impl Figures {
    /// Parses the text of `/metrics`. Lines that are not samples are skipped.
    pub fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// Returns the sum of all series of `name` that have all of `labels`.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let carries = |series: &str| {
            labels.iter().all(|(label, value)| series.contains(&format!("{label}=\"{value}\"")))
        };
        self.0
            .iter()
            .filter(|(series, _)| series.split('{').next() == Some(name) && carries(series))
            // The empty sum of floats is -0, which would be printed as such.
            .fold(0.0, |sum, (_, value)| sum + value)
    }

    /// Returns the mean of a histogram, in its unit, and the number of its values.
    pub fn mean(&self, name: &str, labels: &[(&str, &str)]) -> (f64, f64) {
        let count = self.sum(&format!("{name}_count"), labels);
        let sum = self.sum(&format!("{name}_sum"), labels);
        (if count > 0.0 { sum / count } else { 0.0 }, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_name_and_labels() {
        let figures = Figures::parse(
            "# HELP a A.\na_total{x=\"1\",y=\"2\"} 3\na_total{x=\"1\",y=\"3\"} 4\nab_total 9\n\
             d_seconds_sum{s=\"e\"} 6\nd_seconds_count{s=\"e\"} 4\n",
        );
        assert_eq!(figures.sum("a_total", &[("x", "1")]), 7.0);
        assert_eq!(figures.sum("a_total", &[("y", "3")]), 4.0);
        assert_eq!(figures.mean("d_seconds", &[("s", "e")]), (1.5, 4.0));
        assert_eq!(figures.mean("absent", &[]), (0.0, 0.0));
        assert_eq!(figures.sum("absent", &[]).to_string(), "0");
    }
}
