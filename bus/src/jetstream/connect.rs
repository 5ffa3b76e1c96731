//! The connection.

use std::sync::Arc;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, ServerAddr};
use tokio::sync::watch;

use super::handle::ANSWER;
use crate::config::Config;
use crate::error::Error;
use crate::shared::Shared;

/// Messages that a subscription holds for a slow listener; more are dropped.
const LISTENER_BUFFER: usize = 8192;
/// The oldest server that works: message limits and strict work queues.
const NEEDED: (&str, (i64, i64, i64)) = ("2.11.0", (2, 11, 0));
/// Older ones lose messages in cases that were found and mended.
const ADVISED: (&str, (i64, i64, i64)) = ("2.14.5", (2, 14, 5));

/// Connects, and reports what becomes of the connection.
pub(super) async fn dial(
    shared: &Arc<Shared>,
    connected: watch::Sender<u64>,
    ended: watch::Sender<bool>,
) -> Result<Client, Error> {
    let addresses = addresses(&shared.config)?;
    let shown: Vec<String> =
        addresses.iter().map(|address| format!("{}:{}", address.host(), address.port())).collect();
    let (connected, ended) = (Arc::new(connected), Arc::new(ended));
    let metrics = shared.metrics.clone();
    options(&shared.config)
        .await?
        .event_callback(move |event| {
            let (connected, ended, metrics) = (connected.clone(), ended.clone(), metrics.clone());
            async move {
                match event {
                    async_nats::Event::Connected => {
                        tracing::info!("connected to NATS");
                        connected.send_modify(|count| *count += 1);
                    }
                    async_nats::Event::Closed => {
                        ended.send_replace(true);
                    }
                    async_nats::Event::SlowConsumer(_) => {
                        metrics.missed(1);
                        tracing::warn!("a listener is too slow: messages were dropped");
                    }
                    event => tracing::warn!(%event, "connection to NATS"),
                }
            }
        })
        .connect(addresses)
        .await
        .map_err(|source| Error::Unreachable { address: shown.join(","), source })
}

fn addresses(config: &Config) -> Result<Vec<ServerAddr>, Error> {
    let url = config.url.as_deref().ok_or_else(|| Error::Address("no url is configured".into()))?;
    url.split(',').map(|one| address(one.trim())).collect()
}

fn address(url: &str) -> Result<ServerAddr, Error> {
    let address: ServerAddr = url.parse().map_err(|_| wrong_address(url))?;
    if address.host().is_empty() { Err(wrong_address(url)) } else { Ok(address) }
}

/// The fault of an address, without the credentials that may stand in it.
fn wrong_address(url: &str) -> Error {
    let shown = match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.to_owned(),
    };
    Error::Address(format!("{shown:?} is not of the form nats://host:4222").into())
}

async fn options(config: &Config) -> Result<ConnectOptions, Error> {
    let options = ConnectOptions::new()
        .name(&config.prefix)
        .connection_timeout(ANSWER)
        .request_timeout(Some(ANSWER))
        .ping_interval(Duration::from_secs(10))
        .subscription_capacity(LISTENER_BUFFER)
        .reconnect_delay_callback(|attempts| Duration::from_millis(100 * attempts.min(20) as u64));
    let options = match &config.ca_file {
        Some(file) => options.add_root_certificates(file.clone()),
        None => options,
    };
    let options = match (&config.cert_file, &config.key_file) {
        (Some(certificate), Some(key)) => {
            options.add_client_certificate(certificate.clone(), key.clone())
        }
        _ => options,
    };
    let options = match &config.nkey {
        Some(seed) => options.nkey(seed.reveal().to_owned()),
        None => options,
    };
    if let Some(file) = &config.creds_file {
        let unreadable = |error| Error::Address(format!("bus.creds_file: {error}").into());
        return options.credentials_file(file).await.map_err(unreadable);
    }
    Ok(match (&config.token, &config.user) {
        (Some(token), _) => options.token(token.reveal().to_owned()),
        (None, Some(user)) => {
            let password = config.password.as_ref().map_or("", |password| password.reveal());
            // An inbox of its own, so that a server can keep others from reading the answers.
            let options = options.custom_inbox_prefix(format!("_INBOX.{}", plain(user)));
            options.user_and_password(user.clone(), password.to_owned())
        }
        (None, None) => options,
    })
}

/// Returns a name as one part of a subject.
fn plain(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect()
}

pub(super) fn check_version(client: &Client) -> Result<(), Error> {
    let at_least = |(major, minor, patch)| client.is_server_compatible(major, minor, patch);
    let found = client.server_info().version;
    if !at_least(NEEDED.1) {
        return Err(Error::ServerTooOld { found, needed: NEEDED.0 });
    }
    if !at_least(ADVISED.1) {
        tracing::warn!(
            found,
            advised = ADVISED.0,
            "this NATS server has known ways to lose messages"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Vec<ServerAddr>, Error> {
        addresses(&Config { url: Some(url.to_owned()), ..Config::default() })
    }

    #[test]
    fn servers_are_read_from_a_list() {
        let hosts = read("nats://a.example:4222, tls://b.example").unwrap();
        let hosts: Vec<_> = hosts.iter().map(|address| address.host().to_owned()).collect();
        assert_eq!(hosts, ["a.example", "b.example"]);
    }

    #[test]
    fn an_address_that_is_none_is_named_without_its_password() {
        for url in ["nats://", "amqp://user:hush@a.example", "nats://a.example:99999", "a b"] {
            let Err(Error::Address(fault)) = read(url) else { panic!("{url} is no address") };
            let fault = fault.to_string();
            assert!(fault.contains("is not of the form nats://host:4222"), "{fault}");
            assert!(!fault.contains("hush"), "{fault}");
        }
    }
}
