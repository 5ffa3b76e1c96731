//! The section `[access]`.

use std::path::PathBuf;

use courant_config::{Ranged, Ranges};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::limit::LimitConfig;
use crate::network::Network;

/// Who may use the ports of a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Which requests need a token or a session: `auto`, as soon as there is a token, a person or
    /// a service token, and always on an address other than loopback; `always`; or `never`.
    pub required: Required,
    /// A file with the token that the agents share, for their metrics and their gRPC. It is read
    /// again when it changes. Whoever sends this token may do everything.
    pub service_token_file: Option<PathBuf>,
    /// The name of this service in tokens that are for one service alone, such as
    /// `https://news.example.com`. A token for another is refused.
    pub audience: Option<String>,
    /// The networks from which `/metrics` is read without a token, as `10.0.0.0/8`.
    pub metrics_networks: Vec<String>,
    /// Hours for which a person stays signed in, 1 to 8760.
    pub session_hours: u32,
    /// Passwords that are checked at a time, 1 to 16. Others wait, and beyond eight times as many
    /// are refused, so that guesses do not slow the pipeline.
    pub password_checks: usize,
    /// Days for which the audit is kept, 1 to 3650.
    pub audit_days: u32,
    /// The most entries of the audit, 1000 to 10,000,000. The oldest are removed first.
    pub audit_entries: u32,
    /// The limits on the rate of requests.
    pub limits: LimitConfig,
    /// A reverse proxy that says who the person is.
    pub proxy: ProxyConfig,
}

/// A reverse proxy that signs people in and names them in a header.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProxyConfig {
    /// The networks of the proxy, as `10.0.0.5`. Its headers count only from there; none: no
    /// header counts.
    pub networks: Vec<String>,
    /// The header with the name of the person, such as `X-Forwarded-User`.
    pub user_header: String,
    /// The header with the role: `reader`, `editor` or `admin`. Empty, or without such a header,
    /// everyone is a reader.
    pub role_header: String,
}

/// The requests that need a token or a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Required {
    /// All, once there is a credential, or on an address other than loopback.
    #[default]
    Auto,
    /// All.
    Always,
    /// None.
    Never,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            required: Required::Auto,
            service_token_file: None,
            audience: None,
            metrics_networks: Vec::new(),
            session_hours: 168,
            password_checks: 1,
            audit_days: 90,
            audit_entries: 100_000,
            limits: LimitConfig::default(),
            proxy: ProxyConfig::default(),
        }
    }
}

impl Ranged for Config {
    fn ranges(&self, ranges: &mut Ranges) {
        ranges.within("session_hours", self.session_hours, 1..=8760);
        ranges.within("password_checks", self.password_checks, 1..=16);
        ranges.within("audit_days", self.audit_days, 1..=3650);
        ranges.within("audit_entries", self.audit_entries, 1000..=10_000_000);
        networks_are_valid(ranges, "metrics_networks", &self.metrics_networks);
        ranges.table("limits", &self.limits);
        ranges.table("proxy", &self.proxy);
    }
}

impl Ranged for ProxyConfig {
    fn ranges(&self, ranges: &mut Ranges) {
        networks_are_valid(ranges, "networks", &self.networks);
        let is_header = |name: &str| name.is_empty() || name.parse::<http::HeaderName>().is_ok();
        let is_named = self.networks.is_empty() || !self.user_header.is_empty();
        let range = "the name of a header, where networks are named";
        let user = &self.user_header;
        ranges.rule("user_header", format_args!("{user:?}"), range, is_header(user) && is_named);
        let role = &self.role_header;
        let range = "the name of a header, or empty";
        ranges.rule("role_header", format_args!("{role:?}"), range, is_header(role));
    }
}

fn networks_are_valid(ranges: &mut Ranges, key: &'static str, networks: &[String]) {
    let valid = networks.iter().all(|network| network.parse::<Network>().is_ok());
    ranges.rule(key, format_args!("{networks:?}"), "networks such as 10.0.0.0/8", valid);
}

/// Reads networks that were checked before.
pub(crate) fn networks(texts: &[String]) -> Vec<Network> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use courant_config::range;

    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_wrong_values_are_named() {
        assert_eq!(range::check("access", &Config::default()), Ok(()));
        let config = Config { metrics_networks: vec!["10/8".into()], ..Config::default() };
        let error = range::check("access", &config).unwrap_err().to_string();
        assert!(error.contains("metrics_networks"), "{error}");
        let networks = vec!["10.0.0.5".to_owned()];
        let proxy = ProxyConfig { networks, ..ProxyConfig::default() };
        let error = range::check("access", &Config { proxy, ..Config::default() }).unwrap_err();
        assert!(error.to_string().contains("user_header"), "{error}");
    }
}
