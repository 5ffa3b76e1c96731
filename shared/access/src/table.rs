//! The table of routes: what a principal needs for each operation over HTTP, gRPC and MCP. What does
//! not stand here needs the scope `admin`.

use crate::scope::Scope;

/// The condition on which an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// None: probes, the description of the interface, the sign-in itself.
    Nothing,
    /// A principal, whatever its scopes: each tool of MCP has its own.
    Principal,
    /// A scope.
    Scope(Scope),
}

/// The row of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The condition.
    pub need: Need,
    /// True if the operation changes something, so that the audit has it.
    pub changes: bool,
}

const fn needs(scope: Scope) -> Rule {
    Rule { need: Need::Scope(scope), changes: false }
}

const fn changes(scope: Scope) -> Rule {
    Rule { need: Need::Scope(scope), changes: true }
}

const OPEN: Rule = Rule { need: Need::Nothing, changes: false };
const PRINCIPAL: Rule = Rule { need: Need::Principal, changes: false };
/// The rule of operations that stand in no table.
const UNKNOWN: Rule = changes(Scope::Admin);

/// Methods and routes of HTTP, as the OpenAPI document has them.
const HTTP: &[(&str, &str, Rule)] = &[
    ("GET", "/healthz", OPEN),
    ("GET", "/readyz", OPEN),
    ("GET", "/metrics", needs(Scope::Metrics)),
    ("GET", "/openapi.json", OPEN),
    ("GET", "/docs", OPEN),
    ("GET", "/opensearch.xml", OPEN),
    ("GET", "/v1/search", needs(Scope::Search)),
    ("GET", "/v1/counts", needs(Scope::Search)),
    ("GET", "/v1/words", needs(Scope::Search)),
    ("GET", "/v1/suggestions", needs(Scope::Search)),
    ("GET", "/v1/feed", needs(Scope::Search)),
    ("POST", "/v1/embed", needs(Scope::Search)),
    ("POST", "/v1/embeddings", needs(Scope::Search)),
    ("GET", "/v1/models", needs(Scope::Search)),
    ("POST", "/v1/classify", needs(Scope::Search)),
    ("GET", "/v1/articles", needs(Scope::Read)),
    ("GET", "/v1/articles/{id}", needs(Scope::Read)),
    ("GET", "/v1/articles/{id}/related", needs(Scope::Read)),
    ("GET", "/v1/articles/{id}/revisions", needs(Scope::Read)),
    ("GET", "/v1/decisions", needs(Scope::Read)),
    ("GET", "/v1/sources", needs(Scope::Read)),
    ("GET", "/v1/sources/{id}", needs(Scope::Read)),
    ("GET", "/v1/feeds", needs(Scope::Read)),
    ("POST", "/v1/articles", changes(Scope::Submit)),
    ("POST", "/v1/articles/stream", changes(Scope::Submit)),
    ("POST", "/v1/sources", changes(Scope::Submit)),
    ("POST", "/v1/sources/opml", changes(Scope::Submit)),
    ("PATCH", "/v1/sources/{id}", changes(Scope::Submit)),
    ("POST", "/v1/sources/{id}/check", changes(Scope::Submit)),
    ("DELETE", "/v1/sources/{id}", changes(Scope::Submit)),
    ("GET", "/v1/events", needs(Scope::Watch)),
    ("GET", "/v1/status", needs(Scope::Watch)),
    ("GET", "/v1/dead-letters", needs(Scope::Watch)),
    ("GET", "/v1/dead-letters/{number}", needs(Scope::Watch)),
    ("POST", "/v1/dead-letters/{number}/replay", changes(Scope::Admin)),
    ("DELETE", "/v1/dead-letters/{number}", changes(Scope::Admin)),
    ("GET", "/v1/configuration", needs(Scope::Admin)),
    ("POST", "/mcp", PRINCIPAL),
    ("GET", "/v1/session", PRINCIPAL),
    ("POST", "/v1/session", OPEN),
    ("DELETE", "/v1/session", PRINCIPAL),
    ("GET", "/sign-in", OPEN),
    ("POST", "/sign-in", OPEN),
    ("POST", "/sign-out", PRINCIPAL),
    ("GET", "/setup", OPEN),
    ("POST", "/setup", OPEN),
    ("GET", "/v1/tokens", needs(Scope::Admin)),
    ("POST", "/v1/tokens", changes(Scope::Admin)),
    ("POST", "/v1/tokens/{id}/rotate", changes(Scope::Admin)),
    ("DELETE", "/v1/tokens/{id}", changes(Scope::Admin)),
    ("GET", "/v1/people", needs(Scope::Admin)),
    ("POST", "/v1/people", changes(Scope::Admin)),
    ("PATCH", "/v1/people/{name}", changes(Scope::Admin)),
    ("DELETE", "/v1/people/{name}", changes(Scope::Admin)),
    ("GET", "/v1/audit", needs(Scope::Admin)),
    ("POST", "/v1/rerank", needs(Scope::Search)),
    ("GET", "/v1/export", needs(Scope::Read)),
    ("DELETE", "/v1/articles/{id}", changes(Scope::Admin)),
    ("POST", "/v1/deletions", changes(Scope::Admin)),
    // The pages of the console. What a page shows is asked for within the process.
    ("GET", "/assets/{name}", OPEN),
    ("GET", "/", needs(Scope::Read)),
    ("GET", "/search", needs(Scope::Read)),
    ("GET", "/articles/{id}", needs(Scope::Read)),
    ("GET", "/articles/{id}/versions", needs(Scope::Read)),
    ("GET", "/names/{kind}/{name}", needs(Scope::Read)),
    ("GET", "/topics/{code}", needs(Scope::Read)),
    ("GET", "/sites/{site}", needs(Scope::Read)),
    ("GET", "/collection", needs(Scope::Read)),
    ("GET", "/collection.md", needs(Scope::Read)),
    ("POST", "/collection/{id}", needs(Scope::Read)),
    ("GET", "/compare", needs(Scope::Read)),
    ("GET", "/wall", needs(Scope::Read)),
    ("GET", "/sources", needs(Scope::Read)),
    ("POST", "/sources", changes(Scope::Submit)),
    ("POST", "/sources/list", changes(Scope::Submit)),
    ("POST", "/sources/page", changes(Scope::Submit)),
    ("POST", "/sources/{id}", changes(Scope::Submit)),
    ("GET", "/pipeline", needs(Scope::Watch)),
    ("POST", "/pipeline/letters/{number}", changes(Scope::Admin)),
    ("GET", "/settings", needs(Scope::Admin)),
    ("POST", "/settings", needs(Scope::Read)),
];

