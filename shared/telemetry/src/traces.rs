//! Traces over OTLP, where an endpoint is configured.

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::{self, Runtime};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use crate::Error;

pub(crate) struct Traces {
    provider: SdkTracerProvider,
    /// Drives the connection to the collector: telemetry starts before the runtime of the
    /// agents and ends after it.
    runtime: Option<Runtime>,
}

impl Traces {
    /// Batches spans to `endpoint`, and makes trace context travel in headers.
    pub(crate) fn to(endpoint: &str, service: &'static str) -> Result<Self, Error> {
        let wrong = |source| Error::Otlp { endpoint: endpoint.to_owned(), source };
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("traces")
            .enable_all()
            .build()
            .map_err(|error| wrong(error.into()))?;
        let entered = runtime.enter();
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| wrong(error.into()))?;
        drop(entered);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name(service).build())
            .build();
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Self { provider, runtime: Some(runtime) })
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

impl Drop for Traces {
    fn drop(&mut self) {
        // Its owner may itself be on a runtime, which must not wait for another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
