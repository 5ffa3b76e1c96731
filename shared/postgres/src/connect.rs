//! Connections: how they are made, and what each must be able to do.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, NoTls};

use crate::error::Error;
use crate::session::{Queries, Session, SessionRules};
use crate::settings::Settings;

/// Older versions corrupt indexes in vacuum (0.8.3) or leave graphs unrepaired.
const PGVECTOR: (u32, u32, u32) = (0, 8, 4);

/// Reads `url`. Its content does not stand in the error: it may hold a password.
pub(super) fn server(settings: &Settings) -> Result<tokio_postgres::Config, Error> {
    let mut server: tokio_postgres::Config = settings.url.reveal().parse().map_err(|_| {
        Error::Config("url is not of the form postgres://user@host/database".into())
    })?;
    server.connect_timeout(settings.connect_timeout);
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
pub(super) async fn once<T, E: From<Error>>(
    settings: &Settings,
    limit: Duration,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, E>,
) -> Result<T, E> {
    let server = server(settings)?;
    let unreachable = |reason: String| Error::Unreachable { address: address(&server), reason };
    let connecting = tokio::time::timeout(settings.connect_timeout, server.connect(NoTls));
    let Ok(connected) = connecting.await else {
        let waited = settings.connect_timeout;
        return Err(unreachable(format!("no answer within {waited:?}")).into());
    };
    let (mut client, connection) = connected.map_err(|error| refused(error, &server))?;
    let driver = tokio::spawn(connection);
    let result = tokio::time::timeout(limit, work(&mut client)).await;
    drop(client);
    driver.abort();
    result.unwrap_or_else(|_| Err(Error::Timeout(limit).into()))
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

pub(super) fn pool(
    server: tokio_postgres::Config,
    settings: &Settings,
    rules: &SessionRules,
) -> Result<Pool, Error> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    // Behind a PgBouncer the connection may be lent to others after each transaction.
    let limits = rules.prepared.then(|| rules.limits(false));
    let limited = Hook::async_fn(move |client: &mut deadpool_postgres::ClientWrapper, _| {
        let limits = limits.clone();
        Box::pin(async move {
            let Some(limits) = limits else { return Ok(()) };
            let limited = client.batch_execute(&limits).await;
            limited.map_err(|error| HookError::message(error.to_string()))
        })
    });
    Pool::builder(Manager::from_config(server, NoTls, recycling))
        .max_size(settings.pool_max)
        .wait_timeout(Some(settings.connect_timeout))
        .create_timeout(Some(settings.connect_timeout))
        .recycle_timeout(Some(settings.connect_timeout))
        .runtime(Runtime::Tokio1)
        .post_create(limited)
        .build()
        .map_err(|error| Error::Config(error.to_string()))
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
