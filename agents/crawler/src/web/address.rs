//! Decides which addresses may be requested: no page must be able to send the crawler into the
//! network that it runs in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::network::Network;

/// Returns true for addresses of the public internet, by IANA's special-purpose registries
/// (RFC 6890). An IPv6 address that contains an IPv4 address counts as that address.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => carried_v4(v6).map_or_else(|| is_public_v6(v6), is_public_v4),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_special
}

/// Only 2000::/3 is global unicast. Teredo and the documentation ranges lie within it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_teredo_or_reserved = first == 0x2001 && second < 0x0200;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    first & 0xe000 == 0x2000 && !is_teredo_or_reserved && !is_documentation
}

/// Returns the IPv4 address in a mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056) address.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

/// The host name has no address that may be requested.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no public address")]
pub(crate) struct AddressRefused(pub(crate) String);

/// Resolves host names to the addresses that may be requested: public ones, and the networks
/// that the configuration allows.
#[derive(Clone, Debug)]
pub(crate) struct AddressGuard {
    allowed: Arc<[Network]>,
}

impl AddressGuard {
    pub(crate) fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.into() }
    }

    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

/// The check is part of name resolution, so that a name cannot resolve to one address for the
/// check and to another for the connection.
impl Resolve for AddressGuard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<_> =
                found.into_iter().filter(|found| guard.allows(found.ip())).collect();
            if allowed.is_empty() {
                return Err(AddressRefused(name.as_str().to_owned()).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let private = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "2001::1",
        ];
        for address in private {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in
            ["1.1.1.1", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[tokio::test]
    async fn a_name_for_a_private_address_is_refused_unless_its_network_is_allowed() {
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = AddressGuard::new(&[]).resolve(name()).await.err().unwrap();
        assert!(refused.downcast_ref::<AddressRefused>().is_some(), "{refused}");
        let allowed = ["127.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        assert!(AddressGuard::new(&allowed).resolve(name()).await.is_ok());
    }
}
