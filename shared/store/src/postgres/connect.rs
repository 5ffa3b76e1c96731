//! Connections: how they are made, and what each must be able to do.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

use crate::config::Config;
use crate::error::Error;
use crate::postgres::session::{Queries, Session, SessionRules};

/// Older versions corrupt indexes in vacuum (0.8.3) or leave graphs unrepaired.
const PGVECTOR: (u32, u32, u32) = (0, 8, 4);
/// Reads `url`. Its content does not stand in the error: it may hold a password.
pub(super) fn server(config: &Config) -> Result<tokio_postgres::Config, Error> {
    let url = config.url.as_ref().ok_or_else(|| Error::Config("url is not set".into()))?;
    let mut server: tokio_postgres::Config = url.reveal().parse().map_err(|_| {
        Error::Config("url is not of the form postgres://user@host/database".into())
    })?;
    server.connect_timeout(config.connect_timeout());
    if server.get_application_name().is_none() {
        server.application_name("courant");
    }
    Ok(server)
}

pub(super) fn address(server: &tokio_postgres::Config) -> String {
    let hosts = server.get_hosts().iter().enumerate().map(|(index, host)| match host {
        Host::Tcp(name) => {
            let port = server.get_ports().get(index).or(server.get_ports().first());
            format!("{name}:{}", port.unwrap_or(&5432))
        }
        Host::Unix(folder) => folder.display().to_string(),
    });
    hosts.collect::<Vec<_>>().join(",")
}

/// Does `work` within `limit` on a connection of its own: those of the pool need what it prepares.
pub(super) async fn once<T>(
    config: &Config,
    limit: Duration,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, Error>,
) -> Result<T, Error> {
    let server = server(config)?;
    let unreachable = |reason: String| Error::Unreachable { address: address(&server), reason };
    let connecting = tokio::time::timeout(config.connect_timeout(), server.connect(NoTls));
    let Ok(connected) = connecting.await else {
        return Err(unreachable(format!("no answer within {:?}", config.connect_timeout())));
    };
    let (mut client, connection) = connected.map_err(|error| refused(error, &server))?;
    let driver = tokio::spawn(connection);
    let result = tokio::time::timeout(limit, work(&mut client)).await;
    drop(client);
    driver.abort();
    result.unwrap_or(Err(Error::Timeout(limit)))
}

/// A refusal in the server's words (wrong password, no such database) is not
/// the same as a server that is not there.
fn refused(error: tokio_postgres::Error, server: &tokio_postgres::Config) -> Error {
    match error.as_db_error() {
        // 57P03 cannot_connect_now: it is starting or stopping.
        Some(refusal) if !refusal.code().code().starts_with("57") => error.into(),
        Some(refusal) => {
            Error::Unreachable { address: address(server), reason: refusal.message().to_owned() }
        }
        None => Error::Unreachable { address: address(server), reason: causes(&error) },
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", causes(source)),
        None => error.to_string(),
    }
}

/// Installs pgvector where it is absent, and refuses an old one.
pub(super) async fn prepare_extension(client: &Client) -> Result<(), Error> {
    let installed = "SELECT extversion FROM pg_extension WHERE extname = 'vector'";
    if client.query_typed_opt(installed, &[]).await?.is_none() {
        // Two processes that start together may both try: one of them finds it.
        let made = client.batch_execute("CREATE EXTENSION IF NOT EXISTS vector").await;
        if let Err(error) = made
            && client.query_typed_opt(installed, &[]).await?.is_none()
        {
            let why = error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned());
            return Err(Error::Pgvector(format!("cannot install the extension: {why}")));
        }
    }
    let found: String = client.query_typed_one(installed, &[]).await?.get(0);
    if version(&found) >= Some(PGVECTOR) {
        return Ok(());
    }
    let (major, minor, patch) = PGVECTOR;
    Err(Error::Pgvector(format!(
        "version {found} is installed, but {major}.{minor}.{patch} is needed; \
         install it and run ALTER EXTENSION vector UPDATE"
    )))
}

fn version(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0)))
}

pub(super) fn pool(server: tokio_postgres::Config, config: &Config) -> Result<Pool, Error> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let rules = rules(config);
    let limited = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        Box::pin(async move {
            // Behind a PgBouncer the connection may be lent to others after each transaction.
            if !rules.prepared {
                return Ok(());
            }
            let limited = client.batch_execute(&rules.limits(false)).await;
            limited.map_err(|error| HookError::message(error.to_string()))
        })
    });
    Pool::builder(Manager::from_config(server, NoTls, recycling))
        .max_size(config.pool_max)
        .wait_timeout(Some(config.connect_timeout()))
        .create_timeout(Some(config.connect_timeout()))
        .recycle_timeout(Some(config.connect_timeout()))
        .runtime(Runtime::Tokio1)
        .post_create(limited)
        .build()
        .map_err(|error| Error::Config(error.to_string()))
}

/// The rules that the connections of a pool follow.
pub(super) fn rules(config: &Config) -> SessionRules {
    let timeout = config.command_timeout();
    SessionRules { prepared: config.prepared, ef_search: config.ef_search, timeout }
}

/// Checks that the settings of searches take effect: old versions of pgvector do not know them,
/// and Postgres accepts any name and value.
pub(super) async fn check_search(session: &mut Session, ef_search: u32) -> Result<(), Error> {
    let query = "SELECT current_setting('hnsw.ef_search'), current_setting('hnsw.iterative_scan'),
                        EXISTS (SELECT FROM pg_settings WHERE name = 'hnsw.iterative_scan')";
    let row = session.search().await?.query_one(query, &[]).await?;
    let found: (String, String, bool) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if found == (ef_search.to_string(), "relaxed_order".into(), true) {
        return Ok(());
    }
    Err(Error::Pgvector(format!("its settings have no effect: {found:?}")))
}

pub(super) fn no_connection(error: PoolError, address: &str, waited: Duration) -> Error {
    let unreachable = |reason: String| Error::Unreachable { address: address.to_owned(), reason };
    match error {
        PoolError::Timeout(TimeoutType::Wait) => Error::Busy(waited),
        PoolError::Timeout(_) => unreachable(format!("no answer within {waited:?}")),
        PoolError::Backend(error) if error.as_db_error().is_none() => unreachable(causes(&error)),
        PoolError::Backend(error) => error.into(),
        PoolError::Closed => Error::Closed,
        PoolError::PostCreateHook(HookError::Message(reason)) => {
            unreachable(format!("the connection cannot be prepared: {reason}"))
        }
        other => unreachable(other.to_string()),
    }
}
