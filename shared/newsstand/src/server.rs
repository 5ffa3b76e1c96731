//! The server: many sites behind one address.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::answer::{ResponseContent, endless, plain};
use crate::fault::{Fault, is_meant};
use crate::generated;
use crate::log::{ByteCount, Log, LoggedRequest};
use crate::odd;
use crate::sample::sample;
use crate::site::{Site, SitePage};

/// The time that connections may take to end before they are cut.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// The reasons why a newsstand cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum NewsstandError {
    /// The address is in use, or does not belong to this machine.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// Two sites with one host name.
    #[error("two sites are called {0}")]
    SameHost(String),
    /// No site has this host name.
    #[error("no site is called {0}")]
    UnknownHost(String),
    /// A file of a folder cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file or folder.
        path: std::path::PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A `meta.info` that is not valid.
    #[error("cannot understand {path}")]
    Meta {
        /// The file.
        path: std::path::PathBuf,
        /// The reason, with its place in the file.
        source: serde_json::Error,
    },
    /// A page whose URL has no host.
    #[error("{0:?} is not the URL of a page")]
    Url(String),
}

/// A running server. Dropping it stops it at once; [`Newsstand::stop`] waits.
#[derive(Debug)]
pub struct Newsstand {
    addr: SocketAddr,
    stand: Arc<Stand>,
    serving: JoinHandle<io::Result<()>>,
}

#[derive(Debug, Default)]
struct Stand {
    sites: RwLock<BTreeMap<String, Site>>,
    faults: Mutex<Vec<(String, String, Fault)>>,
    log: Log,
    stop: CancellationToken,
}

/// Serves the bundled sample on `addr`.
///
/// # Errors
/// [`NewsstandError::Listen`] if the address cannot be bound.
pub async fn serve_sample(addr: SocketAddr) -> Result<Newsstand, NewsstandError> {
    Newsstand::start(sample(), addr).await
}

impl Newsstand {
    /// Serves `sites` on `addr`; port 0 takes a free one.
    ///
    /// # Errors
    /// [`NewsstandError`] if two sites share a host, or the address cannot be bound.
    pub async fn start(sites: Vec<Site>, addr: SocketAddr) -> Result<Self, NewsstandError> {
        let mut by_host = BTreeMap::new();
        for site in sites {
            if let Some(other) = by_host.insert(site.host.clone(), site) {
                return Err(NewsstandError::SameHost(other.host));
            }
        }
        let listen = |source| NewsstandError::Listen { addr, source };
        let listener = TcpListener::bind(addr).await.map_err(listen)?;
        let addr = listener.local_addr().map_err(listen)?;
        let stand = Arc::new(Stand { sites: RwLock::new(by_host), ..Stand::default() });
        let app = Router::new().fallback(answer).with_state(stand.clone());
        let stopped = stand.stop.clone().cancelled_owned();
        let serving = tokio::spawn(async {
            axum::serve(listener, app).with_graceful_shutdown(stopped).await
        });
        tracing::info!(%addr, "newsstand is open");
        Ok(Self { addr, stand, serving })
    }

    /// Returns the address at which it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The host names of its sites, sorted.
    pub fn hosts(&self) -> Vec<String> {
        self.stand.sites.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// Returns every request so far, oldest first. Only the latest million is kept.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.stand.log.requests()
    }

    /// Sets a fault for `path` of `host`. A `*` at the end stands for every path with this
    /// prefix. A later fault takes precedence over an earlier one.
    pub fn set_fault(&self, host: &str, path: &str, fault: Fault) {
        let mut faults = self.stand.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.retain(|(of, at, _)| (of.as_str(), at.as_str()) != (host, path));
        faults.push((host.to_owned(), path.to_owned(), fault));
    }

