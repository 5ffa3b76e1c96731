//! The decision on a request: who sends it, and may they.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use courant_telemetry::Clock;
use http::{HeaderMap, Method, header};

use crate::audit::AuditLog;
use crate::config::{Config, Required, networks};
use crate::keyring::{Keyring, Rejected, equal};
use crate::limit::{Allowance, Limits};
use crate::network::Network;
use crate::principal::{Principal, PrincipalKind};
use crate::scope::{Role, Scope, Scopes};
use crate::secret::TokenText;
use crate::service_token::ServiceToken;
use crate::table::{Need, Rule};

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "courant_session";
/// The header in which a page sends the token of its session along with a change.
pub const CSRF_HEADER: &str = "x-csrf-token";
/// The longest name that a proxy may give.
const MAX_NAME_CHARS: usize = 128;

/// The reason why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It has no credential.
    Missing,
    /// Its credential does not count; the text says why.
    Invalid(&'static str),
    /// It lacks this scope.
    Scope(Scope),
    /// A change by a session without the token of its pages.
    Csrf,
}

/// Decides on requests. Clones share everything.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    required: Required,
    audience: Option<String>,
    keyring: Keyring,
    service_token: Option<ServiceToken>,
    local_token: Option<String>,
    metrics_networks: Vec<Network>,
    proxies: Vec<Network>,
    user_header: String,
    role_header: String,
    /// True once a port beyond loopback is bound: then nothing is open any more.
    is_exposed: AtomicBool,
    limits: Limits,
    audit: AuditLog,
    clock: Clock,
}

impl Gate {
    /// Makes a gate that knows the credentials of `keyring`, and the service token that the
    /// configuration names.
    ///
    /// # Errors
    /// If the file of the service token cannot be read.
    pub fn new(config: &Config, keyring: Keyring, clock: Clock) -> Result<Self, std::io::Error> {
        let service_token = config.service_token_file.as_deref().map(ServiceToken::read);
        Ok(Self::of(config, keyring, service_token.transpose()?, clock))
    }

    /// Makes a gate that knows no credential, and so is open until it is exposed.
    pub fn open() -> Self {
        Self::of(&Config::default(), Keyring::default(), None, Clock::system())
    }

