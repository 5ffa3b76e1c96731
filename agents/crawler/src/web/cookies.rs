//! Cookies of one fetch. They are kept across its redirects and then forgotten. Many servers
//! redirect in a circle until their cookie comes back.

use std::sync::{Mutex, PoisonError};

use cookie::Cookie;
use courant_dedup::registered_domain_of;
use courant_telemetry::Clock;
use http::{HeaderMap, HeaderValue, header};
use url::Url;

/// The most cookies that one fetch keeps.
const MAX_COOKIES: usize = 50;
/// The longest `Set-Cookie` header that is kept.
const MAX_COOKIE_BYTES: usize = 4_096;
/// The longest `Cookie` header that is sent.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// The cookies that the answers of one fetch have set (RFC 6265).
#[derive(Debug, Default)]
pub(crate) struct Cookies(Mutex<Vec<Kept>>);

/// A cookie, and the URLs that it is sent to.
#[derive(Debug)]
struct Kept {
    name: String,
    value: String,
    /// The domain that the cookie names, or else the host that set it.
    domain: String,
    /// True if it is also sent to hosts below the domain.
    has_subdomains: bool,
    path: String,
    /// True if it is sent over HTTPS only.
    is_secure: bool,
}

impl Cookies {
    /// Keeps the cookies of an answer that came from `url`.
    pub(crate) fn keep(&self, url: &Url, headers: &HeaderMap, clock: &Clock) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for value in headers.get_all(header::SET_COOKIE) {
            let text = value.to_str().ok().filter(|text| text.len() <= MAX_COOKIE_BYTES);
            let Some(cookie) = text.and_then(|text| Cookie::parse(text).ok()) else { continue };
            let Some(new) = Kept::of(&cookie, url) else { continue };
            kept.retain(|old| !old.is_replaced_by(&new));
            if !is_over(&cookie, clock) && kept.len() < MAX_COOKIES {
                kept.push(new);
            }
        }
    }

    /// Returns the `Cookie` header of a request to `url`; `None` if no cookie applies.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut matching: Vec<_> = kept.iter().filter(|cookie| cookie.is_for(url)).collect();
        // The longest path first, as servers expect.
        matching.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs = matching.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value));
        let mut text = String::new();
        for pair in pairs {
            if text.len() + pair.len() > MAX_HEADER_BYTES {
                break;
            }
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(&pair);
        }
        HeaderValue::from_str(&text).ok().filter(|value| !value.is_empty())
    }
}

impl Kept {
    /// Returns `None` if `url` may not set the cookie.
    fn of(cookie: &Cookie<'_>, url: &Url) -> Option<Self> {
        let host = url.host_str()?;
        let named = cookie.domain().map(|domain| domain.trim_start_matches('.'));
        let named = named.filter(|domain| !domain.is_empty()).map(str::to_ascii_lowercase);
        let is_allowed = named.as_ref().is_none_or(|domain| may_name(host, domain));
        let is_secure = cookie.secure().unwrap_or_default();
        if !is_allowed || (is_secure && url.scheme() != "https") {
            return None;
        }
        let path = cookie.path().filter(|path| path.starts_with('/'));
        Some(Self {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            // A suffix under which others register names keeps its cookies to itself.
            has_subdomains: named.as_ref().is_some_and(|domain| {
                registered_domain_of(&format!("x.{domain}")) == registered_domain_of(domain)
            }),
            domain: named.unwrap_or_else(|| host.to_owned()),
            path: path.unwrap_or_else(|| folder_of(url.path())).to_owned(),
            is_secure,
        })
    }

    fn is_replaced_by(&self, other: &Self) -> bool {
        let names =
            |cookie: &Self| (cookie.name.clone(), cookie.domain.clone(), cookie.path.clone());
        names(self) == names(other)
    }

    fn is_for(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        let is_host = host == self.domain || (self.has_subdomains && is_below(host, &self.domain));
        let rest = url.path().strip_prefix(self.path.as_str());
        let is_path = rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/')
        });
        is_host && is_path && (!self.is_secure || url.scheme() == "https")
    }
}

