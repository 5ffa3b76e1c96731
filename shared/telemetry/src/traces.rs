//! Traces over OTLP, where an endpoint is configured.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::Error;

pub(crate) struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Batches spans to `endpoint`, and makes trace context travel in headers.
    pub(crate) fn to(endpoint: &str, service: &'static str) -> Result<Self, Error> {
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(|e| Error::Otlp { endpoint: endpoint.to_owned(), source: e.into() })?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name(service).build())
            .build();
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self { provider })
    }

    pub(crate) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("courant"))
            .with_filter(LevelFilter::INFO)
    }

    pub(crate) fn flush(self) {
        if let Err(error) = self.provider.shutdown() {
            tracing::warn!(%error, "could not send the last traces");
        }
    }
}
