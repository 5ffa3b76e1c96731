use super::*;
use crate::config::ProxyConfig;
use crate::keyring::KeyringContent;
use crate::record::{PersonRecord, SessionRecord, TokenRecord};
use crate::secret::{NewSecret, session_digest};
use crate::table;

const NOW_MS: i64 = 1000;

fn gate(config: &Config, content: KeyringContent) -> Gate {
    let keyring = Keyring::default();
    keyring.replace(content);
    Gate::new(config, keyring, Clock::fixed(NOW_MS)).unwrap()
}

fn program(secret: &NewSecret, scopes: &str) -> KeyringContent {
    let token = TokenRecord {
        id: secret.id.clone(),
        name: "script".into(),
        digest: secret.digest.clone(),
        scopes: Scopes::parse(scopes).unwrap(),
        audience: None,
        created_at_ms: 0,
        expires_at_ms: None,
        revoked_at_ms: None,
        used_at_ms: None,
    };
    KeyringContent { tokens: vec![token], ..KeyringContent::default() }
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let name: http::HeaderName = name.parse().unwrap();
        (name, value.parse().unwrap())
    });
    pairs.collect()
}

fn ask(gate: &Gate, method: &str, route: &str, sent: &[(&str, &str)]) -> Result<String, Denial> {
    let (method, address) = (method.parse().unwrap(), Some([10, 0, 0, 5].into()));
    let rule = table::http(method_name(&method), Some(route));
    gate.admit(rule, &method, &headers(sent), address).map(|principal| principal.label())
}

fn method_name(method: &Method) -> &str {
    method.as_str()
}

#[test]
fn a_door_without_credentials_is_open_until_it_is_exposed() {
    let gate = gate(&Config::default(), KeyringContent::default());
    let dummy = [("authorization", "Bearer sk-dummy")];
    assert_eq!(ask(&gate, "GET", "/v1/search", &[]), Ok("anyone".into()));
    assert_eq!(ask(&gate, "POST", "/v1/embeddings", &dummy), Ok("anyone".into()));
    gate.expose();
    assert_eq!(ask(&gate, "GET", "/v1/search", &[]), Err(Denial::Missing));
    assert_eq!(ask(&gate, "GET", "/readyz", &[]), Ok("anyone".into()));
}

#[test]
fn a_program_does_what_its_scopes_allow() {
    let secret = NewSecret::random();
    let gate = gate(&Config::default(), program(&secret, "search,submit"));
    let bearer = format!("Bearer {}", secret.text);
    let sent = [("authorization", bearer.as_str())];
    let label = format!("token:{}", secret.id);
    assert_eq!(ask(&gate, "GET", "/v1/search", &sent), Ok(label.clone()));
    assert_eq!(ask(&gate, "POST", "/v1/articles", &sent), Ok(label.clone()));
    assert_eq!(ask(&gate, "POST", "/mcp", &sent), Ok(label));
    assert_eq!(ask(&gate, "GET", "/v1/audit", &sent), Err(Denial::Scope(Scope::Admin)));
    assert_eq!(ask(&gate, "GET", "/v1/unheard", &sent), Err(Denial::Scope(Scope::Admin)));
    assert_eq!(ask(&gate, "GET", "/v1/search", &[]), Err(Denial::Missing));
    let basic = [("authorization", "Basic YTpi")];
    assert!(matches!(ask(&gate, "GET", "/v1/search", &basic), Err(Denial::Invalid(_))));
    let wrong = [("authorization", "Bearer courant_a_b")];
    assert_eq!(
        ask(&gate, "GET", "/v1/search", &wrong),
        Err(Denial::Invalid("the token is unknown"))
    );
}

#[test]
fn a_session_changes_nothing_without_the_token_of_its_pages() {
    let person = PersonRecord {
        name: "ann".into(),
        password: String::new(),
        role: Role::Editor,
        created_at_ms: 0,
        generation: 0,
    };
    let session = SessionRecord {
        digest: session_digest("s3cret"),
        person: "ann".into(),
        generation: 0,
        expires_at_ms: NOW_MS + 1,
    };
    let content = KeyringContent {
        people: vec![person],
        sessions: vec![session],
        ..KeyringContent::default()
    };
    let gate = gate(&Config::default(), content);
    let cookie = ("cookie", "theme=dark; courant_session=s3cret");
    assert_eq!(ask(&gate, "GET", "/v1/search", &[cookie]), Ok("person:ann".into()));
    assert_eq!(ask(&gate, "POST", "/v1/sources", &[cookie]), Err(Denial::Csrf));
    let csrf = crate::secret::csrf_token("s3cret");
    let sent = [cookie, (CSRF_HEADER, csrf.as_str())];
    assert_eq!(ask(&gate, "POST", "/v1/sources", &sent), Ok("person:ann".into()));
    let forged = [cookie, (CSRF_HEADER, "0")];
    assert_eq!(ask(&gate, "POST", "/v1/sources", &forged), Err(Denial::Csrf));
    assert_eq!(ask(&gate, "DELETE", "/v1/people/{name}", &sent), Err(Denial::Scope(Scope::Admin)));
    let stranger = ("cookie", "courant_session=other");
    assert!(matches!(ask(&gate, "GET", "/v1/search", &[stranger]), Err(Denial::Invalid(_))));
}

#[test]
fn a_proxy_names_people_only_from_its_network() {
    let proxy = |network: &str| Config {
        proxy: ProxyConfig {
            networks: vec![network.into()],
            user_header: "X-Forwarded-User".into(),
            role_header: "X-Forwarded-Role".into(),
        },
        ..Config::default()
    };
    let sent = [("x-forwarded-user", "ann"), ("x-forwarded-role", "editor")];
    let trusted = gate(&proxy("10.0.0.0/24"), KeyringContent::default());
    assert_eq!(ask(&trusted, "POST", "/v1/sources", &sent), Ok("proxy:ann".into()));
    let reader = [sent[0]];
    assert_eq!(ask(&trusted, "POST", "/v1/sources", &reader), Err(Denial::Scope(Scope::Submit)));
    let other = gate(&proxy("10.9.0.0/24"), KeyringContent::default());
    assert_eq!(ask(&other, "POST", "/v1/sources", &sent), Err(Denial::Missing));
}

#[test]
fn metrics_are_free_on_a_listed_network_and_the_local_token_opens_everything() {
    let config = Config { required: Required::Always, ..Config::default() };
    let gate = gate(&config, KeyringContent::default());
    assert_eq!(ask(&gate, "GET", "/metrics", &[]), Err(Denial::Missing));
    let gate = gate.with(Some("local-token".into()), AuditLog::default());
    let sent = [("authorization", "bearer local-token")];
    assert_eq!(ask(&gate, "DELETE", "/v1/people/{name}", &sent), Ok("service:local".into()));
    let listed = Config { metrics_networks: vec!["10.0.0.0/8".into()], ..config };
    let gate = Gate::new(&listed, Keyring::default(), Clock::fixed(NOW_MS)).unwrap();
    assert_eq!(ask(&gate, "GET", "/metrics", &[]), Ok("anyone".into()));
    assert_eq!(ask(&gate, "GET", "/v1/search", &[]), Err(Denial::Missing));
}
