//! Asks the gate about each request, gives the handler its principal, and notes changes in the audit.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use courant_access::table::{self, Need, Rule};
use courant_access::{Allowance, AuditEntry, Caller, Denial, Gate, Principal};
use courant_api::{ErrorCode, Problem};
use tonic::Status;

use super::outcome::ResponseOutcome;
use super::protocol::Protocol;
use super::request_id::RequestId;
use crate::refusal::Refusal;

/// The address of the client of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// Answers a request that the gate admits, and refuses the others. The handler finds the
/// [`Principal`] and the [`Caller`] in the extensions of the request.
pub(super) async fn check(
    State((gate, protocol)): State<(Gate, Protocol)>,
    mut request: Request,
    next: Next,
) -> Response {
    let rule = rule(&request, protocol);
    let address = request.extensions().get::<ClientAddress>().map(|client| client.0);
    let method = request.method().clone();
    match gate.admit(rule, &method, request.headers(), address) {
        Ok(principal) => {
            let change = rule.changes.then(|| change(&request, protocol, &principal.label()));
            let origin = Origin::of(&request);
            let taken = match rule.need {
                Need::Scope(scope) => gate.take(&principal, &origin.address, scope),
                _ => Ok(None),
            };
            let allowance = match taken {
                Ok(allowance) => allowance,
                Err(used_up) => return too_many(&used_up, protocol),
            };
            request.extensions_mut().insert::<Principal>(principal.clone());
            let caller = Caller::new(gate.clone(), principal, origin.request, origin.address);
            request.extensions_mut().insert(caller);
            let mut response = next.run(request).await;
            if let Some(allowance) = &allowance {
                tell(allowance, response.headers_mut());
            }
            if let Some(entry) = change {
                note(&gate, entry, result(&response, protocol));
            }
            response
        }
        Err(Denial::Missing | Denial::Invalid(_)) if is_page(&request) => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, SIGN_IN)]).into_response()
        }
        Err(denial) => {
            let who = gate.who(request.headers(), address).filter(|_| rule.changes);
            if let Some(who) = who {
                let result = code(&denial).as_str().to_owned();
                note(&gate, change(&request, protocol, &who), result);
            }
            refused(&denial, protocol)
        }
    }
}

/// The page on which people sign in.
const SIGN_IN: &str = "/sign-in";

/// True if a person asks for a page.
fn is_page(request: &Request) -> bool {
    let accepted = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    request.method().is_safe() && accepted.is_some_and(|accept| accept.contains("text/html"))
}

fn rule(request: &Request, protocol: Protocol) -> Rule {
    match protocol {
        Protocol::Http => {
            let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
            table::http(request.method().as_str(), route)
        }
        Protocol::Grpc => table::grpc(request.uri().path()),
    }
}

/// Returns the entry of a change, still without its time and result.
fn change(request: &Request, protocol: Protocol, who: &str) -> AuditEntry {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let path = request.uri().path();
    let what = match protocol {
        Protocol::Http => format!("{} {}", request.method(), route.unwrap_or("unmatched")),
        Protocol::Grpc => path.trim_start_matches('/').to_owned(),
    };
    let Origin { request: id, address } = Origin::of(request);
    AuditEntry {
        at_ms: 0,
        who: who.to_owned(),
        what,
        target: path.chars().take(MAX_PATH_CHARS).collect(),
        result: String::new(),
        request: id,
        address,
    }
}

/// The id of a request, and the address of its client.
struct Origin {
    request: String,
    address: String,
}

impl Origin {
    fn of(request: &Request) -> Self {
        let id = request.extensions().get::<RequestId>();
        let address = request.extensions().get::<ClientAddress>();
        Self {
            request: id.map(|id| id.as_str().to_owned()).unwrap_or_default(),
            address: address.map(|client| client.0.to_string()).unwrap_or_default(),
        }
    }
}

/// The longest path in the audit.
const MAX_PATH_CHARS: usize = 300;

fn note(gate: &Gate, entry: AuditEntry, result: String) {
    gate.audit().note(AuditEntry { at_ms: gate.now_ms(), result, ..entry });
}

fn result(response: &Response, protocol: Protocol) -> String {
    if let Some(problem) = response.extensions().get::<Problem>() {
        return problem.code().as_str().to_owned();
    }
    match ResponseOutcome::of(response, protocol) {
        ResponseOutcome::Answered(_) => "done".to_owned(),
        outcome => outcome.code().to_string(),
    }
}

fn code(denial: &Denial) -> ErrorCode {
    match denial {
        Denial::Missing | Denial::Invalid(_) => ErrorCode::Unauthenticated,
        Denial::Scope(_) | Denial::Csrf => ErrorCode::Forbidden,
    }
}

fn too_many(used_up: &Allowance, protocol: Protocol) -> Response {
    let wait = Duration::from_secs_f64(used_up.wait.as_secs_f64().ceil().max(1.0));
    let detail = format!(
        "too many requests that need the scope {}; try again in {} s",
        used_up.scope.as_str(),
        wait.as_secs()
    );
    let refusal = Refusal::new(ErrorCode::Overloaded, detail).retry_after(wait);
    let mut response = match protocol {
        Protocol::Http => refusal.into_response(),
        Protocol::Grpc => Status::from(refusal).into_http(),
    };
    tell(used_up, response.headers_mut());
    response
}

/// Tells the limit in the fields that the IETF drafts for it.
fn tell(allowance: &Allowance, headers: &mut HeaderMap) {
    let Allowance { scope, burst, window_s, left, wait } = allowance;
    let (scope, wait) = (scope.as_str(), wait.as_secs_f64().ceil());
    let fields = [
        ("ratelimit-policy", format!("\"{scope}\";q={burst};w={window_s}")),
        ("ratelimit", format!("\"{scope}\";r={left};t={wait}")),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

fn refused(denial: &Denial, protocol: Protocol) -> Response {
    let (detail, challenge) = match denial {
        Denial::Missing => ("a token or a session is needed".to_owned(), String::new()),
        Denial::Invalid(why) => {
            ((*why).to_owned(), format!(", error=\"invalid_token\", error_description=\"{why}\""))
        }
        Denial::Scope(scope) => {
            let scope = scope.as_str();
            (
                format!("this needs the scope {scope}"),
                format!(", error=\"insufficient_scope\", scope=\"{scope}\""),
            )
        }
        Denial::Csrf => (
            format!("a change by a session needs its token in {}", courant_access::CSRF_HEADER),
            String::new(),
        ),
    };
    let refusal = Refusal::new(code(denial), detail);
    let mut response = match protocol {
        Protocol::Http => refusal.into_response(),
        Protocol::Grpc => Status::from(refusal).into_http(),
    };
    let challenge = format!("Bearer realm=\"courant\"{challenge}");
    if let Ok(value) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

#[cfg(test)]
mod tests;
