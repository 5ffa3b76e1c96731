//! Requests of clients that are wrong or hostile, with the answers that they get.

use super::*;

const JSON: &str = "application/json";

/// A request, and the statuses of a good answer to it.
struct Hostile {
    method: &'static str,
    path: String,
    media_type: &'static str,
    body: Vec<u8>,
    statuses: &'static [u16],
}

fn get(path: &str) -> Hostile {
    let (path, body) = (path.to_owned(), Vec::new());
    Hostile { method: "GET", path, media_type: "", body, statuses: &[400] }
}

fn post(path: &str, body: impl Into<Vec<u8>>) -> Hostile {
    let (path, body) = (path.to_owned(), body.into());
    Hostile { method: "POST", path, media_type: JSON, body, statuses: &[400] }
}

impl Hostile {
    fn gets(self, statuses: &'static [u16]) -> Self {
        Self { statuses, ..self }
    }

    fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    fn of_type(self, media_type: &'static str) -> Self {
        Self { media_type, ..self }
    }
}

fn nested(open: &str, close: &str, depth: usize) -> String {
    format!("{}{}", open.repeat(depth), close.repeat(depth))
}

/// Bodies that are no JSON, or no object.
fn malformed() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "{",
        "}",
        "[",
        "null",
        "true",
        "0",
        "-",
        "1e999999",
        "\"",
        "\"\\ud800\"",
        "[]",
        "{,}",
        "{\"url\"}",
        "{\"url\":}",
        "{\"url\":\"\\x\"}",
        "{'url': 'x'}",
        "{\"url\": NaN}",
        "{} {}",
        "\u{feff}{}",
        "{\"url\": \"https://a.example/\", \"url\": \"https://b.example/\"}",
        "<xml/>",
        "url=https://a.example/",
        "{\"__proto__\": {\"admin\": true}}",
        "{\"url\": 99999999999999999999999999999999}",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(b"\xff\xfe{\x00}\x00".to_vec());
    bodies.push(b"{\"url\": \"\xc3\x28\"}".to_vec());
    bodies.push(b"{\"url\": \"https://a.example/\xed\xa0\x80\"}".to_vec());
    bodies.push(vec![0; 64]);
    bodies.push(nested("[", "]", 100_000).into_bytes());
    bodies.push(nested("{\"a\":", "}", 50_000).into_bytes());
    bodies.push(format!("{{\"url\": {}}}", "9".repeat(10_000)).into_bytes());
    bodies
}

/// Values of a member that should be something else.
fn submissions() -> Vec<Hostile> {
    let wrong = [
        ("url", "1"),
        ("url", "null"),
        ("url", "[]"),
        ("url", "{}"),
        ("url", "\"\""),
        ("url", "\"//\""),
        ("url", "\"javascript:alert(1)\""),
        ("url", "\"file:///etc/passwd\""),
        ("url", "\"http://\""),
        ("url", "\"http://[::1\""),
        ("url", "\"http://a b/\""),
        ("url", "\"data:text/html,x\""),
        ("url", "\"\\u0000\""),
        ("title", "7"),
        ("title", "[\"x\"]"),
        ("text", "{}"),
        ("text", "\"\""),
        ("text", "\"\\n\\t \""),
        ("text", "false"),
        ("authors", "\"one\""),
        ("authors", "[1]"),
        ("authors", "[null]"),
        ("tags", "{}"),
        ("tags", "[[\"x\"]]"),
        ("published_at", "\"now\""),
        ("published_at", "\"2026-13-01\""),
        ("published_at", "\"2026-02-30\""),
        ("published_at", "0"),
        ("observed_at", "\"9999-99-99\""),
        ("observed_at", "\"-1\""),
        ("observed_at", "1e30"),
        ("paywalled", "\"yes\""),
        ("paywalled", "1"),
        ("image", "\"javascript:x\""),
        ("language", "[]"),
        ("submission_id", "\"\""),
        ("submission_id", "\"a\\u0000b\""),
        ("unknown", "1"),
        ("$where", "\"1\""),
    ];
    let article = |key: &str, value: &str| {
        let rest = "\"title\": \"A title\", \"text\": \"The council voted on Monday.\"";
        let url = "\"url\": \"https://a.example/1\"";
        match key {
            "url" => format!("{{{rest}, \"url\": {value}}}"),
            "title" | "text" => format!("{{{url}, \"{key}\": {value}}}"),
            _ => format!("{{{url}, {rest}, \"{key}\": {value}}}"),
        }
    };
    wrong.iter().map(|(key, value)| post("/v1/articles", article(key, value))).collect()
}

