//! Where a process listens, and how long it may take to end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The section `[service]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address that all ports are bound on. Loopback by default: what is
    /// open to a network is the user's decision.
    pub bind: IpAddr,
    /// The HTTP port of this process, 0 for any free one. Unset: the agent's own.
    pub http_port: Option<u16>,
    /// The gRPC port of this process, likewise.
    pub grpc_port: Option<u16>,
    /// How long what is in flight may take after the first signal, in seconds.
    pub drain_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self { bind: Ipv4Addr::LOCALHOST.into(), http_port: None, grpc_port: None, drain_s: 30 }
    }
}

impl Config {
    /// How long what is in flight may take after the first signal.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }

    pub(crate) fn http(&self, ports: Ports) -> SocketAddr {
        (self.bind, self.http_port.unwrap_or(ports.http)).into()
    }

    pub(crate) fn grpc(&self, ports: Ports) -> SocketAddr {
        (self.bind, self.grpc_port.unwrap_or(ports.grpc)).into()
    }
}

/// Where an agent listens unless it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    /// Probes, metrics, and the gateway's API.
    pub http: u16,
    /// Admin, health and reflection.
    pub grpc: u16,
}

impl Ports {
    /// The gateway's, and those of an embedded process.
    pub const GATEWAY: Self = Self { http: 8080, grpc: 8081 };
    /// The crawler's.
    pub const CRAWLER: Self = Self { http: 9101, grpc: 9201 };
    /// The embedder's.
    pub const EMBEDDER: Self = Self { http: 9102, grpc: 9202 };
    /// The analyst's.
    pub const ANALYST: Self = Self { http: 9103, grpc: 9203 };
    /// The storage agent's.
    pub const STORAGE: Self = Self { http: 9104, grpc: 9204 };
}