    /// Clears all faults.
    pub fn clear_faults(&self) {
        self.stand.faults.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Replaces the page with the same path by `page`, or adds it.
    ///
    /// # Errors
    /// [`NewsstandError::UnknownHost`].
    pub fn replace_page(&self, host: &str, page: SitePage) -> Result<(), NewsstandError> {
        let mut sites = self.stand.sites.write().unwrap_or_else(PoisonError::into_inner);
        let site =
            sites.get_mut(host).ok_or_else(|| NewsstandError::UnknownHost(host.to_owned()))?;
        site.replace(page);
        Ok(())
    }

    /// Publishes the prepared revisions of the sites, and returns their number.
    pub fn revise(&self) -> usize {
        let mut sites = self.stand.sites.write().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for site in sites.values_mut() {
            for page in std::mem::take(&mut site.revisions) {
                site.replace(page);
                count += 1;
            }
        }
        count
    }

    /// Stops the server. Endless bodies end, and open responses get a few seconds.
    pub async fn stop(mut self) {
        self.stand.stop.cancel();
        if tokio::time::timeout(STOP_TIMEOUT, &mut self.serving).await.is_err() {
            tracing::warn!("newsstand closes on open connections");
        }
    }
}

impl Drop for Newsstand {
    fn drop(&mut self) {
        self.stand.stop.cancel();
        self.serving.abort();
    }
}

async fn answer(
    State(stand): State<Arc<Stand>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let at = Instant::now();
    let host = host_of(&headers, &uri);
    let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let count = ByteCount::default();
    let response = stand.respond(&method, &host, &path, &headers, &count).await;
    let conditional = headers.contains_key(header::IF_NONE_MATCH)
        || headers.contains_key(header::IF_MODIFIED_SINCE);
    let status = response.status().as_u16();
    stand.log.push(LoggedRequest { host, path, status, at, bytes: 0, conditional }, count);
    response
}

/// Without port, lower-case.
fn host_of(headers: &HeaderMap, uri: &Uri) -> String {
    let header = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let host = header.or(uri.host()).unwrap_or_default();
    let has_port =
        host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit()));
    has_port.map_or(host, |(host, _)| host).to_ascii_lowercase()
}

impl Stand {
    async fn respond(
        &self,
        method: &Method,
        host: &str,
        path: &str,
        headers: &HeaderMap,
        count: &ByteCount,
    ) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, "GET and HEAD only\n", count);
        }
        let fault = self.fault(host, path);
        match (fault, self.content(host, path)) {
            (Some(Fault::Endless), _) => endless(self.stop.clone(), count.clone()),
            (Some(Fault::Slow(pause)), content) => {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.stop.cancelled() => {}
                }
                content.map_or_else(
                    |none| none.answer(count),
                    |content| content.answer(headers, count),
                )
            }
            (Some(Fault::Truncated), Ok(content)) => content.truncated(headers, count),
            (Some(Fault::Odd(oddity)), Ok(content)) => {
                odd::answer(oddity, &content, path, headers, count)
            }
            (Some(Fault::Truncated | Fault::Odd(_)) | None, Err(missing)) => missing.answer(count),
            (None, Ok(content)) => content.answer(headers, count),
            (Some(fault), _) => failure(fault, path, count),
        }
    }

    fn fault(&self, host: &str, path: &str) -> Option<Fault> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let meant =
            |(of, pattern, _): &&(String, String, Fault)| of == host && is_meant(pattern, path);
        faults.iter().rev().find(meant).map(|fault| fault.2)
    }

    /// Returns the content that `host` has at `path`.
    fn content(&self, host: &str, path: &str) -> Result<ResponseContent, Missing> {
        let sites = self.sites.read().unwrap_or_else(PoisonError::into_inner);
        let Some(site) = sites.get(host) else {
            return Err(Missing::Host { known: sites.keys().cloned().collect() });
        };
        if let Some(page) = site.page(path) {
            let (content_type, body) = (page.content_type.clone(), page.body.clone());
            return Ok(ResponseContent { content_type, body, last_modified: page.last_modified });
        }
        let path = path.split('?').next().unwrap_or_default();
        let document = generated::document(site, path).ok_or(Missing::Page)?;
        Ok(ResponseContent {
            content_type: document.content_type.to_owned(),
            body: Bytes::from(document.body),
            last_modified: site.last_modified(),
        })
    }
}

/// Why there is nothing to send.
enum Missing {
    Host { known: Vec<String> },
    Page,
}

impl Missing {
    fn answer(&self, count: &ByteCount) -> Response {
        match self {
            Self::Host { known } => {
                let hosts = known.join("\n");
                let text = format!("The sites are chosen by the Host header. They are:\n{hosts}\n");
                plain(StatusCode::MISDIRECTED_REQUEST, &text, count)
            }
            Self::Page => plain(StatusCode::NOT_FOUND, "There is no such page.\n", count),
        }
    }
}

fn failure(fault: Fault, path: &str, count: &ByteCount) -> Response {
    let (status, name, value) = match fault {
        Fault::TooManyRequests { retry_after } => {
            (StatusCode::TOO_MANY_REQUESTS, header::RETRY_AFTER, retry_after.as_secs().to_string())
        }
        Fault::RedirectLoop => (StatusCode::FOUND, header::LOCATION, path.to_owned()),
        Fault::Gone => (StatusCode::GONE, header::CACHE_CONTROL, "no-store".to_owned()),
        Fault::Forbidden => (StatusCode::FORBIDDEN, header::CACHE_CONTROL, "no-store".to_owned()),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, header::CACHE_CONTROL, "no-store".to_owned()),
    };
    let mut response = plain(status, "Out of order.\n", count);
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
    response
}

#[cfg(test)]
mod tests;
