//! Recognises the answers of services that block robots, by their headers.

use http::{HeaderMap, StatusCode};

/// Returns true if an answer is a bot check, or the refusal of one. A server that only asks for
/// patience (429, 503) is busy, even behind such a service.
pub(super) fn is_bot_check(status: StatusCode, headers: &HeaderMap) -> bool {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let is = |name: &str, words: &[&str]| {
        value(name).is_some_and(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
    };
    if is("cf-mitigated", &["challenge"]) || is("x-amzn-waf-action", &["captcha", "challenge"]) {
        return true;
    }
    let has_captcha = ["x-datadome", "x-sucuri-block", "x-px-block-action"];
    status == StatusCode::FORBIDDEN
        && (is("server", &["ddos-guard"]) || has_captcha.iter().any(|name| value(name).is_some()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn services_that_keep_robots_out_say_so() {
        let check = |status: u16, name: &'static str, value: &'static str| {
            let headers = [(HeaderName::from_static(name), HeaderValue::from_static(value))];
            is_bot_check(StatusCode::from_u16(status).unwrap(), &HeaderMap::from_iter(headers))
        };
        assert!(check(403, "cf-mitigated", "challenge"));
        assert!(check(202, "x-amzn-waf-action", "challenge"));
        assert!(check(403, "server", "DDoS-Guard") && check(403, "x-datadome", "protected"));
        assert!(!check(503, "server", "ddos-guard") && !check(429, "x-datadome", "protected"));
        assert!(!check(200, "server", "ddos-guard") && !check(403, "server", "cloudflare"));
    }
}
