//! The section `[crawler]`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use courant_config::{RangeError, Ranged, Ranges, range};
use courant_service::{Agent, Ports};
use courant_sources::Bounds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// 30 days.
const MAX_REVISIT_S: u64 = 30 * 86_400;

/// The crawler's name and ports.
pub const AGENT: Agent = Agent {
    name: "crawler",
    service_name: "courant-crawler",
    ports: Ports { http: 9101, grpc: 9201 },
};

/// The behaviour of the crawler. Limits count per crawler process, except that several
/// crawlers share the sites: no two of them ask one registered domain at a time.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name that servers are told. Its first word, up to a slash, is the name that
    /// robots.txt is asked for. Keep an address in it at which publishers can
    /// find out who calls.
    pub user_agent: String,
    /// The sources where the command line names none: feed or site
    /// URLs, OPML files, URL lists, WARC or JSONL files, folders of HTML.
    pub sources: Vec<String>,
    /// Host name, or `*` for all, to `host:port`. Such a host is fetched from
    /// there by plain HTTP, whatever its URL's scheme; URL and `Host` header
    /// stay as published, and the address may be private.
    #[schemars(with = "BTreeMap<String, String>")]
    pub resolve: BTreeMap<String, HostPort>,
    /// Networks such as `10.0.0.0/8` that may be fetched from although they are
    /// not public. Empty: public addresses only.
    #[schemars(with = "Vec<String>")]
    pub allow_networks: Vec<Network>,
    /// Milliseconds between the end of one request to a registered domain and
    /// the start of the next. A greater `Crawl-delay` takes precedence.
    pub min_delay_ms: u64,
    /// Seconds. A site whose `Crawl-delay` is greater is left alone.
    pub max_crawl_delay_s: u64,
    /// Seconds. A page whose server asks for a longer pause (`Retry-After`)
    /// counts as failed in this round.
    pub max_retry_after_s: u64,
    /// Pages in work at a time, 1 to 4096. One registered domain is never asked
    /// twice at a time. Bounds memory: each may hold `max_body_bytes`.
    pub concurrency: usize,
    /// Seconds until a connection must stand.
    pub connect_timeout_s: u64,
    /// Seconds until the response's header must be there.
    pub header_timeout_s: u64,
    /// Seconds until the whole body must be there.
    pub total_timeout_s: u64,
    /// The longest body, unpacked. Longer pages are refused.
    pub max_body_bytes: usize,
    /// The longest feed, sitemap or home page, unpacked.
    pub max_listing_bytes: usize,
    /// Redirects followed for one page.
    pub max_redirects: usize,
    /// Requests for one page where the server fails, 1 to 10.
    pub max_attempts: u32,
    /// Pages waiting for their turn. Local lists wait for room; pages found on
    /// the web beyond it are refused.
    pub max_queued_pages: usize,
    /// Pages taken from one feed or sitemap per look, newest first.
    pub max_pages_per_source: usize,
    /// Links taken from a home page that offers neither feed nor sitemap.
    pub max_links_per_page: usize,
    /// Feeds taken from one home page.
    pub max_feeds_per_site: usize,
    /// Sitemaps, with those that they name, read for one site.
    pub max_sitemaps_per_site: usize,
    /// Addresses tried for a feed, and as many for a sitemap, where a site names
    /// neither, at its first look; 0 to 12.
    pub max_guesses_per_site: usize,
    /// Milliseconds that reading one page may take, 10 to 600000. A page that takes
    /// longer is refused.
    pub max_page_ms: u64,
    /// Seconds until a feed, sitemap or site is looked at for the second time.
    /// From then on the interval grows by half when nothing changed, and shrinks by
    /// a fifth when something did. `ttl`, `max-age`, `Expires` and `Retry-After`
    /// delay a look further; each look that fails after another doubles the wait.
    pub revisit_interval_s: u64,
    /// Seconds. The shortest interval between two looks.
    pub min_revisit_interval_s: u64,
    /// Seconds, at most 30 days. The longest interval between two looks, whatever
    /// a server asks for and however often it failed.
    pub max_revisit_interval_s: u64,
    /// Seconds. Where the crawl goes on for ever, a page is asked for again no
    /// sooner, unless its feed says that it changed. A single round (`--once`)
    /// asks for every page again.
    pub recheck_after_s: u64,
    /// Seconds for which a store that fails is tried again before the page counts
    /// as failed.
    pub store_patience_s: u64,
    /// Seconds, 5 to 300, that a crawler has a registered domain to itself unless it
    /// renews that. The domains of one that died are taken over after as long, and half
    /// as long again at most. A crawler whose store is away stops after as long.
    pub lease_s: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            user_agent: concat!(
                "Courant/",
                env!("CARGO_PKG_VERSION"),
                " (+",
                env!("CARGO_PKG_REPOSITORY"),
                ")"
            )
            .into(),
            sources: Vec::new(),
            resolve: BTreeMap::new(),
            allow_networks: Vec::new(),
            min_delay_ms: 1_000,
            max_crawl_delay_s: 120,
            max_retry_after_s: 120,
            concurrency: 64,
            connect_timeout_s: 10,
            header_timeout_s: 20,
            total_timeout_s: 60,
            max_body_bytes: 5 * 1024 * 1024,
            // The limit of the sitemap protocol.
            max_listing_bytes: 50 * 1024 * 1024,
            max_redirects: 5,
            max_attempts: 3,
            max_queued_pages: 100_000,
            max_pages_per_source: 10_000,
            max_links_per_page: 200,
            max_feeds_per_site: 10,
            max_sitemaps_per_site: 50,
            max_guesses_per_site: 6,
            max_page_ms: 2_000,
            revisit_interval_s: 900,
            min_revisit_interval_s: 300,
            max_revisit_interval_s: 24 * 3_600,
            recheck_after_s: 6 * 3_600,
            store_patience_s: 60,
            lease_s: 20,
        }
    }
}

