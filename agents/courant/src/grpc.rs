//! Reaches the gRPC services of a process, and explains their refusals.

use std::time::Duration;

use anyhow::{Context, anyhow};
use courant_proto::v1::GetStatusRequest;
use courant_proto::v1::admin_client::AdminClient;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{self, Endpoint};
use tonic::{Code, Request, Status};

use crate::http::Server;

/// A connection over which each call has the token of this command, if there is one.
pub type Channel = InterceptedService<transport::Channel, SendToken>;

/// Adds the token of this command to a call.
#[derive(Clone, Copy, Debug)]
pub struct SendToken;

impl Interceptor for SendToken {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = courant_client::token() {
            let value = format!("Bearer {token}").parse();
            let value = value.map_err(|_| Status::unauthenticated("the token is no text"))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

/// The longest wait for a connection, and for the answer of a probe.
const PATIENCE: Duration = Duration::from_secs(3);

/// Connects to `address`, such as `http://127.0.0.1:8081`; `None` if nothing listens there.
///
/// # Errors
/// Fails if `address` is invalid.
pub(crate) async fn connect(address: &str) -> anyhow::Result<Option<Channel>> {
    let endpoint = Endpoint::from_shared(address.to_owned())
        .with_context(|| format!("{address:?} is no address"))?;
    let connected = endpoint.connect_timeout(PATIENCE).connect().await.ok();
    Ok(connected.map(|channel| InterceptedService::new(channel, SendToken)))
}

/// Returns true if Courant's gRPC services answer at `address`.
pub(crate) async fn answers(address: &str) -> bool {
    let Ok(Some(channel)) = connect(address).await else { return false };
    check(address, &channel).await.is_ok()
}

/// Checks that Courant's gRPC services answer over `channel`, which leads to `address`.
///
/// # Errors
/// Names the likely cause if they do not.
pub(crate) async fn check(address: &str, channel: &Channel) -> anyhow::Result<()> {
    let mut admin = AdminClient::new(channel.clone());
    let asked = admin.get_status(GetStatusRequest::default());
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(status)) => Err(refused(address, status).await),
        Err(_) => Err(anyhow!("no answer from {address} within {PATIENCE:?}")),
    }
}

/// Turns the refusal of the service at `address` into an error for a person. Names the likely
/// cause if `address` is that of the HTTP port.
pub(crate) async fn refused(address: &str, status: Status) -> anyhow::Error {
    if !is_own_answer(&status) && speaks_http(address).await {
        return anyhow!("{address} looks like the HTTP port; gRPC is usually 8081");
    }
    explained(&status, address)
}

/// Turns a refusal into an error for a person.
pub(crate) fn explained(status: &Status, address: &str) -> anyhow::Error {
    match is_own_answer(status) {
        true => anyhow!("{}", status.message()),
        false => anyhow!("{address} does not answer as Courant does over gRPC"),
    }
}

/// Returns true if Courant itself refused. Other codes come from the transport, in its own words.
fn is_own_answer(status: &Status) -> bool {
    let from_transport = std::error::Error::source(status).is_some();
    let code = status.code();
    !from_transport && !matches!(code, Code::Unimplemented | Code::Unknown | Code::Internal)
}

async fn speaks_http(address: &str) -> bool {
    match Server::at(address) {
        Ok(server) => server.is_alive().await,
        Err(_) => false,
    }
}
