use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// A server that sends the same bytes to every connection, and records the requests.
struct Server {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `hangs`: the connection stays open after the answer.
    async fn start(answer: Vec<u8>, hangs: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = asked.clone();
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 8_192];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let text = String::from_utf8_lossy(&request[..length]).to_lowercase();
                notes.lock().unwrap().push(text);
                stream.write_all(&answer).await.unwrap();
                if hangs {
                    open.push(stream);
                }
            }
        });
        Self { address, asked }
    }

    async fn answering(answer: &str) -> Self {
        Self::start(answer.as_bytes().to_vec(), false).await
    }

    fn fetcher(&self) -> Fetcher {
        let resolve = BTreeMap::from([("*".to_owned(), self.address.into())]);
        fetcher(Config { resolve, header_timeout_s: 2, ..Config::default() })
    }

    fn last_request(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap()
    }
}

fn fetcher(config: Config) -> Fetcher {
    Fetcher::new(config, Clock::fixed(1_700_000_000_000)).unwrap()
}

fn request(url: &Url, max_body_bytes: usize) -> Request<'_> {
    Request {
        url,
        validators: None,
        cookies: None,
        max_body_bytes,
        cut_body: false,
        is_paced: false,
    }
}

async fn get(fetcher: &Fetcher, url: &str) -> Result<FetchResponse, Ended> {
    let url = url.parse().unwrap();
    let request = request(&url, 1_000);
    fetcher.fetch(request).await
}

#[tokio::test]
async fn a_mapped_host_is_asked_by_plain_http_under_its_own_name() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: \"7\"\r\nContent-Type: text/html\r\n\r\nhi",
    )
    .await;
    let answer = get(&server.fetcher(), "https://news.example/a?b=c#d").await.unwrap();
    let FetchResponse::Document(document) = answer else { panic!("{answer:?}") };
    assert_eq!(document.url.as_str(), "https://news.example/a?b=c#d");
    assert_eq!(document.body, "hi");
    assert_eq!(document.validators.etag.as_deref(), Some("\"7\""));
    let request = server.last_request();
    assert!(request.starts_with("get /a?b=c http/1.1\r\n"), "{request}");
    assert_eq!(request.matches("host: ").count(), 1, "{request}");
    assert!(request.contains("host: news.example\r\n"), "{request}");
    assert!(request.contains("user-agent: courant/"), "{request}");
    assert!(request.contains("gzip"), "{request}");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let port = server.address.port();
    let closed = fetcher(Config::default());
    for host in ["127.0.0.1", "localhost", "0x7f.1", "[::ffff:127.0.0.1]"] {
        let answer = get(&closed, &format!("http://{host}:{port}/")).await;
        assert_eq!(answer.unwrap_err(), Refusal::PrivateAddress.into(), "{host}");
    }
    assert!(server.asked.lock().unwrap().is_empty());
    let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    let open = fetcher(Config { allow_networks, ..Config::default() });
    let answer = get(&open, &format!("http://localhost:{port}/")).await;
    assert!(matches!(answer, Ok(FetchResponse::Document(_))), "{answer:?}");
}

#[tokio::test]
async fn a_body_is_read_to_its_limit_and_no_further() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000));
    let server = Server::start(endless.into_bytes(), true).await;
    let fetcher = server.fetcher();
    let refused = get(&fetcher, "http://a.example/").await.unwrap_err();
    assert_eq!(refused, Refusal::TooLarge.into());
    let url = "http://a.example/robots.txt".parse().unwrap();
    let request = Request { cut_body: true, ..request(&url, 1_000) };
    let answer = fetcher.fetch(request).await.unwrap();
    assert!(matches!(answer, FetchResponse::Document(document) if document.body.len() == 1_000));
}

#[tokio::test]
async fn what_unpacks_to_more_than_the_limit_is_refused() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b' '; 500_000]).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 1_000, "the packed body is within the limit");
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    let server = Server::start([head.as_bytes(), &packed].concat(), false).await;
    let refused = get(&server.fetcher(), "http://a.example/").await.unwrap_err();
    assert_eq!(refused, Refusal::TooLarge.into());
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_failure() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this").await;
    let failed = get(&server.fetcher(), "http://a.example/").await.unwrap_err();
    assert_eq!(failed, Failure::BrokenBody.into());
}

#[tokio::test]
async fn a_server_that_is_not_there_or_says_nothing_is_a_failure() {
    let server = Server::start(Vec::new(), true).await;
    tokio::time::pause();
    let failed = get(&server.fetcher(), "http://a.example/").await.unwrap_err();
    assert_eq!(failed, Failure::Timeout.into());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let resolve = BTreeMap::from([("*".to_owned(), listener.local_addr().unwrap().into())]);
    drop(listener);
    tokio::time::resume();
    let absent = fetcher(Config { resolve, ..Config::default() });
    let failed = get(&absent, "http://a.example/").await.unwrap_err();
    assert_eq!(failed, Failure::Connect.into());
}

