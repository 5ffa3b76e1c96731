//! Refuses forms of other sites. This needs no session: browsers say where a form stands.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use courant_api::ErrorCode;
use courant_service::Refusal;

/// Passes requests that a page of this console makes, or a program that is no browser.
pub(crate) async fn check(request: Request, next: Next) -> Result<Response, Refusal> {
    if is_own(request.headers()) {
        return Ok(next.run(request).await);
    }
    let detail = "forms of other sites change nothing here; open the console and send its own";
    Err(Refusal::new(ErrorCode::OriginNotAllowed, detail))
}

/// Returns true if the browser says so. One that does not say where the form stands names its
/// origin, which must be the host that was asked.
fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return true };
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    authority.is_some() && authority == text(header::HOST.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_the_console_itself_are_taken() {
        let own = |pairs: &[(&'static str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            is_own(&headers)
        };
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("host", "a.example:1"), ("origin", "https://a.example:1")]));
        assert!(own(&[("host", "a.example")]), "no browser");
        assert!(!own(&[("sec-fetch-site", "same-site")]), "another port of this machine");
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("host", "a"), ("origin", "http://a")]));
        assert!(!own(&[("host", "a.example"), ("origin", "null")]));
        assert!(!own(&[("host", "a.example"), ("origin", "http://b.example")]));
    }
}