impl Config {
    /// Checks every range.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn validate(&self) -> Result<(), RangeError> {
        range::check("crawler", self)
    }

    /// The name that robots.txt knows the crawler by.
    pub fn product(&self) -> &str {
        self.user_agent.split(['/', ' ']).next().unwrap_or_default()
    }

    pub(crate) fn min_delay(&self) -> Duration {
        Duration::from_millis(self.min_delay_ms)
    }

    pub(crate) fn max_page_time(&self) -> Duration {
        Duration::from_millis(self.max_page_ms)
    }

    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            first: Duration::from_secs(self.revisit_interval_s),
            least: Duration::from_secs(self.min_revisit_interval_s),
            most: Duration::from_secs(self.max_revisit_interval_s),
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        let agent = &self.user_agent;
        let is_visible = agent.chars().all(|c| c == ' ' || c.is_ascii_graphic());
        ranges.rule(
            "user_agent",
            format_args!("{agent:?}"),
            "visible ASCII that begins with a product name",
            is_visible && !self.product().is_empty(),
        );
        ranges.within("concurrency", self.concurrency, 1..=4096);
        ranges.within("max_attempts", self.max_attempts, 1..=10);
        ranges.within("max_redirects", self.max_redirects, 0..=50);
        ranges.within("max_body_bytes", self.max_body_bytes, 1024..=1 << 30);
        ranges.within("max_listing_bytes", self.max_listing_bytes, 1024..=1 << 30);
        ranges.within("max_queued_pages", self.max_queued_pages, 1..=10_000_000);
        ranges.within("max_guesses_per_site", self.max_guesses_per_site, 0..=12);
        ranges.within("max_page_ms", self.max_page_ms, 10..=600_000);
        ranges.within("connect_timeout_s", self.connect_timeout_s, 1..=3_600);
        ranges.within("header_timeout_s", self.header_timeout_s, 1..=3_600);
        ranges.within("total_timeout_s", self.total_timeout_s, 1..=3_600);
        ranges.at_least("revisit_interval_s", self.revisit_interval_s, 1);
        let (least, most) = (self.min_revisit_interval_s, self.max_revisit_interval_s);
        let is_shorter = (1..=most).contains(&least);
        ranges.rule("min_revisit_interval_s", least, "1 to max_revisit_interval_s", is_shorter);
        ranges.within("max_revisit_interval_s", most, 1..=MAX_REVISIT_S);
        ranges.within("lease_s", self.lease_s, 5..=300);
    }
}

/// A host name or address with a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPort(String);

/// The text is not `host:port`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not host:port")]
pub struct ParseHostPortError(String);

impl FromStr for HostPort {
    type Err = ParseHostPortError;

    fn from_str(text: &str) -> Result<Self, ParseHostPortError> {
        let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let url = url::Url::parse(&format!("http://{text}/"));
        let is_bare = url.is_ok_and(|url| url.path() == "/" && url.username().is_empty());
        match port {
            Some(_) if is_bare => Ok(Self(text.to_owned())),
            _ => Err(ParseHostPortError(text.chars().take(100).collect())),
        }
    }
}

impl From<std::net::SocketAddr> for HostPort {
    fn from(address: std::net::SocketAddr) -> Self {
        Self(address.to_string())
    }
}

impl TryFrom<String> for HostPort {
    type Error = ParseHostPortError;

    fn try_from(text: String) -> Result<Self, ParseHostPortError> {
        text.parse()
    }
}

impl From<HostPort> for String {
    fn from(target: HostPort) -> Self {
        target.0
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_and_say_who_calls() {
        let config = Config::default();
        assert_eq!(config.validate(), Ok(()));
        assert_eq!(config.product(), "Courant");
        assert!(config.user_agent.contains("https://"), "{}", config.user_agent);
    }

    #[test]
    fn an_unknown_key_and_a_value_out_of_range_are_errors() {
        assert!(serde_json::from_str::<Config>(r#"{"min_dely_ms": 5}"#).is_err());
        let config: Config = serde_json::from_str(r#"{"concurrency": 0}"#).unwrap();
        let message = config.validate().unwrap_err().to_string();
        assert_eq!(message, "crawler.concurrency is 0, but may be 1 to 4096");
        let config = Config { user_agent: "\u{e9}".into(), ..Config::default() };
        assert_eq!(config.validate().unwrap_err().key, "crawler.user_agent");
    }

    #[test]
    fn hosts_are_mapped_to_a_host_and_a_port() {
        for right in ["127.0.0.1:8090", "newsstand:80", "[::1]:8090"] {
            assert!(right.parse::<HostPort>().is_ok(), "{right}");
        }
        for wrong in ["", "newsstand", "http://newsstand:80", "a:b", "a:1/x", "u@a:1", "a:70000"] {
            assert!(wrong.parse::<HostPort>().is_err(), "{wrong}");
        }
    }
}
