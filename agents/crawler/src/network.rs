//! Ranges of IP addresses, as written in the configuration.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A range of IP addresses, written `10.0.0.0/8` or as a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network {
    base: IpAddr,
    prefix_bits: u32,
}

/// The text is not a range of addresses.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network such as 10.0.0.0/8")]
pub struct ParseNetworkError(String);

impl Network {
    /// Returns true if `address` lies in the range.
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
