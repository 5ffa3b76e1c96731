//! The leave of a caller over HTTP to use a tool. Over standard input and output there is no caller:
//! whoever started the process may do everything.

use axum::http::request::Parts;
use courant_access::Caller;
use courant_access::table::{self, Need};
use rmcp::RoleServer;
use rmcp::service::RequestContext;

/// The rows of what is no tool.
pub(super) const READING: &str = "resources/read";
pub(super) const COMPLETION: &str = "completion/complete";

/// The caller of an operation that its scopes allow, or that came without one.
pub(super) struct Leave {
    caller: Option<Caller>,
    changes: bool,
    operation: String,
}

impl Leave {
    /// Asks for leave to use `operation`, a tool or one of the rows above.
    ///
    /// # Errors
    /// The scope that the caller lacks, or the wait that its limit asks for, in words.
    pub(super) fn ask(
        operation: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<Self, String> {
        let parts = context.extensions.get::<Parts>();
        let caller = parts.and_then(|parts| parts.extensions.get::<Caller>()).cloned();
        let rule = table::tool(operation);
        // A tool that does not exist is called by its own error.
        let changes = rule.changes && table::tool_row(operation).is_some();
        let leave = Self { caller, changes, operation: operation.to_owned() };
        if let (Some(caller), Need::Scope(scope)) = (&leave.caller, rule.need)
            && table::tool_row(operation).is_some()
            && !caller.principal.may(scope)
        {
            leave.note("forbidden");
            return Err(format!("forbidden: this needs the scope {}", scope.as_str()));
        }
        if let (Some(caller), Need::Scope(scope)) = (&leave.caller, rule.need)
            && let Err(used_up) = caller.take(scope)
        {
            let wait = used_up.wait.as_secs_f64().ceil().max(1.0);
            return Err(format!("overloaded: too many requests; try again in {wait} s"));
        }
        Ok(leave)
    }

    /// Notes a change in the audit.
    pub(super) fn note(&self, result: &str) {
        if let Some(caller) = self.caller.as_ref().filter(|_| self.changes) {
            caller.note(format!("mcp {}", self.operation), "/mcp".to_owned(), result.to_owned());
        }
    }
}
