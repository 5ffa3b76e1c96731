//! Serves connections: their number, the time of their headers and their idle time are bounded.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use courant_api::ErrorCode;
use http_body::{Frame, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tower::ServiceExt;

use super::accept::Accepting;
use super::connections::{Connection, Connections, HEADER_TIMEOUT, RequestInProgress};
use super::gate::ClientAddress;
use super::protocol::Protocol;
use super::tls::{self, Stream};
use crate::probes;
use crate::refusal::Refusal;

/// The largest header of a request.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// The interval of pings over HTTP/2, and the time for their answer.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// The requests in progress on one connection of HTTP/2.
const MAX_STREAMS: u32 = 200;
/// The time that an idle client has to take leave.
const LEAVE: Duration = Duration::from_secs(2);

/// Serves `router` on `listener`, with TLS if there is an acceptor, until `closing`, and then what is in progress.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    protocol: Protocol,
    connections: Connections,
    tls: Option<TlsAcceptor>,
    closing: CancellationToken,
) {
    let mut accepting = Accepting::new(listener);
    let builder = builder(protocol);
    let mut tasks = JoinSet::new();
    loop {
        let (stream, address) = tokio::select! {
            () = closing.cancelled() => break,
            // Its result says only that the client has gone, or was sent away.
            Some(_ended) = tasks.join_next() => continue,
            accepted = accepting.accept() => accepted,
        };
        if let Some(connection) = connections.admit() {
            let (builder, router, closing) = (builder.clone(), router.clone(), closing.clone());
            let tls = tls.clone();
            tasks.spawn(async move {
                Served { protocol, router, connection: Arc::new(connection), address }
                    .run(&builder, stream, tls.as_ref(), closing)
                    .await;
            });
        }
    }
    drop(accepting);
    while tasks.join_next().await.is_some() {}
}

fn builder(protocol: Protocol) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES * 4);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES.try_into().unwrap_or(u32::MAX));
    match protocol {
        Protocol::Http => builder,
        Protocol::Grpc => builder.http2_only(),
    }
}

/// One connection.
#[derive(Clone)]
struct Served {
    protocol: Protocol,
    router: Router,
    connection: Arc<Connection>,
    /// The address of the client.
    address: SocketAddr,
}

impl Served {
    /// Answers requests until the client leaves, `closing`, or the connection has to end.
    async fn run(
        self,
        builder: &Builder<TokioExecutor>,
        stream: TcpStream,
        tls: Option<&TlsAcceptor>,
        closing: CancellationToken,
    ) {
        // Small answers leave at once. A client that has gone is noticed below.
        let _is_gone = stream.set_nodelay(true);
        let stream = match tls {
            Some(acceptor) => {
                let begun = tls::begin(stream, self.address, acceptor);
                tokio::select! {
                    begun = begun => begun,
                    () = self.connection.shed() => None,
                    () = closing.cancelled() => None,
                }
            }
            None => Some(Box::new(stream) as Box<dyn Stream>),
        };
        let Some(stream) = stream else { return };
        let answering = self.clone();
        let service = tower::service_fn(move |request: Request<_>| {
            answering.clone().answer(request.map(Body::new))
        });
        let io = TokioIo::new(stream);
        let mut serving =
            std::pin::pin!(builder.serve_connection(io, TowerToHyperService::new(service)));
        tokio::select! {
            // An error is of this client alone.
            _ended = serving.as_mut() => return,
            () = self.connection.shed() => return,
            () = self.connection.expired() => {
                serving.as_mut().graceful_shutdown();
                let _left = tokio::time::timeout(LEAVE, serving).await;
                return;
            }
            () = closing.cancelled() => serving.as_mut().graceful_shutdown(),
        }
        let _ended = serving.await;
    }

    async fn answer(self, mut request: Request) -> Result<Response, Infallible> {
        let request_in_progress = self.connection.request();
        request.extensions_mut().insert(ClientAddress(self.address.ip()));
        let response = if self.connection.is_reserve() && !probes::is_probe(request.uri().path()) {
            self.refuse()
        } else {
            self.router.oneshot(request).await?
        };
        Ok(response.map(|body| Body::new(CountedBody { body, _request: request_in_progress })))
    }

    fn refuse(&self) -> Response {
        let refusal = Refusal::new(ErrorCode::Unavailable, "all connections are busy; try again")
            .retry_after(Duration::from_secs(1));
        match self.protocol {
            Protocol::Grpc => Status::from(refusal).into_http(),
            Protocol::Http => {
                let mut response = refusal.into_response();
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
                response
            }
        }
    }
}

/// A body whose request is in progress until it has been sent.
struct CountedBody {
    body: Body,
    _request: RequestInProgress,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
