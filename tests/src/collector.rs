//! An OpenTelemetry collector on loopback that keeps the spans that it is sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::{self as wire, ResourceSpans};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A span as an agent exported it.
#[derive(Clone, Debug)]
pub struct CollectedSpan {
    /// The process, as `courant-gateway`.
    pub service: String,
    /// The name, as `process courant.article.accepted`.
    pub name: String,
    /// The trace, in hex.
    pub trace: String,
    /// The span, in hex.
    pub id: String,
    /// The span that it is part of, in hex; empty for the first of a trace.
    pub parent: String,
    attributes: Vec<KeyValue>,
}

impl CollectedSpan {
    fn new(service: &str, span: wire::Span) -> Self {
        Self {
            service: service.to_owned(),
            name: span.name,
            trace: hex(&span.trace_id),
            id: hex(&span.span_id),
            parent: hex(&span.parent_span_id),
            attributes: span.attributes,
        }
    }

    /// A text among its attributes.
    pub fn attribute(&self, key: &str) -> Option<&str> {
        text(&self.attributes, key)
    }
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of one trace.
#[derive(Clone, Debug)]
pub struct Trace(Vec<CollectedSpan>);

impl Trace {
    /// The span `name` of the process `service`.
    pub fn span(&self, service: &str, name: &str) -> Option<&CollectedSpan> {
        self.0.iter().find(|span| span.service == service && span.name == name)
    }

    /// Returns true if the span `id` is among those that `span` is part of, directly or
    /// through spans that were exported, too.
    pub fn is_within(&self, span: &CollectedSpan, id: &str) -> bool {
        let parent = || self.0.iter().find(|other| other.id == span.parent);
        span.parent == id || parent().is_some_and(|parent| self.is_within(parent, id))
    }
}

/// A running collector.
pub struct Collector {
    address: SocketAddr,
    spans: Arc<Mutex<Vec<CollectedSpan>>>,
    server: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// If no port is free.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let spans = Arc::default();
        let service = TraceServiceServer::new(Inbox(Arc::clone(&spans)));
        let serving = Server::builder().add_service(service);
        let server = tokio::spawn(serving.serve_with_incoming(TcpIncoming::from(listener)));
        Ok(Self { address, spans, server })
    }

    /// The variable that makes a process send its spans here.
    pub fn variable(&self) -> (&'static str, String) {
        ("COURANT__TELEMETRY__OTLP_ENDPOINT", format!("http://{}", self.address))
    }

    /// The spans of `trace` that have come so far.
    pub fn trace(&self, trace: &str) -> Trace {
        Trace(self.spans().into_iter().filter(|span| span.trace == trace).collect())
    }

    /// All spans that have come so far.
    pub fn spans(&self) -> Vec<CollectedSpan> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.server.abort();
    }
}

struct Inbox(Arc<Mutex<Vec<CollectedSpan>>>);

#[tonic::async_trait]
impl TraceService for Inbox {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(request.into_inner().resource_spans.into_iter().flat_map(of_resource));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn of_resource(found: ResourceSpans) -> Vec<CollectedSpan> {
    let attributes = found.resource.map(|resource| resource.attributes).unwrap_or_default();
    let service = text(&attributes, "service.name").unwrap_or_default().to_owned();
    let spans = found.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| CollectedSpan::new(&service, span)).collect()
}
