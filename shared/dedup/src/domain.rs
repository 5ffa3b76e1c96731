//! The part of a host name that someone registered.

use std::net::IpAddr;

use courant_article::CanonicalUrl;
use url::Url;

/// The registered domain of `url` by the Public Suffix List: `bbc.co.uk` for
/// `news.bbc.co.uk`. The whole host where it is an address or itself a suffix.
pub fn registered_domain(url: &CanonicalUrl) -> String {
    Url::parse(url.as_str())
        .ok()
        .and_then(|url| url.host_str().map(registered_domain_of))
        .unwrap_or_default()
}

/// The registered domain of a host name; see [`registered_domain`].
pub fn registered_domain_of(host: &str) -> String {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.starts_with('[') || host.parse::<IpAddr>().is_ok() {
        return host;
    }
    psl::domain_str(&host).map_or(host.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_suffix_decides() {
        for (host, domain) in [
            ("www.example.com", "example.com"),
            ("News.BBC.co.uk.", "bbc.co.uk"),
            ("someone.github.io", "someone.github.io"),
            ("harbour-courier.example", "harbour-courier.example"),
            ("www.valley-ledger.example", "valley-ledger.example"),
            ("co.uk", "co.uk"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(registered_domain_of(host), domain, "{host}");
        }
    }
}
