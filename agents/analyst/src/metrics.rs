//! The metrics of the analyst, besides those of every agent.

use courant_article::Analysis;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Meter};

/// The analyst's own instruments.
#[derive(Clone, Debug)]
pub struct Metrics {
    skipped: Counter<u64>,
}

impl Metrics {
    /// Builds the instruments.
    pub fn new(meter: &Meter) -> Self {
        Self {
            skipped: meter
                .u64_counter("courant_analysis_skipped")
                .with_description("Outputs that an analysis lacks, by output")
                .build(),
        }
    }

    /// Counts the outputs that an analysis lacks. The name of the output is a label. The reason is
    /// not, because the number of different reasons has no bound.
    pub fn analyzed(&self, analysis: &Analysis) {
        for output in analysis.skipped.keys() {
            self.skipped.add(1, &[KeyValue::new("output", output.clone())]);
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use prometheus::{Registry, TextEncoder};

    use super::*;

    #[test]
    fn what_an_analysis_lacks_is_counted_by_output() {
        let registry = Registry::new();
        let exporter =
            opentelemetry_prometheus::exporter().with_registry(registry.clone()).build().unwrap();
        let provider = SdkMeterProvider::builder().with_reader(exporter).build();
        let metrics = Metrics::new(&provider.meter("analyst"));

        let skipped = [("topics".to_owned(), "the article has no vector".to_owned())].into();
        let analysis = Analysis { skipped, ..Analysis::default() };
        metrics.analyzed(&analysis);
        metrics.analyzed(&analysis);

        let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        let counted = |line: &str| {
            line.starts_with("courant_analysis_skipped_total{")
                && line.contains(r#"output="topics""#)
                && line.ends_with(" 2")
        };
        assert!(text.lines().any(counted), "{text}");
    }
}