/// Services and methods of gRPC; `*` stands for all methods of a service.
const GRPC: &[(&str, &str, Rule)] = &[
    ("grpc.health.v1.Health", "*", OPEN),
    ("grpc.reflection.v1.ServerReflection", "*", PRINCIPAL),
    ("grpc.reflection.v1alpha.ServerReflection", "*", PRINCIPAL),
    ("courant.v1.Admin", "GetStatus", needs(Scope::Watch)),
    ("courant.v1.Admin", "*", changes(Scope::Admin)),
    ("courant.v1.DeadLetters", "List", needs(Scope::Watch)),
    ("courant.v1.DeadLetters", "Show", needs(Scope::Watch)),
    ("courant.v1.DeadLetters", "*", changes(Scope::Admin)),
    ("courant.v1.Spool", "*", needs(Scope::Watch)),
    ("courant.v1.Submissions", "*", changes(Scope::Submit)),
    ("courant.v1.Encoder", "*", needs(Scope::Search)),
    ("courant.v1.Classifier", "*", needs(Scope::Search)),
    ("courant.v1.Archive", "Search", needs(Scope::Search)),
    ("courant.v1.Archive", "GetArticle", needs(Scope::Read)),
    ("courant.v1.Events", "*", needs(Scope::Watch)),
];

/// Tools of MCP, and its methods that show something.
const TOOLS: &[(&str, Rule)] = &[
    ("search_articles", needs(Scope::Search)),
    ("count_articles", needs(Scope::Search)),
    ("list_facets", needs(Scope::Search)),
    ("compare_outlets", needs(Scope::Search)),
    ("get_article", needs(Scope::Read)),
    ("article_revisions", needs(Scope::Read)),
    ("related_articles", needs(Scope::Read)),
    ("explain_decision", needs(Scope::Read)),
    ("list_sources", needs(Scope::Read)),
    ("add_source", changes(Scope::Submit)),
    ("submit_article", changes(Scope::Submit)),
    ("pipeline_status", needs(Scope::Watch)),
    ("resources/read", needs(Scope::Read)),
    ("completion/complete", needs(Scope::Search)),
];

/// Returns the row of a route of HTTP; `None` if it has none.
pub fn http_row(method: &str, route: &str) -> Option<Rule> {
    let method = if method == "HEAD" { "GET" } else { method };
    let row = HTTP.iter().find(|(of, path, _)| *of == method && *path == route);
    row.map(|(.., rule)| *rule)
}

/// Returns the rule of a request over HTTP. `route` is the matched one, if any: where nothing is,
/// nobody learns so without a principal.
pub fn http(method: &str, route: Option<&str>) -> Rule {
    match route {
        None => PRINCIPAL,
        // Every method arrives at its service, which refuses the others.
        Some("/mcp") => PRINCIPAL,
        Some(route) => http_row(method, route).unwrap_or(UNKNOWN),
    }
}

/// Returns the row of a method of gRPC; `None` if it has none.
pub fn grpc_row(path: &str) -> Option<Rule> {
    let (service, method) = path.trim_start_matches('/').split_once('/')?;
    let of_service = || GRPC.iter().filter(|(name, ..)| *name == service);
    let exact = of_service().find(|(_, name, _)| *name == method);
    let row = exact.or_else(|| of_service().find(|(_, name, _)| *name == "*"));
    row.map(|(.., rule)| *rule)
}

/// Returns the rule of a call over gRPC.
pub fn grpc(path: &str) -> Rule {
    grpc_row(path).unwrap_or(UNKNOWN)
}

/// Returns the row of a tool of MCP; `None` if it has none.
pub fn tool_row(name: &str) -> Option<Rule> {
    TOOLS.iter().find(|(tool, _)| *tool == name).map(|(_, rule)| *rule)
}

/// Returns the rule of a call of a tool of MCP.
pub fn tool(name: &str) -> Rule {
    tool_row(name).unwrap_or(UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_without_a_row_needs_admin_and_counts_as_a_change() {
        assert_eq!(http("PUT", Some("/v1/new")), changes(Scope::Admin));
        assert_eq!(grpc("/courant.v1.New/Do"), changes(Scope::Admin));
        assert_eq!(tool("new_tool"), changes(Scope::Admin));
        assert_eq!(http("GET", None).need, Need::Principal);
    }

    #[test]
    fn the_exact_method_goes_before_all_of_a_service() {
        assert_eq!(grpc("/courant.v1.Admin/GetStatus"), needs(Scope::Watch));
        assert_eq!(grpc("/courant.v1.Admin/Pause"), changes(Scope::Admin));
        assert_eq!(http("HEAD", Some("/v1/search")), needs(Scope::Search));
    }
}