#[tokio::test]
async fn validators_are_sent_and_304_is_understood() {
    let server =
        Server::answering("HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=70\r\n\r\n").await;
    let validators = Validators { etag: Some("\"7\"".into()), last_modified: Some("then".into()) };
    let url = "http://a.example/".parse().unwrap();
    let request = Request { validators: Some(&validators), ..request(&url, 1) };
    let answer = server.fetcher().fetch(request).await.unwrap();
    assert!(
        matches!(answer, FetchResponse::NotModified { fresh_for } if fresh_for == Duration::from_secs(70))
    );
    let request = server.last_request();
    assert!(request.contains("if-none-match: \"7\"\r\nif-modified-since: then\r\n"), "{request}");
}

#[tokio::test]
async fn redirects_are_reported_not_followed() {
    let server = Server::answering("HTTP/1.1 302 Found\r\nLocation: ../c\r\n\r\n").await;
    let answer = get(&server.fetcher(), "https://a.example/a/b").await.unwrap();
    assert!(
        matches!(answer, FetchResponse::Redirect { url, is_permanent: false } if url.as_str() == "https://a.example/c")
    );
    assert_eq!(server.asked.lock().unwrap().len(), 1);
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let clock = Clock::fixed(1_700_000_000_000);
    let after = |value: &'static str| {
        let headers = [(header::RETRY_AFTER, http::HeaderValue::from_static(value))];
        retry_after(&HeaderMap::from_iter(headers), &clock)
    };
    assert_eq!(after("120"), Some(Duration::from_secs(120)));
    assert_eq!(after("Tue, 14 Nov 2023 22:14:00 GMT"), Some(Duration::from_secs(40)));
    assert_eq!(after("Tue, 14 Nov 2000 22:14:00 GMT"), Some(Duration::ZERO));
    assert_eq!(after("soon"), None);
}

#[test]
fn an_answer_is_fresh_for_as_long_as_it_says() {
    let clock = Clock::fixed(1_700_000_000_000);
    let fresh = |headers: &[(&'static str, &'static str)]| {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), http::HeaderValue::from_static(value))
        };
        fresh_for(&headers.iter().map(header).collect(), &clock).as_secs()
    };
    let expires = ("expires", "Tue, 14 Nov 2023 22:14:00 GMT");
    assert_eq!(fresh(&[]), 0);
    assert_eq!(fresh(&[("cache-control", "public, Max-Age=600")]), 600);
    assert_eq!(fresh(&[("cache-control", "max-age=\"600\""), ("age", "100")]), 500);
    assert_eq!(fresh(&[("cache-control", "max-age=60"), ("age", "100")]), 0);
    assert_eq!(fresh(&[expires]), 40);
    assert_eq!(fresh(&[expires, ("cache-control", "max-age=5")]), 5, "max-age goes before");
    assert_eq!(fresh(&[expires, ("cache-control", "no-cache")]), 0);
    assert_eq!(fresh(&[("expires", "0")]), 0);
    assert_eq!(fresh(&[("cache-control", "max-age=many, max-age")]), 0);
}

#[tokio::test]
async fn a_body_that_never_ends_costs_no_more_than_the_total_limit() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nonly this".to_vec();
    let server = Server::start(head, true).await;
    let resolve = BTreeMap::from([("*".to_owned(), server.address.into())]);
    let fetcher = fetcher(Config { resolve, total_timeout_s: 1, ..Config::default() });
    let failed = get(&fetcher, "http://a.example/").await.unwrap_err();
    assert_eq!(failed, Failure::Timeout.into());
}

#[tokio::test]
async fn every_packing_that_is_asked_for_is_understood() {
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    get(&server.fetcher(), "http://a.example/").await.unwrap();
    let request = server.last_request();
    let accepted = request.lines().find_map(|line| line.strip_prefix("accept-encoding: ")).unwrap();
    for packing in ["gzip", "br", "zstd"] {
        assert!(accepted.contains(packing), "{accepted}");
    }
    // "news" in a raw block of RFC 8878, and in an uncompressed one of RFC 7932.
    let zstd = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 4, 0x21, 0, 0, b'n', b'e', b'w', b's'];
    let brotli = [0x8b, 0x01, 0x80, b'n', b'e', b'w', b's', 0x03];
    for (packing, body) in [("zstd", &zstd[..]), ("br", &brotli[..])] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {packing}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let server = Server::start([head.as_bytes(), body].concat(), false).await;
        let answer = get(&server.fetcher(), "http://a.example/").await.unwrap();
        assert!(
            matches!(&answer, FetchResponse::Document(page) if page.body == "news"),
            "{answer:?}"
        );
    }
}

#[test]
fn a_header_may_forbid_indexing() {
    let forbids = |value: &'static str| {
        let headers =
            [(HeaderName::from_static("x-robots-tag"), http::HeaderValue::from_static(value))];
        forbids_indexing(&HeaderMap::from_iter(headers), "Courant")
    };
    assert!(forbids("NoIndex, nofollow"));
    assert!(forbids("none"));
    assert!(!forbids("noarchive"));
    assert!(forbids("courant: noindex"));
    assert!(!forbids("otherbot: noindex"));
}
