//! Sends one request and reads its answer, within limits. Redirects are reported, not followed:
//! the next hop has its own robots.txt, turn and address check.

use std::error::Error as StdError;
use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use courant_extract::sources::Indexing;
use courant_telemetry::Clock;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Client, Response};
use tokio::time::Instant;
use url::{Host, Position, Url};

use crate::config::{Config, HostPort};
use crate::error::Error;
use crate::outcome::{Ended, Failure, Refusal};
use crate::validators::Validators;
use crate::web::address::{AddressGuard, AddressRefused};
use crate::web::cookies::Cookies;

mod body;
mod gate;

/// The longest HTTP/2 response header, in bytes.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
const ACCEPT: &str = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,\
                      application/feed+json,application/xml;q=0.9,*/*;q=0.5";

/// The codings that this module decodes. The HTTP client decodes none, because servers often
/// name another coding than they use.
const ACCEPT_ENCODING: &str = "gzip, br, zstd";
/// The `Refresh` header of the HTML standard.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Fetcher {
    config: Config,
    clock: Clock,
    guard: AddressGuard,
    /// For hosts that `resolve` maps: any address, plain HTTP.
    mapped: Client,
    /// For all other hosts. It is built when first needed, because it reads the system's
    /// certificates. `None` inside if it cannot be built.
    public: OnceLock<Option<Client>>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// HTTP or HTTPS.
    pub url: &'a Url,
    /// The validators that the server sent with the known copy.
    pub validators: Option<&'a Validators>,
    /// The cookies of this fetch. They are sent, and those of the answer are added.
    pub cookies: Option<&'a Cookies>,
    /// The longest body, in bytes after unpacking.
    pub max_body_bytes: usize,
    /// Cuts a longer body at the limit instead of refusing it.
    pub cut_body: bool,
    /// Waits until the pipeline wants more articles. Pages wait; listings and robots.txt do not.
    pub is_paced: bool,
}

/// The response to a request, by what follows from it.
#[derive(Debug)]
pub(crate) enum FetchResponse {
    /// A document with its body.
    Document(Document),
    /// The known copy is the latest one, and stays so for `fresh_for`.
    NotModified { fresh_for: Duration },
    /// The document is at another URL, permanently or for now.
    Redirect { url: Url, is_permanent: bool },
    /// 429 or 503. `retry_after` is the pause that the server asks for, if it names one.
    Busy { status: StatusCode, retry_after: Option<Duration> },
    /// A bot check blocks the document.
    BotCheck,
    /// Any other status.
    Status(StatusCode),
}

/// A body and the headers that matter.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The address that it was fetched from.
    pub url: Url,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// The validators for the next conditional request.
    pub validators: Validators,
    /// The time for which it stays fresh, by the server's headers.
    pub fresh_for: Duration,
    /// `Refresh`, as sent: it may send readers to another page.
    pub refresh: Option<String>,
    /// True if `X-Robots-Tag` forbids indexing.
    pub noindex: bool,
    /// The body after unpacking.
    pub body: Bytes,
}

impl Fetcher {
    /// Creates a fetcher. Sends no request.
    ///
    /// # Errors
    /// [`Error::Client`] if the HTTP client cannot be built.
    pub(crate) fn new(config: Config, clock: Clock) -> Result<Self, Error> {
        // This fails if the process has a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // All mapped hosts may be one server, so its pool holds more idle connections.
        let mapped = client(&config).pool_max_idle_per_host(config.concurrency);
        let mapped = mapped.tls_certs_only([]).build().map_err(Error::Client)?;
        let guard = AddressGuard::new(&config.allow_networks);
        Ok(Self { config, clock, guard, mapped, public: OnceLock::new() })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// [`Ended::Refused`] if another try is useless; [`Ended::Failed`] if it may succeed.
    pub(crate) async fn fetch(&self, request: Request<'_>) -> Result<FetchResponse, Ended> {
        let limit = Duration::from_secs(self.config.total_timeout_s);
        let deadline = Instant::now() + limit;
        // The deadline is checked inside: a body that it cuts off may be complete enough.
        self.exchange(request, deadline).await
    }

    async fn exchange(
        &self,
        request: Request<'_>,
        deadline: Instant,
    ) -> Result<FetchResponse, Ended> {
        let limit = Duration::from_secs(self.config.header_timeout_s);
        let sent = self.prepare(request)?.send();
        let response = tokio::time::timeout_at(deadline.min(Instant::now() + limit), sent)
            .await
            .map_err(|_| Failure::Timeout)?
            .map_err(|error| why_not_sent(&error))?;
        if let Some(cookies) = request.cookies {
            cookies.keep(request.url, response.headers(), &self.clock);
        }
        self.read(request, response, deadline).await
    }

    fn prepare(&self, request: Request<'_>) -> Result<reqwest::RequestBuilder, Ended> {
        let url = request.url;
        let host = url.host_str().ok_or(Refusal::InvalidUrl)?;
        let mut builder = match self.mapping(host) {
            Some(target) => {
                let path = &url[Position::BeforePath..Position::AfterQuery];
                let authority = &url[Position::BeforeHost..Position::AfterPort];
                self.mapped.get(format!("http://{target}{path}")).header(header::HOST, authority)
            }
            None => {
                self.check_address(url)?;
                self.public_client()?.get(&url[..Position::AfterQuery])
            }
        };
        if let Some(cookies) = request.cookies.and_then(|cookies| cookies.header(url)) {
            builder = builder.header(header::COOKIE, cookies);
        }
        let validators = request.validators;
        if let Some(etag) = validators.and_then(|known| known.etag.as_ref()) {
            builder = builder.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = validators.and_then(|known| known.last_modified.as_ref()) {
            builder = builder.header(header::IF_MODIFIED_SINCE, date);
        }
        Ok(builder)
    }

    fn mapping(&self, host: &str) -> Option<&HostPort> {
        self.config.resolve.get(host).or_else(|| self.config.resolve.get("*"))
    }

    /// Checks an IP address that is written in the URL. The resolver never sees it.
    fn check_address(&self, url: &Url) -> Result<(), Refusal> {
        let allowed = match url.host() {
            Some(Host::Ipv4(address)) => self.guard.allows(address.into()),
            Some(Host::Ipv6(address)) => self.guard.allows(address.into()),
            Some(Host::Domain(_)) => true,
            None => return Err(Refusal::InvalidUrl),
        };
        if allowed { Ok(()) } else { Err(Refusal::PrivateAddress) }
    }

    fn public_client(&self) -> Result<&Client, Failure> {
        let build = || {
            let built = client(&self.config).dns_resolver(self.guard.clone()).build();
            built
                .inspect_err(|error| {
                    let error = error as &dyn StdError;
                    tracing::error!(error, "no HTTPS client: are CA certificates installed?");
                })
                .ok()
        };
        self.public.get_or_init(build).as_ref().ok_or(Failure::Client)
    }

    async fn read(
        &self,
        request: Request<'_>,
        response: Response,
        deadline: Instant,
    ) -> Result<FetchResponse, Ended> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED
            && request.validators.is_some_and(Validators::name_a_version)
        {
            let fresh_for = fresh_for(response.headers(), &self.clock);
            return Ok(FetchResponse::NotModified { fresh_for });
        }
        let is_busy =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if !is_busy && gate::is_bot_check(status, response.headers()) {
            return Ok(FetchResponse::BotCheck);
        }
        if let Some(location) = redirect(status, response.headers()) {
            let target = request.url.join(&location).map_err(|_| Refusal::InvalidUrl)?;
            return Ok(FetchResponse::Redirect { url: target, is_permanent: is_permanent(status) });
        }
        if is_busy {
            let retry_after = retry_after(response.headers(), &self.clock);
            return Ok(FetchResponse::Busy { status, retry_after });
        }
        if status != StatusCode::OK {
            return Ok(FetchResponse::Status(status));
        }
        self.document(request, response, deadline).await.map(FetchResponse::Document)
    }

    async fn document(
        &self,
        request: Request<'_>,
        response: Response,
        deadline: Instant,
    ) -> Result<Document, Ended> {
        let headers = response.headers();
        let mut document = Document {
            url: request.url.clone(),
            content_type: text(headers, header::CONTENT_TYPE),
            validators: Validators {
                etag: text(headers, header::ETAG),
                last_modified: text(headers, header::LAST_MODIFIED),
            },
            fresh_for: fresh_for(headers, &self.clock),
            refresh: text(headers, REFRESH),
            noindex: forbids_indexing(headers, self.config.product()),
            body: Bytes::new(),
        };
        let coding = codings(headers);
        let (limit, may_cut) = (request.max_body_bytes, request.cut_body);
        document.body = body::body(response, limit, may_cut, coding, deadline).await?;
        Ok(document)
    }
}

fn client(config: &Config) -> reqwest::ClientBuilder {
    let accept = [
        (header::ACCEPT, HeaderValue::from_static(ACCEPT)),
        (header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING)),
    ];
    Client::builder()
        .user_agent(&config.user_agent)
        .default_headers(HeaderMap::from_iter(accept))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // A proxy would resolve names itself and bypass the address check.
        .no_proxy()
        .connect_timeout(Duration::from_secs(config.connect_timeout_s))
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .http2_max_header_list_size(MAX_HEADER_BYTES)
}

/// Returns the address in `Location` if the status is a redirect.
fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let moves = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    headers.get(header::LOCATION).filter(|_| moves).map(address_in)
}

fn is_permanent(status: StatusCode) -> bool {
    matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

/// Decodes a header as UTF-8, because servers do not escape letters beyond ASCII. Invalid bytes
/// are percent-encoded.
fn address_in(value: &HeaderValue) -> String {
    let escaped =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let chunks = value.as_bytes().utf8_chunks();
    chunks.map(|chunk| chunk.valid().to_owned() + &escaped(chunk.invalid())).collect()
}

/// Returns the codings of all `Content-Encoding` headers, in the order in which they were applied.
fn codings(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let names: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Returns true if `X-Robots-Tag` forbids indexing to all crawlers or to `product`.
fn forbids_indexing(headers: &HeaderMap, product: &str) -> bool {
    let tags = headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok());
    tags.fold(Indexing::default(), |asked, tag| asked.with_header(tag, product)).noindex
}

/// Returns the time for which an answer stays fresh: `max-age` minus `Age`, else until `Expires`
/// (RFC 9111, section 4.2). Zero if the headers state neither.
fn fresh_for(headers: &HeaderMap, clock: &Clock) -> Duration {
    let directives = headers.get_all(header::CACHE_CONTROL).iter();
    let directives = directives.filter_map(|value| value.to_str().ok());
    let directives: Vec<&str> =
        directives.flat_map(|value| value.split(',')).map(str::trim).collect();
    let is = |name: &str| directives.iter().any(|directive| directive.eq_ignore_ascii_case(name));
    if is("no-cache") || is("no-store") {
        return Duration::ZERO;
    }
    let max_age = directives.iter().find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        let seconds = seconds.trim().trim_matches('"').parse().ok()?;
        name.trim().eq_ignore_ascii_case("max-age").then_some(Duration::from_secs(seconds))
    });
    match max_age {
        Some(max_age) => max_age.saturating_sub(age(headers)),
        None => until(headers, header::EXPIRES, clock).unwrap_or_default(),
    }
}

/// Returns the `Age` header: the time that the answer spent in caches.
fn age(headers: &HeaderMap) -> Duration {
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(age.unwrap_or_default())
}

/// Returns the time until the date in a header; zero if the date has passed.
fn until(headers: &HeaderMap, name: HeaderName, clock: &Clock) -> Option<Duration> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(date.duration_since(clock.now()).try_into().unwrap_or(Duration::ZERO))
}

/// Returns the pause in `Retry-After`, given in seconds or as a date (RFC 9110, section 10.2.3).
fn retry_after(headers: &HeaderMap, clock: &Clock) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = value.parse().ok().map(Duration::from_secs);
    seconds.or_else(|| until(headers, header::RETRY_AFTER, clock))
}

fn why_not_sent(error: &reqwest::Error) -> Ended {
    let mut causes = std::iter::successors(error.source(), |&cause| cause.source());
    if causes.any(|cause| cause.is::<AddressRefused>()) {
        return Refusal::PrivateAddress.into();
    }
    if error.is_timeout() { Failure::Timeout.into() } else { Failure::Connect.into() }
}

#[cfg(test)]
mod tests;
