//! One request and its answer, within limits. Redirects are reported, not
//! followed: the next hop has its own robots.txt, turn and address check.

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

/// The longest response header of HTTP/2.
const MAX_HEADER_BYTES: u32 = 64 * 1024;
const ACCEPT: &str = "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,\
                      application/feed+json,application/xml;q=0.9,*/*;q=0.5";

/// The codings that are undone here, and not by the HTTP client: servers name others than
/// they use.
const ACCEPT_ENCODING: &str = "gzip, br, zstd";
/// By the HTML standard.
const REFRESH: HeaderName = HeaderName::from_static("refresh");

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Fetcher {
    config: Config,
    clock: Clock,
    guard: AddressGuard,
    /// For hosts of `resolve`: any address, plain HTTP.
    mapped: Client,
    /// For all others. Made when first needed: it reads the system's certificates.
    public: OnceLock<Option<Client>>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// HTTP or HTTPS.
    pub url: &'a Url,
    /// The server's names for the copy at hand.
    pub validators: Option<&'a Validators>,
    /// The cookies of this fetch: sent, and added to.
    pub cookies: Option<&'a Cookies>,
    /// The longest body, unpacked.
    pub max_body_bytes: usize,
    /// Cuts a longer body there instead of refusing it.
    pub cut_body: bool,
    /// Waits for the pipeline's demand: pages do, listings and robots.txt do not.
    pub is_paced: bool,
}

/// An answer.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A body.
    Document(Document),
    /// The copy at hand is the latest, for so long at least.
    NotModified { fresh_for: Duration },
    /// It is elsewhere, for good or for the time being.
    Redirect { url: Url, is_permanent: bool },
    /// 429 or 503: ask again after the pause, if one is named.
    Busy { status: StatusCode, retry_after: Option<Duration> },
    /// A check for robots stands in front of it.
    BotCheck,
    /// Any other status.
    Status(StatusCode),
}

/// A body and what its header said.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// The address that it was fetched from.
    pub url: Url,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// For the next conditional request.
    pub validators: Validators,
    /// The time for which the server calls it fresh.
    pub fresh_for: Duration,
    /// `Refresh`, as sent: the page sends its readers on.
    pub refresh: Option<String>,
    /// Set if `X-Robots-Tag` forbids to index it.
    pub noindex: bool,
    /// Unpacked.
    pub body: Bytes,
}

impl Fetcher {
    /// # Errors
    /// If the HTTP client cannot be built.
    pub(crate) fn new(config: Config, clock: Clock) -> Result<Self, Error> {
        // Fails where a provider is installed already, which is just as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        // All mapped hosts may be one server.
        let mapped = client(&config).pool_max_idle_per_host(config.concurrency);
        let mapped = mapped.tls_certs_only([]).build().map_err(Error::Client)?;
        let guard = AddressGuard::new(&config.allow_networks);
        Ok(Self { config, clock, guard, mapped, public: OnceLock::new() })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// Refused where asking again is of no use, failed where it may be.
    pub(crate) async fn fetch(&self, request: Request<'_>) -> Result<Answer, Ended> {
        let limit = Duration::from_secs(self.config.total_timeout_s);
        let deadline = Instant::now() + limit;
        // The body keeps to the deadline itself: its start may be all that there is.
        self.exchange(request, deadline).await
    }

    async fn exchange(&self, request: Request<'_>, deadline: Instant) -> Result<Answer, Ended> {
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

    /// An address written in the URL is never looked up, so it is checked here.
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
    ) -> Result<Answer, Ended> {
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED
            && request.validators.is_some_and(Validators::name_a_version)
        {
            let fresh_for = fresh_for(response.headers(), &self.clock);
            return Ok(Answer::NotModified { fresh_for });
        }
        let is_busy =
            matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
        if !is_busy && gate::is_bot_check(status, response.headers()) {
            return Ok(Answer::BotCheck);
        }
        if let Some(location) = redirect(status, response.headers()) {
            let target = request.url.join(&location).map_err(|_| Refusal::InvalidUrl)?;
            return Ok(Answer::Redirect { url: target, is_permanent: is_permanent(status) });
        }
        if is_busy {
            let retry_after = retry_after(response.headers(), &self.clock);
            return Ok(Answer::Busy { status, retry_after });
        }
        if status != StatusCode::OK {
            return Ok(Answer::Status(status));
        }
        self.document(request, response, deadline).await.map(Answer::Document)
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
        // A proxy would look names up itself, past the check of addresses.
        .no_proxy()
        .connect_timeout(Duration::from_secs(config.connect_timeout_s))
        .pool_max_idle_per_host(1)
        .pool_idle_timeout(Duration::from_secs(30))
        .http2_max_header_list_size(MAX_HEADER_BYTES)
}

/// The address in `Location`. Servers write letters beyond ASCII as they are.
fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    let moves = matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308);
    headers.get(header::LOCATION).filter(|_| moves).map(address_in)
}

fn is_permanent(status: StatusCode) -> bool {
    matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT)
}

/// UTF-8 as it is; any other byte beyond ASCII as a percent sign and its number.
fn address_in(value: &HeaderValue) -> String {
    let escaped =
        |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let chunks = value.as_bytes().utf8_chunks();
    chunks.map(|chunk| chunk.valid().to_owned() + &escaped(chunk.invalid())).collect()
}

/// All codings that the header names, the first one put on first.
fn codings(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let names: Vec<&str> = values.filter_map(|value| value.to_str().ok()).collect();
    (!names.is_empty()).then(|| names.join(","))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Says if `X-Robots-Tag` forbids it to every crawler, or to this one.
fn forbids_indexing(headers: &HeaderMap, product: &str) -> bool {
    let tags = headers.get_all("x-robots-tag").iter().filter_map(|value| value.to_str().ok());
    tags.fold(Indexing::default(), |asked, tag| asked.with_header(tag, product)).noindex
}

/// The time for which an answer stays fresh by its own word: `max-age` less `Age`, else
/// `Expires` (RFC 9111, section 4.2). Zero where it says nothing.
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

/// The time that caches have kept the answer.
fn age(headers: &HeaderMap) -> Duration {
    let age = headers.get(header::AGE).and_then(|age| age.to_str().ok()?.trim().parse().ok());
    Duration::from_secs(age.unwrap_or_default())
}

/// The time until the date in a header; zero where it has passed.
fn until(headers: &HeaderMap, name: HeaderName, clock: &Clock) -> Option<Duration> {
    let value = headers.get(name)?.to_str().ok()?.trim();
    let date = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(date.duration_since(clock.now()).try_into().unwrap_or(Duration::ZERO))
}

/// Seconds or a date (RFC 9110, section 10.2.3).
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