/// Returns true if `host` may set cookies for `domain`: for itself, for its registered domain,
/// and for the domains between the two.
fn may_name(host: &str, domain: &str) -> bool {
    let registered = registered_domain_of(host);
    let is_within = domain == registered || is_below(domain, &registered);
    domain == host || (is_within && is_below(host, domain))
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Returns the path before its last slash.
fn folder_of(path: &str) -> &str {
    match path.rfind('/') {
        Some(at) if at > 0 => &path[..at],
        _ => "/",
    }
}

/// Returns true if the cookie has expired: a server deletes a cookie in this way.
fn is_over(cookie: &Cookie<'_>, clock: &Clock) -> bool {
    if let Some(age) = cookie.max_age() {
        return !age.is_positive();
    }
    let end = cookie.expires_datetime().map(|end| end.unix_timestamp());
    end.is_some_and(|end| end <= clock.unix_ms() / 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(set: &[(&str, &str)], to: &str) -> Option<String> {
        let cookies = Cookies::default();
        for (url, cookie) in set {
            let headers = [(header::SET_COOKIE, HeaderValue::from_str(cookie).unwrap())];
            let headers = HeaderMap::from_iter(headers);
            cookies.keep(&url.parse().unwrap(), &headers, &Clock::fixed(1_700_000_000_000));
        }
        let header = cookies.header(&to.parse().unwrap())?;
        Some(header.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_cookie_goes_back_to_where_it_is_for() {
        let home = "https://www.a.example/news/1";
        for (cookie, to, goes) in [
            ("s=1", "https://www.a.example/news/2", true),
            ("s=1", "https://www.a.example/", false),
            ("s=1; Path=/", "https://www.a.example/", true),
            ("s=1; Path=/new", "https://www.a.example/news", false),
            ("s=1; Path=/news", "https://www.a.example/news", true),
            ("s=1; Path=/", "https://a.example/", false),
            ("s=1; Path=/; Domain=.A.example", "https://a.example/", true),
            ("s=1; Path=/; Domain=a.example", "https://b.a.example/", true),
            ("s=1; Path=/; Domain=a.example", "https://ba.example/", false),
            ("s=1; Path=/; Domain=example", "https://www.a.example/", false),
            ("s=1; Path=/; Domain=b.example", "https://b.example/", false),
            ("s=1; Path=/; Domain=x.www.a.example", "https://x.www.a.example/", false),
            ("s=1; Path=/; Secure", "http://www.a.example/", false),
            ("s=1; Path=/; Secure", "https://www.a.example/", true),
            ("s=1; Path=/; Max-Age=0", "https://www.a.example/", false),
            ("s=1; Path=/; Expires=Tue, 14 Nov 2000 22:14:00 GMT", "https://www.a.example/", false),
            ("s=1; Path=/; Expires=Tue, 14 Nov 2100 22:14:00 GMT", "https://www.a.example/", true),
            ("nothing", "https://www.a.example/news/", false),
        ] {
            let sent = sent(&[(home, cookie)], to);
            assert_eq!(sent.as_deref(), goes.then_some("s=1"), "{cookie} to {to}");
        }
        assert_eq!(sent(&[("http://a.example/", "s=1; Secure")], "https://a.example/"), None);
    }

    #[test]
    fn a_later_cookie_takes_the_place_of_an_earlier_one() {
        let home = "http://a.example/x/y";
        let set = [(home, "s=1; Path=/"), (home, "t=2"), (home, "s=3; Path=/")];
        assert_eq!(sent(&set, home).as_deref(), Some("t=2; s=3"), "the longest path first");
        let set = [(home, "s=1"), (home, "s=; Max-Age=-1")];
        assert_eq!(sent(&set, home), None);
    }

    #[test]
    fn cookies_are_bounded_in_number_and_length() {
        let home = "http://a.example/";
        let many: Vec<_> =
            (0..200).map(|n| (home, format!("c{n}={}", "x".repeat(1_000)))).collect();
        let many: Vec<_> = many.iter().map(|(url, cookie)| (*url, cookie.as_str())).collect();
        assert!(sent(&many, home).unwrap().len() <= MAX_HEADER_BYTES);
        assert_eq!(sent(&[(home, &format!("s={}", "x".repeat(5_000)))], home), None);
    }
}
