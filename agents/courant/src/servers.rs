//! Tries the servers that the configuration names, for `courant doctor`.

use std::time::Duration;

use anyhow::{Context, ensure};
use courant_bus::Bus;
use courant_cache::Cache;
use courant_config::Document;
use courant_store::{Config as StoreConfig, SchemaVersions, Store};
use courant_telemetry::{Clock, Meters};

use crate::http;

/// The longest time that one server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key of a server, and its state or the reason why it cannot be used.
pub(crate) type CheckedServer = (&'static str, anyhow::Result<String>);

/// Tries each server that is configured. Creates nothing on them.
pub(crate) fn check(document: &Document) -> Vec<CheckedServer> {
    http::install_crypto();
    let mut checked: Vec<CheckedServer> = Vec::new();
    if document.has("bus.url") {
        checked.push(("bus.url", http::block_on(in_time(bus(document)))));
    }
    if document.has("store.url") {
        checked.push(("store.url", http::block_on(in_time(store(document)))));
    }
    if document.has("cache.redis_url") {
        checked.push(("cache.redis_url", http::block_on(in_time(redis(document)))));
    }
    checked
}

async fn in_time(check: impl Future<Output = anyhow::Result<String>>) -> anyhow::Result<String> {
    let checked = tokio::time::timeout(PATIENCE, check).await;
    checked.with_context(|| format!("no answer within {PATIENCE:?}"))?
}

async fn bus(document: &Document) -> anyhow::Result<String> {
    let meter = Meters::new("courant")?.meter();
    let config = document.section("bus")?;
    let version = Bus::check_server(&config, Clock::system(), &meter).await?;
    Ok(format!("NATS {version} answers, with JetStream"))
}

async fn store(document: &Document) -> anyhow::Result<String> {
    let config: StoreConfig = document.section("store")?;
    let schema = Box::pin(Store::postgres_schema(&config)).await?;
    schema.check()?;
    let SchemaVersions { found, known } = schema;
    Ok(match schema.is_pending() {
        false => format!("Postgres answers; its tables are up to date (version {found})"),
        true => format!(
            "Postgres answers; its tables have version {found} of {known}: the first agent, or \
             `courant migrate`, brings them up to date"
        ),
    })
}

async fn redis(document: &Document) -> anyhow::Result<String> {
    let meter = Meters::new("courant")?.meter();
    let cache = Cache::connect(&document.section("cache")?, &meter)?;
    ensure!(cache.ping().await?, "no Redis server is configured");
    Ok("Redis answers".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(keys: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let mut document = Document::default();
        keys.iter().for_each(|(key, value)| document.set(key, *value).unwrap());
        let fault = |(key, checked): CheckedServer| (key, format!("{:#}", checked.unwrap_err()));
        check(&document).into_iter().map(fault).collect()
    }

    #[test]
    fn a_server_that_is_not_configured_is_not_tried() {
        assert!(check(&Document::default()).is_empty());
    }

    #[test]
    fn servers_that_do_not_answer_are_named_with_their_addresses() {
        let faults = faults(&[
            ("bus.url", "nats://127.0.0.1:9"),
            ("store.url", "postgres://127.0.0.1:9/courant"),
            ("cache.redis_url", "redis://127.0.0.1:9"),
        ]);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[0].1.contains("no NATS server answers at 127.0.0.1:9"), "{faults:?}");
        assert!(faults[1].1.contains("127.0.0.1:9"), "{faults:?}");
    }

    #[test]
    fn addresses_that_are_none_are_faults() {
        let faults = faults(&[
            ("bus.url", "nats://"),
            ("store.url", "mysql://host/news"),
            ("cache.redis_url", "127.0.0.1"),
        ]);
        assert_eq!(faults.len(), 3, "{faults:?}");
        assert!(faults[1].1.contains("postgres://user@host/database"), "{faults:?}");
        assert!(faults[2].1.contains("redis://host:port"), "{faults:?}");
    }
}
