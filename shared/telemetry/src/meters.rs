//! OpenTelemetry metrics, read by Prometheus.

use opentelemetry::metrics::{Meter, MeterProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream,
};
use prometheus::{Encoder, Registry, TextEncoder};

use crate::{Error, process};

/// Seconds, from half a millisecond to a minute: stages, requests, waits.
const SECONDS: [f64; 16] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    60.0,
];

/// The metrics of one process.
#[derive(Clone)]
pub struct Meters {
    provider: SdkMeterProvider,
    registry: Registry,
}

impl Meters {
    /// Makes the metrics of the process `service`.
    ///
    /// # Errors
    /// [`Error::Metrics`] if the registry refuses the exporter.
    pub fn new(service: &'static str) -> Result<Self, Error> {
        let registry = Registry::new();
        let exporter = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            .scope_info_enabled(false)
            .build()
            .map_err(|e| Error::Metrics(e.into()))?;
        let provider = SdkMeterProvider::builder()
            .with_reader(exporter)
            .with_resource(Resource::builder().with_service_name(service).build())
            .with_view(seconds)
            .build();
        process::observe(&provider.meter("courant"));
        Ok(Self { provider, registry })
    }

    /// Returns the meter for instruments.
    pub fn meter(&self) -> Meter {
        self.provider.meter("courant")
    }

    /// Returns all metrics in Prometheus's text format.
    ///
    /// # Errors
    /// [`Error::Metrics`] if they cannot be encoded.
    pub fn render(&self) -> Result<String, Error> {
        let mut text = Vec::new();
        TextEncoder::new()
            .encode(&self.registry.gather(), &mut text)
            .map_err(|e| Error::Metrics(e.into()))?;
        String::from_utf8(text).map_err(|e| Error::Metrics(e.into()))
    }
}

/// Histograms of seconds get [`SECONDS`] in place of the SDK's buckets, which are
/// made for milliseconds.
fn seconds(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram || instrument.unit() != "s" {
        return None;
    }
    let aggregation = Aggregation::ExplicitBucketHistogram {
        boundaries: SECONDS.to_vec(),
        record_min_max: false,
    };
    Stream::builder().with_aggregation(aggregation).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instruments_appear_under_their_prometheus_names() {
        let meters = Meters::new("test").unwrap();
        let meter = meters.meter();
        meter.u64_counter("courant_messages").build().add(2, &[]);
        meter.f64_histogram("courant_stage_duration").with_unit("s").build().record(0.003, &[]);
        let text = meters.render().unwrap();
        assert!(text.contains("courant_messages_total 2"), "{text}");
        assert!(text.contains("courant_stage_duration_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }
}
