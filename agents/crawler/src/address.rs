//! Which addresses may be fetched from: a page must not be able to send the
//! crawler into the network that it runs in.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::{Deserialize, Serialize};

/// A range of addresses, written `10.0.0.0/8` or as a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    base: IpAddr,
    prefix_bits: u32,
}

/// The text is no network.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network such as 10.0.0.0/8")]
pub struct ParseNetworkError(String);

impl Network {
    /// Whether `address` lies in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (base, width) = bits(self.base);
        let (address, address_width) = bits(address);
        let shift = width - self.prefix_bits;
        width == address_width && (shift == 128 || base >> shift == address >> shift)
    }
}

fn bits(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

impl FromStr for Network {
    type Err = ParseNetworkError;

    fn from_str(text: &str) -> Result<Self, ParseNetworkError> {
        let error = || ParseNetworkError(text.chars().take(100).collect());
        let (base, prefix) = text.split_once('/').unwrap_or((text, ""));
        let base: IpAddr = base.parse().map_err(|_| error())?;
        let (_, width) = bits(base);
        let prefix_bits = match prefix {
            "" if !text.contains('/') => width,
            digits => digits.parse().ok().filter(|bits| *bits <= width).ok_or_else(error)?,
        };
        Ok(Self { base, prefix_bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix_bits)
    }
}

impl TryFrom<String> for Network {
    type Error = ParseNetworkError;

    fn try_from(text: String) -> Result<Self, ParseNetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

/// Whether `address` is one of the public internet, by IANA's special-purpose
/// registries (RFC 6890). An IPv6 address that carries an IPv4 one counts as that.
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

/// Global unicast is 2000::/3 alone; Teredo and documentation lie within.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    let is_teredo_or_reserved = first == 0x2001 && second < 0x0200;
    let is_documentation = (first == 0x2001 && second == 0x0db8) || first == 0x3fff;
    first & 0xe000 == 0x2000 && !is_teredo_or_reserved && !is_documentation
}

/// The IPv4 address in a mapped (RFC 4291), NAT64 (RFC 6052) or 6to4 (RFC 3056)
/// address.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

/// A name that leads to no address that may be fetched from.
#[derive(Debug, thiserror::Error)]
#[error("{0} has no public address")]
pub(crate) struct AddressRefused(pub(crate) String);

/// Lets through what may be fetched from.
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

/// The check sits where names become addresses, so that a name cannot resolve to
/// one address for the check and to another for the connection.
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

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        let network: Network = "10.4.0.0/14".parse().unwrap();
        assert!(network.contains("10.7.255.255".parse().unwrap()));
        assert!(!network.contains("10.8.0.0".parse().unwrap()));
        assert!(!network.contains("::a07:1".parse().unwrap()));
        let all: Network = "::/0".parse().unwrap();
        assert!(all.contains("2606::1".parse().unwrap()));
        let one: Network = "127.0.0.1".parse().unwrap();
        assert_eq!(one.to_string(), "127.0.0.1/32");
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/", "host/8"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
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
