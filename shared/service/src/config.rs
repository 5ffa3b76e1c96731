//! The addresses of a process, and the time that it may take to end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use courant_config::{Ranged, Ranges};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::work::GRACE;

/// The open files that a process may have at least, where the system does not tell.
const FEWEST_FILES: u64 = 256;

/// The section `[service]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address on which all ports are bound. The default is loopback: only the user decides
    /// what is open to a network.
    pub bind: IpAddr,
    /// Lets anyone use the ports where `bind` is not loopback and nothing guards them (see
    /// `[access]`). Without it, such a start is refused.
    pub insecure: bool,
    /// The PEM file with the certificate chain for TLS on both ports. It is read again when it
    /// changes. Clients of this machine may speak without TLS.
    pub tls_cert: Option<PathBuf>,
    /// The PEM file with the key of `tls_cert`.
    pub tls_key: Option<PathBuf>,
    /// The HTTP port of this process; 0 takes any free one. Unset: the default port of the
    /// agent.
    pub http_port: Option<u16>,
    /// The gRPC port of this process; 0 takes any free one. Unset: the default port of the
    /// agent.
    pub grpc_port: Option<u16>,
    /// Seconds that the work in flight may take after the first signal to stop, 21 to 3600.
    pub drain_s: u64,
    /// The most open connections over HTTP and gRPC, 8 to 65536, but no more than half of the files
    /// that the process may open. Beyond it the connection that was idle longest is closed.
    pub max_connections: usize,
    /// The names for which HTTP is answered besides `localhost` and IP addresses, as
    /// `news.example.com` or `news.example.com:8080`. A request to another `Host` gets 421, against
    /// pages that have their own name resolved to this machine. `/healthz`, `/readyz` and
    /// `/metrics` are answered to all.
    pub hosts: Vec<String>,
    /// The origins of pages in browsers that may use this service besides its own and those of
    /// loopback, as `https://app.example.com`. They may read the answers (CORS). Others get 403.
    pub origins: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: Ipv4Addr::LOCALHOST.into(),
            insecure: false,
            tls_cert: None,
            tls_key: None,
            http_port: None,
            grpc_port: None,
            drain_s: 30,
            max_connections: 1024,
            hosts: Vec::new(),
            origins: Vec::new(),
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        // A queue's work is given up after the grace; then the process ends in order.
        ranges.within("drain_s", self.drain_s, GRACE.as_secs() + 1..=3600);
        let (certificate, key) = (&self.tls_cert, &self.tls_key);
        let shown = key.as_deref().unwrap_or(Path::new("not set")).display();
        ranges.rule("tls_key", shown, "set if tls_cert is", certificate.is_some() == key.is_some());
        ranges.within("max_connections", self.max_connections, 8..=65_536);
    }
}

impl Config {
    /// Returns the time that the work in flight may take after the first signal to stop.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }

    /// Returns the most open connections. The other half of the files is for everything else.
    pub(crate) fn connections(&self) -> usize {
        let files = courant_host::open_files_limit().unwrap_or(FEWEST_FILES);
        let half = usize::try_from(files / 2).unwrap_or(usize::MAX);
        self.max_connections.min(half.max(1))
    }

    pub(crate) fn http(&self, ports: Ports) -> SocketAddr {
        (self.bind, self.http_port.unwrap_or(ports.http)).into()
    }

    pub(crate) fn grpc(&self, ports: Ports) -> SocketAddr {
        (self.bind, self.grpc_port.unwrap_or(ports.grpc)).into()
    }
}

/// One agent, as its crate registers it with the process that runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The name in requests, metrics and spans, such as `crawler`.
    pub name: &'static str,
    /// OpenTelemetry's `service.name` of a process with this agent alone, such as
    /// `courant-crawler`.
    pub service_name: &'static str,
    /// The default ports of a process with this agent alone.
    pub ports: Ports,
}

/// The ports on which an agent listens by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Probes, metrics, and the gateway's API.
    pub http: u16,
    /// Admin, health and reflection.
    pub grpc: u16,
}

#[cfg(test)]
mod tests {
    use courant_config::range;

    use super::*;

    #[test]
    fn a_process_outlasts_the_grace_of_its_work() {
        assert_eq!(range::check("service", &Config::default()), Ok(()));
        let hasty = Config { drain_s: GRACE.as_secs(), ..Config::default() };
        let error = range::check("service", &hasty).unwrap_err().to_string();
        assert_eq!(error, "service.drain_s is 20 seconds, but may be 21 to 3600 seconds");
    }
}
