//! The caller of a request, for handlers that answer several operations at one route.

use crate::audit::AuditEntry;
use crate::gate::Gate;
use crate::limit::Allowance;
use crate::principal::Principal;
use crate::scope::Scope;

/// The caller of a request. Handlers find it in the request's extensions.
#[derive(Clone)]
pub struct Caller {
    /// The principal.
    pub principal: Principal,
    /// The id of the request.
    pub request: String,
    /// The address of the client, if it came over a network.
    pub address: String,
    gate: Gate,
}

impl Caller {
    /// Names the caller that `gate` has admitted.
    pub fn new(gate: Gate, principal: Principal, request: String, address: String) -> Self {
        Self { principal, request, address, gate }
    }

    /// Takes one request for an operation of `scope`.
    ///
    /// # Errors
    /// The allowance, if it is used up.
    pub fn take(&self, scope: Scope) -> Result<(), Allowance> {
        self.gate.take(&self.principal, &self.address, scope).map(|_| ())
    }

    /// Notes in the audit that it did `what` to `target`.
    pub fn note(&self, what: String, target: String, result: String) {
        let entry = AuditEntry {
            at_ms: self.gate.now_ms(),
            who: self.principal.label(),
            what,
            target,
            result,
            request: self.request.clone(),
            address: self.address.clone(),
        };
        self.gate.audit().note(entry);
    }
}
