//! Records as answers and as lines.

use courant_access::{AuditEntry, PersonRecord, Role, Scopes, TokenRecord};
use courant_api::access::{AuditView, PersonView, TokenView};

pub(crate) fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms).unwrap_or_default().to_string()
}

pub(crate) fn words(scopes: Scopes) -> Vec<String> {
    scopes.iter().map(|scope| scope.as_str().to_owned()).collect()
}

pub(crate) fn token_view(token: TokenRecord) -> TokenView {
    TokenView {
        scopes: words(token.scopes),
        id: token.id,
        name: token.name,
        audience: token.audience,
        created_at: time(token.created_at_ms),
        expires_at: token.expires_at_ms.map(time),
        revoked_at: token.revoked_at_ms.map(time),
        used_at: token.used_at_ms.map(time),
    }
}

pub(crate) fn person_view(person: PersonRecord) -> PersonView {
    let role = Role::as_str(person.role).to_owned();
    PersonView { name: person.name, role, created_at: time(person.created_at_ms) }
}

pub(crate) fn audit_view(entry: AuditEntry) -> AuditView {
    let AuditEntry { at_ms, who, what, target, result, request, address } = entry;
    AuditView { at: time(at_ms), who, what, target, result, request, address }
}

/// Returns tokens as lines for people, or as JSON.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn token_lines(tokens: Vec<TokenRecord>, as_json: bool) -> Result<String, serde_json::Error> {
    let views = tokens.into_iter().map(token_view);
    if as_json {
        return Ok(serde_json::to_string_pretty(&views.collect::<Vec<_>>())? + "\n");
    }
    let line = |token: TokenView| {
        let state = match (&token.revoked_at, &token.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "no end".to_owned(),
        };
        let used = token.used_at.unwrap_or_else(|| "never".into());
        let TokenView { id, name, scopes, .. } = token;
        format!("{id}  {}  {state}  used {used}  {name}\n", scopes.join(","))
    };
    Ok(views.map(line).collect())
}

/// Returns entries of the audit as lines for people, or as lines of JSON.
///
/// # Errors
/// If they cannot be written as JSON.
pub fn audit_lines(entries: Vec<AuditEntry>, as_json: bool) -> Result<String, serde_json::Error> {
    let line = |view: AuditView| match as_json {
        true => Ok(serde_json::to_string(&view)? + "\n"),
        false => {
            let AuditView { at, who, what, target, result, .. } = view;
            Ok(format!("{at}  {who}  {result}  {what}  {target}\n"))
        }
    };
    entries.into_iter().map(audit_view).map(line).collect()
}