    fn of(
        config: &Config,
        keyring: Keyring,
        service_token: Option<ServiceToken>,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            required: config.required,
            audience: config.audience.clone(),
            keyring,
            service_token,
            local_token: None,
            metrics_networks: networks(&config.metrics_networks),
            proxies: networks(&config.proxy.networks),
            user_header: config.proxy.user_header.to_ascii_lowercase(),
            role_header: config.proxy.role_header.to_ascii_lowercase(),
            is_exposed: AtomicBool::new(false),
            limits: Limits::new(&config.limits),
            audit: AuditLog::default(),
            clock,
        }))
    }

    /// Takes `token` from users of this machine, and sends changes to `audit`. To be called before
    /// the gate is shared; otherwise it has no effect.
    #[must_use]
    pub fn with(mut self, token: Option<String>, audit: AuditLog) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            inner.local_token = token;
            inner.audit = audit;
        }
        self
    }

    /// Returns the log of changes.
    pub fn audit(&self) -> &AuditLog {
        &self.0.audit
    }

    /// Returns the time, Unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.0.clock.unix_ms()
    }

    /// Returns true if something guards the ports: a credential that is known, or a rule that asks
    /// for one.
    pub fn is_guarded(&self) -> bool {
        match self.0.required {
            Required::Always => true,
            Required::Never => false,
            Required::Auto => self.has_credentials(),
        }
    }

    /// Says that a port beyond loopback is bound. From then on `auto` asks for a credential, also
    /// when the last token has gone.
    pub fn expose(&self) {
        self.0.is_exposed.store(true, Ordering::Relaxed);
    }

    /// Returns true if requests need a credential now.
    pub fn is_closed(&self) -> bool {
        let is_exposed = self.0.is_exposed.load(Ordering::Relaxed);
        self.0.required != Required::Never && (is_exposed || self.is_guarded())
    }

    fn has_credentials(&self) -> bool {
        let Inner { keyring, service_token, proxies, .. } = &*self.0;
        service_token.is_some() || !proxies.is_empty() || keyring.guards()
    }

    /// Decides on a request with these headers from `address`.
    ///
    /// # Errors
    /// [`Denial`].
    pub fn admit(
        &self,
        rule: Rule,
        method: &Method,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Principal, Denial> {
        if !self.is_closed() {
            return Ok(self.identify(headers, address).ok().flatten().unwrap_or_else(open));
        }
        let metrics_are_free = rule.need == Need::Scope(Scope::Metrics)
            && address.is_some_and(|from| is_in(&self.0.metrics_networks, from));
        if rule.need == Need::Nothing || metrics_are_free {
            let found = self.identify(headers, address).ok().flatten();
            return Ok(found.unwrap_or_else(stranger));
        }
        let principal = self.identify(headers, address)?.ok_or(Denial::Missing)?;
        if let Some(expected) = &principal.csrf_token
            && !method.is_safe()
            && !headers.get(CSRF_HEADER).is_some_and(|sent| is_text(sent, expected))
            && !is_of_own_page(headers)
        {
            return Err(Denial::Csrf);
        }
        match rule.need {
            Need::Scope(scope) if !principal.may(scope) => Err(Denial::Scope(scope)),
            _ => Ok(principal),
        }
    }

    /// Takes one request of `principal` for an operation of `scope`; `None` without a limit.
    ///
    /// # Errors
    /// The allowance, if it is used up.
    pub fn take(
        &self,
        principal: &Principal,
        address: &str,
        scope: Scope,
    ) -> Result<Option<Allowance>, Allowance> {
        match principal.kind {
            // Agents among themselves have limits on the requests in progress.
            PrincipalKind::Service => Ok(None),
            PrincipalKind::Anyone => self.0.limits.take(address, scope),
            _ => self.0.limits.take(&principal.label(), scope),
        }
    }

    /// Returns the label of the principal of a request, whatever it may do.
    pub fn who(&self, headers: &HeaderMap, address: Option<IpAddr>) -> Option<String> {
        self.identify(headers, address).ok().flatten().map(|principal| principal.label())
    }

    /// Finds the principal of a request; `None` if it has no credential. A token goes before a
    /// session, and that before the word of a proxy.
    fn identify(
        &self,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Option<Principal>, Denial> {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let text = value.to_str().unwrap_or_default();
            let bearer = text.split_once(' ').filter(|(scheme, _)| is_bearer(scheme));
            let (_, token) = bearer.ok_or(Denial::Invalid("the scheme is not Bearer"))?;
            return self.bearer(token.trim()).map(Some);
        }
        if let Some(secret) = session_secret(headers) {
            let session = self.0.keyring.session(secret, self.now_ms());
            return session.map(Some).map_err(|why| Denial::Invalid(session_fault(why)));
        }
        Ok(address.and_then(|address| self.proxied(headers, address)))
    }

    fn bearer(&self, token: &str) -> Result<Principal, Denial> {
        if self.0.service_token.as_ref().is_some_and(|known| known.is(token)) {
            return Ok(Principal::new(PrincipalKind::Service, "agent", Scopes::ALL));
        }
        if self.0.local_token.as_ref().is_some_and(|known| equal(known, token)) {
            return Ok(Principal::new(PrincipalKind::Service, "local", Scopes::ALL));
        }
        let text =
            TokenText::parse(token).ok_or(Denial::Invalid(token_fault(Rejected::Unknown)))?;
        let program = self.0.keyring.program(text, self.0.audience.as_deref(), self.now_ms());
        program.map_err(|why| Denial::Invalid(token_fault(why)))
    }

    fn proxied(&self, headers: &HeaderMap, address: IpAddr) -> Option<Principal> {
        if !is_in(&self.0.proxies, address) {
            return None;
        }
        let named = |header: &str| headers.get(header).and_then(|value| value.to_str().ok());
        let name = named(&self.0.user_header)?.trim();
        if name.is_empty() || name.len() > MAX_NAME_CHARS || name.contains(char::is_control) {
            return None;
        }
        let role = named(&self.0.role_header).and_then(Role::named).unwrap_or(Role::Reader);
        Some(Principal::new(PrincipalKind::Proxied, name, role.scopes()))
    }
}

/// The principal of a request to an open door.
fn open() -> Principal {
    Principal::anyone()
}

/// The principal of a request to an open route of a closed door.
fn stranger() -> Principal {
    Principal::new(PrincipalKind::Anyone, "anyone", Scopes::NONE)
}

fn is_bearer(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("bearer")
}

fn is_in(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// True if a browser says that a page of this very service sent the request: no script can say so.
fn is_of_own_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

fn is_text(value: &http::HeaderValue, expected: &str) -> bool {
    value.to_str().is_ok_and(|sent| equal(sent, expected))
}

/// Returns the secret in the cookie of the session.
pub fn session_secret(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| pair.trim().strip_prefix(SESSION_COOKIE)?.strip_prefix('='))
}

fn token_fault(why: Rejected) -> &'static str {
    match why {
        Rejected::Unknown => "the token is unknown",
        Rejected::Expired => "the token has expired",
        Rejected::Revoked => "the token was revoked",
        Rejected::Audience => "the token is for another service",
    }
}

fn session_fault(why: Rejected) -> &'static str {
    match why {
        Rejected::Expired => "the session has expired; sign in again",
        _ => "the session has ended; sign in again",
    }
}

#[cfg(test)]
mod tests;