fn reads() -> Vec<Hostile> {
    let wrong = [
        "search?q=(",
        "search?q=)",
        "search?q=%22",
        "search?q=a+OR",
        "search?q=-",
        "search?q=title:",
        "search?q=date:someday",
        "search?q=date:2026-13",
        "search?q=date:P9999999999999D",
        "search?q=date:9999-01..0001-01",
        "search?q=sentiment:%3Ex",
        "search?q=nothing:x",
        "search?q=has:everything",
        "search?q=decision:maybe",
        "search?q=a&limit=0",
        "search?q=a&limit=-1",
        "search?q=a&limit=1e3",
        "search?q=a&limit=99999999999999999999",
        "search?q=a&limit=ten",
        "search?q=a&limit=",
        "search?q=a&mode=magic",
        "search?q=a&sort=random",
        "search?q=a&cursor=~",
        "search?q=a&cursor=0~r99999999999999999999",
        "search?q=a&cursor=-1~t0",
        "search?q=a&cursor=%00",
        "search?q=a&half_life=P0D",
        "search?q=a&half_life=forever",
        "search?q=a&half_life=-P3D",
        "search?q=a&change=x",
        "search?q=a&change=9223372036854775807",
        "search?q=a&fields=secret",
        "search?q=a&explain=perhaps",
        "search?q=a&langs=en",
        "search?q=a&q=b",
        "search?sort=relevance",
        "counts?facets=everything",
        "counts?interval=second",
        "counts?limit=1001",
        "counts?by=word",
        "counts?q=(",
        "words?q=(",
        "words?q=a&limit=0",
        "suggestions",
        "suggestions?q=a&limit=0",
        "feed?q=(",
        "feed?q=a&format=pdf",
        "feed?q=a&limit=101",
        "events?types=all",
        "events?q=(",
        "events?after=-1",
        "events?q=a&types=entry.decided",
        "decisions",
        "decisions?article=zz",
        "decisions?url=nowhere",
        "decisions?article=12345678&url=https://a.example/",
        "articles",
        "articles?url=",
        "articles?url=%00",
        "articles/x",
        "articles/%00",
        "articles/..%2F..%2Fetc%2Fpasswd",
        "articles/' OR 1=1--",
        "articles/0123456789abcdef0123456789abcdef?as_of=soon",
        "dead-letters?limit=0",
        "dead-letters/x",
        "dead-letters/-1",
        "dead-letters/1e9",
        "sources?limit=0",
        "sources?limit=x",
        "feeds?limit=0",
        "feeds?format=xml",
    ];
    let encoded = |path: &str| format!("/v1/{}", path.replace(' ', "%20").replace('\'', "%27"));
    wrong.iter().map(|path| get(&encoded(path))).collect()
}

fn absent() -> Vec<Hostile> {
    let nothing = |path: &str| get(path).gets(&[404]);
    vec![
        nothing("/v1/articles/0123456789abcdef0123456789abcdef"),
        nothing("/v1/articles/0123456789abcdef0123456789abcdef/related"),
        nothing("/v1/articles/0123456789abcdef0123456789abcdef/revisions"),
        nothing("/v1/dead-letters/1"),
        nothing("/v1/dead-letters/18446744073709551615"),
        nothing("/v1/sources/none").gets(&[400, 404]),
        nothing("/v1/sources/none").by("DELETE").gets(&[400, 404]),
        post("/v1/dead-letters/1/replay", "").gets(&[404]),
        post("/v1/sources/none/check", "").gets(&[400, 404]),
    ]
}

fn bodies() -> Vec<Hostile> {
    let article = r#"{"url": "https://a.example/1", "title": "A", "text": "b"}"#;
    let large = format!("{{\"text\": \"{}\"}}", "x".repeat(2 << 20));
    vec![
        post("/v1/articles", article).of_type("text/plain").gets(&[415]),
        post("/v1/articles", article).of_type("application/xml").gets(&[415]),
        post("/v1/articles", article).of_type("application/x-www-form-urlencoded").gets(&[415]),
        post("/v1/articles", article).of_type("").gets(&[415]),
        post("/v1/articles?wait=-1", article),
        post("/v1/articles?wait=NaN", article),
        post("/v1/articles?wait=1e300", article),
        post("/v1/articles?until=heaven", article),
        post("/v1/articles", large.clone()).gets(&[413]),
        post("/v1/sources", large).gets(&[413]),
        post("/v1/sources", r#"{"url": "gopher://a.example/"}"#),
        post("/v1/sources", r#"{"url": "https://user:secret@a.example/"}"#),
        post("/v1/sources", r#"{"url": "https://a.example/", "tags": "x"}"#),
        post("/v1/sources/opml", "no feeds").of_type("text/x-opml"),
    ]
}

fn all() -> Vec<Hostile> {
    let malformed = malformed();
    let to = |path: &'static str| malformed.iter().map(move |body| post(path, body.clone()));
    let mut all: Vec<Hostile> = to("/v1/articles").chain(to("/v1/sources")).collect();
    all.extend(submissions());
    all.extend(reads());
    all.extend(absent());
    all.extend(bodies());
    all
}

#[tokio::test]
async fn hostile_requests_get_problems_that_say_what_is_wrong() {
    let house = House::new().await;
    let all = all();
    assert!(all.len() >= 150, "{}", all.len());
    let mut wrong = Vec::new();
    for Hostile { method, path, media_type, body, statuses } in all {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let mut request = Request::builder().method(method).uri(&path);
        if !media_type.is_empty() {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let response = house.ask(request.body(Body::from(body)).unwrap()).await;
        let form = response.headers().get(header::CONTENT_TYPE).cloned();
        let (status, problem) = read(response).await;
        let detail = problem["detail"].as_str().unwrap_or_default();
        let is_good = statuses.contains(&status)
            && form.is_some_and(|form| form == "application/problem+json")
            && problem["error"]["code"].is_string()
            && (1..=1_000).contains(&detail.chars().count());
        if !is_good {
            wrong.push(format!("{method} {path} {shown:?}: {status} {problem}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers are not good:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn hostile_messages_get_errors_of_json_rpc() {
    let house = House::new().await;
    for body in malformed() {
        let request = Request::post("/mcp")
            .header(header::CONTENT_TYPE, JSON)
            .header(header::ACCEPT, "application/json, text/event-stream")
            .body(Body::from(body.clone()))
            .unwrap();
        let response = house.ask(request).await;
        let status = response.status().as_u16();
        assert!((400..500).contains(&status), "{status}: {:?}", String::from_utf8_lossy(&body));
    }
}
