//! The one on whose behalf a request is answered.

use crate::scope::{Scope, Scopes};

/// The way by which a principal is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// Nobody asked who it is: the door is open, or the route is.
    Anyone,
    /// A program with a token.
    Program,
    /// A person with a session.
    Person,
    /// An agent, or a user of this machine who may read the data folder.
    Service,
    /// A person whom a reverse proxy names.
    Proxied,
}

/// The one on whose behalf a request is answered. Handlers find it in the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// The way by which it is known.
    pub kind: PrincipalKind,
    /// The name of the person, or the id of the token.
    pub name: String,
    /// The operations that it may use.
    pub scopes: Scopes,
    /// The token that a page sends back with changes, if this is a session.
    pub csrf_token: Option<String>,
}

impl Principal {
    /// Makes a principal that has `scopes`.
    pub fn new(kind: PrincipalKind, name: impl Into<String>, scopes: Scopes) -> Self {
        Self { kind, name: name.into(), scopes, csrf_token: None }
    }

    /// Returns the principal of all requests to an open door.
    pub fn anyone() -> Self {
        Self::new(PrincipalKind::Anyone, "anyone", Scopes::ALL)
    }

    /// Returns true if it may use the operations of `scope`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.allow(scope)
    }

    /// Returns how the audit names it: `token:ID`, `person:NAME`, `proxy:NAME`, `service` or
    /// `anyone`.
    pub fn label(&self) -> String {
        match self.kind {
            PrincipalKind::Anyone => "anyone".to_owned(),
            PrincipalKind::Service => format!("service:{}", self.name),
            PrincipalKind::Program => format!("token:{}", self.name),
            PrincipalKind::Person => format!("person:{}", self.name),
            PrincipalKind::Proxied => format!("proxy:{}", self.name),
        }
    }
}
