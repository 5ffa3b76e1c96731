//! Checks of `Host` and `Origin`. A page of a foreign site that has its name resolved to this
//! machine (DNS rebinding), or sends a form to it, is refused.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Uri, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use courant_api::ErrorCode;

use crate::refusal::Refusal;

/// The longest shown part of a name.
const SHOWN_CHARS: usize = 100;

/// The hosts and origins for which the service answers, besides loopback names and IP addresses.
#[derive(Clone, Debug, Default)]
pub(super) struct Allowed(Arc<AllowedNames>);

#[derive(Debug, Default)]
struct AllowedNames {
    /// In lower case; `name` or `name:port`.
    hosts: Vec<String>,
    /// In lower case; `https://app.example.com`.
    origins: Vec<String>,
}

impl Allowed {
    pub(super) fn new(hosts: &[String], origins: &[String]) -> Self {
        let lower = |names: &[String]| names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Self(Arc::new(AllowedNames { hosts: lower(hosts), origins: lower(origins) }))
    }

    /// Returns true if pages of other origins may be let read answers.
    pub(super) fn has_origins(&self) -> bool {
        !self.0.origins.is_empty()
    }

    /// Returns true if `origin` was configured.
    pub(super) fn names_origin(&self, origin: &HeaderValue) -> bool {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        self.0.origins.contains(&origin)
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let host = host(request.uri(), request.headers());
        let host = match host {
            Some(host) => host,
            // Browsers always send one.
            None if request.version() == Version::HTTP_10 => return Ok(()),
            None => return Err(Refusal::new(ErrorCode::InvalidRequest, NO_HOST)),
        };
        if !self.has_host(&host) {
            let detail = format!(
                "this service does not answer for the host {:?}; service.hosts names those that \
                 it answers for",
                shown(&host)
            );
            return Err(Refusal::new(ErrorCode::HostNotAllowed, detail));
        }
        let mut origins = request.headers().get_all(header::ORIGIN).iter();
        match origins.find(|origin| !self.has_origin(origin, &host)) {
            None => Ok(()),
            Some(origin) => {
                let detail = format!(
                    "pages of the origin {:?} may not use this service; service.origins names \
                     those that may",
                    shown(&String::from_utf8_lossy(origin.as_bytes()))
                );
                Err(Refusal::new(ErrorCode::OriginNotAllowed, detail))
            }
        }
    }

    fn has_host(&self, host: &str) -> bool {
        let name = name(host);
        // No page can be of the origin of an address that its own server does not have.
        is_loopback(name)
            || is_address(name)
            || self.0.hosts.iter().any(|one| one == host || one == name)
    }

    fn has_origin(&self, origin: &HeaderValue, host: &str) -> bool {
        let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        authority.is_some_and(|authority| authority == host || is_loopback(name(authority)))
            || self.0.origins.contains(&origin)
    }
}

const NO_HOST: &str = "the request has no host, or several; it takes one header Host";

/// Refuses a request to a foreign host, or of a foreign origin.
pub(super) async fn check(
    State(allowed): State<Allowed>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    allowed.check(&request)?;
    Ok(next.run(request).await)
}

/// Returns the one host of a request in lower case. In HTTP/2 it stands in the URI.
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = match (uri.authority(), hosts.next(), hosts.next()) {
        (Some(authority), None, None) => authority.as_str(),
        (None, Some(host), None) => host.to_str().ok()?,
        (Some(authority), Some(host), None) if authority.as_str() == host => authority.as_str(),
        _ => return None,
    };
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

/// Returns a host without its port.
fn name(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        // A colon within brackets is of an address.
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_end_matches('.')
}

fn is_loopback(name: &str) -> bool {
    name == "localhost" || address(name).is_some_and(|address| address.is_loopback())
}

fn is_address(name: &str) -> bool {
    address(name).is_some()
}

fn address(name: &str) -> Option<IpAddr> {
    let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    match bracketed {
        Some(address) => address.parse().ok().map(IpAddr::V6),
        None => name.parse().ok().map(IpAddr::V4),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::response::IntoResponse;

    use super::*;

    fn status(host: Option<&str>, origin: Option<&str>) -> u16 {
        let allowed = Allowed::new(
            &["news.example".to_owned(), "proxy.example:8080".to_owned()],
            &["https://app.example".to_owned()],
        );
        let mut request = Request::get("/v1/search");
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let request = request.body(Body::empty()).unwrap();
        allowed
            .check(&request)
            .map_or_else(|refusal| refusal.into_response().status().as_u16(), |()| 200)
    }

    #[test]
    fn loopback_names_addresses_and_configured_names_are_answered_and_others_are_not() {
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:8080",
            "127.8.0.1",
            "[::1]:8080",
            "10.1.2.3:80",
            "news.example",
            "news.example:443",
            "News.Example.",
            "proxy.example:8080",
        ] {
            assert_eq!(status(Some(host), None), 200, "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "proxy.example",
            "proxy.example:80",
            "evil.example:8080",
            "[::1].evil.example",
            "a@localhost",
        ] {
            assert_eq!(status(Some(host), None), 421, "{host}");
        }
        assert_eq!(status(None, None), 400);
    }

    #[test]
    fn pages_of_the_same_or_a_configured_origin_or_of_loopback_are_answered_and_others_are_not() {
        for (host, origin) in [
            ("localhost:8080", "http://localhost:3000"),
            ("localhost:8080", "http://127.0.0.1:8080"),
            ("news.example", "https://news.example"),
            ("news.example", "https://app.example"),
            ("10.1.2.3:8080", "http://10.1.2.3:8080"),
        ] {
            assert_eq!(status(Some(host), Some(origin)), 200, "{host} {origin}");
        }
        for (host, origin) in [
            ("localhost:8080", "https://evil.example"),
            ("localhost:8080", "null"),
            ("localhost:8080", "http://localhost.evil.example"),
            ("10.1.2.3:8080", "http://10.1.2.4:8080"),
            ("news.example", "http://app.example"),
        ] {
            assert_eq!(status(Some(host), Some(origin)), 403, "{host} {origin}");
        }
    }
}
